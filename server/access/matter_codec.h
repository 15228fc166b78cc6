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

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_MATTER_CODEC_H_
