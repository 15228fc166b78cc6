#include <vector>

#include "../store/store.h"
#include "planted.h"
#include "server/gather/planted.h"
#include "tests/support/fake_clock.h"
