#include "server/assess/value.h"
