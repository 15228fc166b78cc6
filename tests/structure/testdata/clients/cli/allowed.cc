#include "clients/cpp/client.h"
#include "hedui/v1/common.pb.h"
#include "server/assess/assessment.h"
