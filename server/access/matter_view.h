// A matter as it is shown to its agency: its states and letters, when and by which officer each
// came to be. Whom a letter is about is left out. The agency registered the letters under numbers
// of its own and knows; and what is not shown is no access to personal data that would have to be
// logged.
//
// Values are thread-compatible; functions block on the store.
#ifndef HEDUI_SERVER_ACCESS_MATTER_VIEW_H_
#define HEDUI_SERVER_ACCESS_MATTER_VIEW_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/access/matter.h"
#include "server/base/row.h"

namespace hedui::access {

struct LetterView {
  std::string number;
  LetterDocument document = LetterDocument::kAuthorization;
  SignerCapacity capacity = SignerCapacity::kSelf;
  std::string mandate_number;
  SignatureKind signature = SignatureKind::kHandwritten;
  absl::CivilDay signed_day;
  std::vector<std::string> purposes;
  absl::Time registered_at;
  std::string registered_by;
  std::optional<absl::Time> revoked_at;  // the first withdrawal
  std::string revoked_by;                // of that
  bool live = false;                     // MatterSnapshot::IsLetterLive
};

struct StateChangeView {
  MatterState state = MatterState::kOpen;
  absl::Time at;
  std::string officer;
};

struct MatterView {
  std::string number;
  std::string division;
  MatterState state = MatterState::kOpen;
  absl::Time opened_at;
  std::string opened_by;
  std::vector<StateChangeView> changes;  // in the order of their time
  std::vector<LetterView> letters;       // in the order they were registered
};

// NOT_FOUND (MATTER_UNKNOWN); the store's errors. `rows_read`, where given, counts the rows.
absl::StatusOr<MatterView> ReadMatter(const base::RowReader& rows, absl::string_view agency,
                                      absl::string_view matter_number, size_t* rows_read = nullptr);

// What a kMatter row says.
struct MatterName {
  std::string number;
  std::string division;
};
absl::StatusOr<MatterName> NameOfMatter(const base::Row& row);

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_MATTER_VIEW_H_
