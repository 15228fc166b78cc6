#include "adapters/simulated/sim_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::adapters {
namespace {

absl::Status JournalError(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kUnavailable, "JOURNAL",
                         absl::StrCat(what, ": ", std::strerror(errno)),
                         base::Visibility::kOperator);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return JournalError(path);
  return std::unique_ptr<Journal>(new Journal(file));
}

Journal::~Journal() { close(file_); }

absl::Status Journal::Append(absl::string_view line) const {
  const std::string whole = absl::StrCat(line, "\n");
  ssize_t written = 0;
  do {
    written = write(file_, whole.data(), whole.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(whole.size())) return JournalError("write");
  return absl::OkStatus();
}

}  // namespace hedui::adapters
