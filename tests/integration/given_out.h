// What a platform gave out and whom it asked, and so what its store must hold, however often the
// platform was killed or the power failed:
//
//   - each report that was given out is there line for line, and is served again;
//   - the log continues each checkpoint that was given out;
//   - no request has two verifications, no verification two first reports;
//   - each query that a department accepted has its intent in the log, each reading of a report its
//     access entry.
//
// The Note functions are thread-safe; the others are called when nothing else is under way.
#ifndef HEDUI_TESTS_INTEGRATION_GIVEN_OUT_H_
#define HEDUI_TESTS_INTEGRATION_GIVEN_OUT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "clients/cpp/client.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/ledger/hash.h"
#include "server/ledger/trust.h"
#include "server/store/store.h"
#include "tests/integration/departments.h"

namespace hedui::testing {

class GivenOut {
 public:
  // To `agency`. `trust` judges the reports' proofs, and outlives this.
  GivenOut(std::string agency, const ledger::LogTrust* trust);

  // Before the request is sent.
  void NoteAsked(const std::string& request_id);
  // The answer to it.
  void NoteReport(const std::string& request_id, absl::string_view verification_id,
                  const std::string& envelope);
  void NoteQueries(const std::vector<SeenQuery>& queries);

  // Reads reports through the API: those that were not read yet, or all. The first failure ends it.
  enum class Which { kUnread, kAll };
  absl::Status ReadBack(clients::Client& client, const std::string& officer, Which which);

  // Each thing that does not hold of the store, and each by which the platform has contradicted
  // itself. Empty: all is well.
  std::vector<std::string> BreachesIn(const store::Store& store) const;

  size_t requests() const;
  size_t reports() const;
  size_t checkpoints() const;
  size_t intents_seen() const;

 private:
  struct Report {
    std::string verification_id;
    std::string lines_digest;
    base::Uuid report_id;
    uint64_t readings = 0;
  };
  struct Log;

  static Log ReadLog(const store::Store& store, std::vector<std::string>* breaches);
  void CheckCheckpoints(const store::Store& store, std::vector<std::string>* breaches) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckLog(const Log& log, std::vector<std::string>* breaches) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckRequest(const store::Store& store, const std::string& request_id,
                    std::vector<std::string>* breaches) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string agency_;
  const ledger::LogTrust* const trust_;
  mutable base::Mutex mutex_;
  std::set<std::string> asked_ ABSL_GUARDED_BY(mutex_);                   // request ids
  std::map<std::string, Report> reports_ ABSL_GUARDED_BY(mutex_);         // by request id
  std::map<uint64_t, ledger::Hash> checkpoints_ ABSL_GUARDED_BY(mutex_);  // roots by size
  std::map<std::string, uint64_t> intents_ ABSL_GUARDED_BY(mutex_);  // log indexes by intent id
  std::set<std::string> attempts_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> contradictions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_GIVEN_OUT_H_
