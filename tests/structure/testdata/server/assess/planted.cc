#include <grpcpp/grpcpp.h>
#include "hedui/v1/common.pb.h"
#include "server/assess/assessment.h"
#include "server/base/money.h"
