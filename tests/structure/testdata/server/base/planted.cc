#include "server/base/money.h"
#include <google/protobuf/message.h>
#include "server/runtime/event_loop.h"
