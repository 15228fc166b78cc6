// Draws records for people whom a simulation does not list: the same seed, category and number give
// the same records. Pure functions, thread-safe.
#ifndef HEDUI_ADAPTERS_SIMULATED_GENERATOR_H_
#define HEDUI_ADAPTERS_SIMULATED_GENERATOR_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/base/dates.h"

namespace hedui::v1 {
class SourceAnswer;
}

namespace hedui::adapters {

// Well mixed bits of the three; for draws, of no cryptographic worth. The same on every machine.
uint64_t Draw(uint64_t seed, absl::string_view what, absl::string_view whom);

// Adds records of `category` in `asked` to `out`; `data_day` bounds an open period. Categories
// without a generator and people whom the draw leaves with nothing get none.
void GenerateRecords(uint64_t seed, absl::string_view category, absl::string_view number,
                     const base::Period& asked, absl::CivilDay data_day, v1::SourceAnswer* out);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_GENERATOR_H_
