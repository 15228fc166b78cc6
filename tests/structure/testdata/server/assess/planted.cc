#include "server/assess/assessment.h"
#include "server/base/money.h"
#include "hedui/v1/common.pb.h"
#include <grpcpp/grpcpp.h>
