#include "server/store/store.h"

#include "server/ledger/log_repository.h"
#include "server/ledger/log.h"
