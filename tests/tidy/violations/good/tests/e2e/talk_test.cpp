#include "tests/support/seeded_entropy.h"
#include "core/base/clock.h"
