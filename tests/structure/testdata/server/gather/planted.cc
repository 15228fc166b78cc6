#include <vector>

#include "server/gather/planted.h"
#include "planted.h"
#include "../store/store.h"
#include "tests/support/fake_clock.h"
