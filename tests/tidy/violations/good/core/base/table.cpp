// RFC 9420 s.5.1, 7.9: what a table is; the rest is s.7.2.
#include "core/base/internal/table.h"
