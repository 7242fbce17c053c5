#include "core/mls/group.h"
