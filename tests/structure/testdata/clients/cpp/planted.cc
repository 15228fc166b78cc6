#include "server/report/envelope.h"
#include "server/assess/assessment.h"
