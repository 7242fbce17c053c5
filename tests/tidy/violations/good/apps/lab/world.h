#include "apps/demo/village.h"
