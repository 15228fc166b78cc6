#include "server/assess/assessment.h"
#include "server/report/envelope.h"
