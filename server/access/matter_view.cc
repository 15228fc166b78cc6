#include "server/access/matter_view.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/access/matter_codec.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

// What a row says beside what a snapshot keeps: who did it, and when.
struct Deed {
  absl::Time at;
  std::string officer;
};

// The first of several.
void KeepFirst(const Deed& deed, const base::Uuid& id, std::map<base::Uuid, Deed>* deeds) {
  const auto [place, is_new] = deeds->emplace(id, deed);
  if (!is_new && deed.at < place->second.at) place->second = deed;
}

class ViewBuilder {
 public:
  absl::Status Add(const base::Row& row) {
    HEDUI_ASSIGN_OR_RETURN(const MatterEvent event, DecodeRow(row));
    HEDUI_ASSIGN_OR_RETURN(const std::string officer, OfficerIn(row));
    const Deed deed{row.at, officer};
    if (std::holds_alternative<MatterOpened>(event)) {
      view_.opened_at = row.at;
      view_.opened_by = officer;
    } else if (const auto* changed = std::get_if<StateChanged>(&event)) {
      view_.changes.push_back({changed->to, row.at, officer});
    } else if (std::holds_alternative<Letter>(event)) {
      KeepFirst(deed, row.id, &registered_);
    } else if (const auto* withdrawn = std::get_if<LetterWithdrawn>(&event)) {
      KeepFirst(deed, withdrawn->letter_id, &withdrawn_);
    }
    ApplyEvent(row, event, &snapshot_);
    return absl::OkStatus();
  }

  MatterView Finish() && {
    view_.number = snapshot_.number;
    view_.division = snapshot_.division;
    view_.state = snapshot_.state;
    std::stable_sort(
        view_.changes.begin(), view_.changes.end(),
        [](const StateChangeView& a, const StateChangeView& b) { return a.at < b.at; });
    for (const RegisteredLetter& registered : snapshot_.letters) {
      view_.letters.push_back(ViewOf(registered));
    }
    return std::move(view_);
  }

 private:
  LetterView ViewOf(const RegisteredLetter& registered) const {
    const Letter& letter = registered.letter;
    LetterView view;
    view.number = letter.number;
    view.document = letter.document;
    view.capacity = letter.capacity;
    view.mandate_number = letter.mandate_number;
    view.signature = letter.signature;
    view.signed_day = letter.signed_day;
    view.purposes = letter.purposes;
    view.registered_at = registered.registered_at;
    view.registered_by = registered_.at(registered.id).officer;
    if (const auto found = withdrawn_.find(registered.id); found != withdrawn_.end()) {
      view.revoked_at = found->second.at;
      view.revoked_by = found->second.officer;
    }
    view.live = snapshot_.IsLetterLive(registered.id);
    return view;
  }

  MatterView view_;
  MatterSnapshot snapshot_;
  std::map<base::Uuid, Deed> registered_;  // by the letter's id
  std::map<base::Uuid, Deed> withdrawn_;
};

}  // namespace

absl::StatusOr<MatterView> ReadMatter(const base::RowReader& rows, absl::string_view agency,
                                      absl::string_view matter_number, size_t* rows_read) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<base::Row> all,
                         ReadMatterRows(rows, agency, matter_number));
  if (rows_read != nullptr) *rows_read += all.size();
  ViewBuilder builder;
  for (const base::Row& row : all) HEDUI_RETURN_IF_ERROR(builder.Add(row));
  return std::move(builder).Finish();
}

absl::StatusOr<MatterName> NameOfMatter(const base::Row& row) {
  HEDUI_ASSIGN_OR_RETURN(const MatterEvent event, DecodeRow(row));
  const auto* opened = std::get_if<MatterOpened>(&event);
  if (opened == nullptr) {
    return base::MakeError(absl::StatusCode::kDataLoss, "STORED_BODY",
                           absl::StrCat("row ", row.id.ToString(), " opens no matter"),
                           base::Visibility::kOperator);
  }
  return MatterName{opened->number, opened->division};
}

}  // namespace hedui::access
