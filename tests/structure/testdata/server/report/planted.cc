#include "server/match/facts.h"

#include "server/assess/assessment.h"
// What assessment.h itself shows may be named.
#include "server/assess/value.h"
#include "server/assess/engine.h"
