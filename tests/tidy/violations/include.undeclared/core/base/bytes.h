#include "core/wire/reader.h"
