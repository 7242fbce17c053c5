#include <random>
#include "core/base/clock.h"
#include "tests/support/seeded_entropy.h"
TEST(Clock, Ticks) {}
