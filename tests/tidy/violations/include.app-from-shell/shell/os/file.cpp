#include "apps/cairn/config.h"
