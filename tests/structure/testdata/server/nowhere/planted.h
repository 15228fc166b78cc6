#include "server/base/money.h"
