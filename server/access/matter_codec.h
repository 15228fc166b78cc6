// Between access's values and the store's rows: bodies are stored.v1 messages. Internal to access.
// Pure functions.
#ifndef HEDUI_SERVER_ACCESS_MATTER_CODEC_H_
#define HEDUI_SERVER_ACCESS_MATTER_CODEC_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/access/matter.h"
#include "server/base/ids.h"
#include "server/base/row.h"

namespace hedui::access {

struct MatterOpened {
  std::string agency;
  std::string number;
  std::string division;
};
struct StateChanged {
  MatterState to;
};
struct LetterWithdrawn {
  base::Uuid letter_id;
};
using MatterEvent = std::variant<MatterOpened, StateChanged, Letter, LetterWithdrawn>;

// The look-up keys, as base/row.h defines them.
base::LookupKey MatterNumberKey(absl::string_view agency, absl::string_view matter_number);
base::LookupKey MatterRowsKey(const base::Uuid& matter);
base::LookupKey LetterKey(absl::string_view agency, absl::string_view letter_number);

// Complete rows; the matter's row has `id` for its matter too.
base::Row MatterRow(const base::Uuid& id, absl::Time at, const MatterOpened& opened,
                    absl::string_view officer);
base::Row StateRow(const base::Uuid& id, const base::Uuid& matter, absl::Time at, MatterState to,
                   absl::string_view officer);
base::Row LetterRow(const base::Uuid& id, const base::Uuid& matter, absl::Time at,
                    absl::string_view agency, const Letter& letter, absl::string_view officer);
base::Row RevocationRow(const base::Uuid& id, const base::Uuid& matter, absl::Time at,
                        const base::Uuid& letter, absl::string_view officer,
                        absl::string_view note);

// DATA_LOSS when the body is not what the row's kind says.
absl::StatusOr<MatterEvent> DecodeRow(const base::Row& row);
// Who made the row so. DATA_LOSS likewise.
absl::StatusOr<std::string> OfficerIn(const base::Row& row);

// What the matter is once a row of it counts; rows may come in any order, and again.
void ApplyEvent(const base::Row& row, const MatterEvent& event, MatterSnapshot* snapshot);

// One matter's rows: it, two changes of state, each letter and its withdrawal; some more for states
// recorded twice by servers of old.
inline constexpr size_t kRowsPerMatterMax = 2 * kLettersPerMatterMax + 64;

// Every row of the matter that its kMatter row is found by. Blocks. NOT_FOUND (MATTER_UNKNOWN);
// DATA_LOSS (MATTER_TWICE, MATTER_TOO_LONG); the store's errors.
absl::StatusOr<std::vector<base::Row>> ReadMatterRows(const base::RowReader& rows,
                                                      absl::string_view agency,
                                                      absl::string_view matter_number);

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_MATTER_CODEC_H_
