#include "apps/lab/legacy/rsa.h"
