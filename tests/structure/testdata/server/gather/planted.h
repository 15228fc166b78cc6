#include "adapters/source_adapter.h"
