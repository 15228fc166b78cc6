#include "server/access/register.h"
#include "server/verify_flow.h"
#include "server/gather/gatherer.h"
