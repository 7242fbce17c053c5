#include "shell/os/file.h"
