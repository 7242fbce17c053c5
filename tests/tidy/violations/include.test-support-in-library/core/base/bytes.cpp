#include "tests/support/seeded_entropy.h"
