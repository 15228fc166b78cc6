// The note a simulated department makes of each query it accepts, before it answers: so that tests
// can check that whatever a department saw has its intent in the log.
//
// Thread-safe. A line is one write to a file opened for appending: it is whole or not there, also
// after a kill of this process (not of the machine: nothing is synced).
#ifndef HEDUI_ADAPTERS_SIMULATED_SIM_JOURNAL_H_
#define HEDUI_ADAPTERS_SIMULATED_SIM_JOURNAL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::adapters {

class Journal {
 public:
  // Creates the file when it is missing. UNAVAILABLE (JOURNAL).
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // `line` without its end. UNAVAILABLE (JOURNAL).
  absl::Status Append(absl::string_view line) const;

 private:
  explicit Journal(int file) : file_(file) {}
  const int file_;
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_SIM_JOURNAL_H_
