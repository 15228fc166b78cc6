#include <google/protobuf/message.h>
#include "server/base/money.h"
#include "server/runtime/event_loop.h"
