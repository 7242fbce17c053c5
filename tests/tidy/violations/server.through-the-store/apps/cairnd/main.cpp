#include "shell/store/sqlite.h"
