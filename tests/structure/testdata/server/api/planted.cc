#include "server/access/register.h"
#include "server/gather/gatherer.h"
#include "server/verify_flow.h"
