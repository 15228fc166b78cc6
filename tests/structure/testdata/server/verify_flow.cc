#include "server/gather/gatherer.h"
#include "server/match/facts.h"
