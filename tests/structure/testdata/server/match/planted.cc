#include "server/base/answer.h"

#include "server/base/clock.h"
  #  include "server/assess/case.h"
// #include "server/store/store.h" in a comment is no include
