#include "core/base/internal/table.h"
