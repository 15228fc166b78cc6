// MatterBook's changes: from a request to the rows that make it so.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/access/access_control.h"
#include "server/access/defects.h"
#include "server/access/letter_rules.h"
#include "server/access/matter_book.h"
#include "server/access/matter_codec.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/utf8.h"

namespace hedui::access {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

void CheckOfficerField(const Agency& agency, absl::string_view officer, DefectList* defects) {
  const absl::Status status = CheckOfficer(agency, officer);
  if (!status.ok()) defects->Add("officer", status);
}

// A bug of ours, not the caller's: without its reservation a change could race another.
absl::Status CheckReserved(const MatterBook::Reservation& reservation,
                           const std::vector<std::string>& keys) {
  if (reservation.Holds(keys)) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInternal, "NOT_RESERVED",
                         "a matter was to be changed without its reservation",
                         base::Visibility::kOperator);
}

void CheckDivision(const Agency& agency, const std::string& division, DefectList* defects) {
  if (!base::DivisionLevel(division).has_value()) {
    defects->Add(kInvalid, "division", "DIVISION", "write a division code of six digits");
  } else if (!base::DivisionContains(agency.division, division)) {
    defects->Add(absl::StatusCode::kPermissionDenied, "division", "OUTSIDE_DIVISION",
                 absl::StrCat("lies outside this agency's area ", agency.division));
  }
}

// The drafts as letters, in order; what has defects is left out.
std::vector<std::pair<size_t, Letter>> CheckLetters(const Agency& agency,
                                                    const RegisterRequest& request,
                                                    absl::CivilDay today, DefectList* defects) {
  std::vector<std::pair<size_t, Letter>> letters;
  if (request.letters.empty() || request.letters.size() > kLettersPerCallMax) {
    defects->Add(kInvalid, "letters", "LETTERS", absl::StrCat("1 to ", kLettersPerCallMax));
    return letters;
  }
  for (size_t i = 0; i < request.letters.size(); ++i) {
    const std::string path = absl::StrCat("letters[", i, "]");
    const std::string& number = request.letters[i].number;
    const bool twice =
        !number.empty() &&
        std::any_of(request.letters.begin(),
                    request.letters.begin() + static_cast<std::ptrdiff_t>(i),
                    [&number](const LetterDraft& before) { return before.number == number; });
    if (twice) {
      defects->Add(kInvalid, absl::StrCat(path, ".letter_number"), "LETTER_DUPLICATE",
                   "the same number stands before in this request");
    }
    std::optional<Letter> letter = CheckLetter(request.letters[i], path, agency, today, defects);
    if (letter.has_value() && !twice) letters.emplace_back(i, *std::move(letter));
  }
  return letters;
}

}  // namespace

absl::Time MatterBook::Now() const {
  return absl::FromUnixMillis(absl::ToUnixMillis(clock_->WallNow()));
}

absl::StatusOr<MatterBook::SnapshotPtr> MatterBook::Current(const Agency& agency,
                                                            const std::string& matter_number) {
  const absl::StatusOr<MatterHandle> handle = Load(agency.code, matter_number);
  if (handle.ok()) return (*handle)->Snapshot();
  if (base::ReasonOf(handle.status()) == "MATTER_UNKNOWN") return SnapshotPtr();
  return handle.status();
}

absl::StatusOr<bool> MatterBook::IsLetterNumberTaken(const Agency& agency,
                                                     const Letter& letter) const {
  const auto rows = reader_->Find(LetterKey(agency.code, letter.number), 1);
  if (rows.ok()) return !rows->empty();
  // It stood in a matter that was erased since: a number is given once, for ever.
  if (base::ReasonOf(rows.status()) == "MATTER_ERASED") return true;
  return rows.status();
}

absl::StatusOr<std::vector<Letter>> MatterBook::NewLetters(const Agency& agency,
                                                           const RegisterRequest& request,
                                                           const MatterSnapshot* matter) const {
  DefectList defects;
  CheckOfficerField(agency, request.officer, &defects);
  CheckIdentifier(request.matter_number, "matter_number", &defects);
  CheckDivision(agency, request.division, &defects);
  if (matter != nullptr && matter->state == MatterState::kClosed) {
    defects.Add(absl::StatusCode::kFailedPrecondition, "matter_number", "MATTER_CLOSED",
                "the matter is closed; open another under a number of its own");
  }
  if (matter != nullptr && matter->division != request.division) {
    defects.Add(absl::StatusCode::kAlreadyExists, "division", "MATTER_CONFLICT",
                absl::StrCat("the matter is registered at ", matter->division));
  }
  std::vector<Letter> added;
  for (auto& [index, letter] : CheckLetters(agency, request, base::CivilDayOf(Now()), &defects)) {
    const RegisteredLetter* known = matter == nullptr ? nullptr : matter->FindLetter(letter.number);
    if (known != nullptr && known->letter == letter) continue;
    bool conflict = known != nullptr;
    if (!conflict) {
      HEDUI_ASSIGN_OR_RETURN(conflict, IsLetterNumberTaken(agency, letter));
    }
    if (conflict) {
      defects.Add(absl::StatusCode::kAlreadyExists,
                  absl::StrCat("letters[", index, "].letter_number"), "LETTER_CONFLICT",
                  "a letter with other content, or of another matter, has this number");
    } else {
      added.push_back(std::move(letter));
    }
  }
  if (matter != nullptr && matter->letters.size() + added.size() > kLettersPerMatterMax) {
    defects.Add(absl::StatusCode::kFailedPrecondition, "letters", "LETTERS_PER_MATTER",
                absl::StrCat("a matter has at most ", kLettersPerMatterMax));
  }
  HEDUI_RETURN_IF_ERROR(defects.ToStatus());
  return added;
}

absl::StatusOr<MatterBook::Change> MatterBook::PrepareRegister(const Agency& agency,
                                                               const RegisterRequest& request,
                                                               Reservation reservation) {
  HEDUI_RETURN_IF_ERROR(CheckReserved(reservation, KeysOf(agency.code, request)));
  HEDUI_ASSIGN_OR_RETURN(const SnapshotPtr matter, Current(agency, request.matter_number));
  HEDUI_ASSIGN_OR_RETURN(const std::vector<Letter> letters,
                         NewLetters(agency, request, matter.get()));
  Change change;
  change.reservation = std::move(reservation);
  change.cache_key = CacheKey(agency.code, request.matter_number);
  change.state = matter == nullptr ? MatterState::kOpen : matter->state;
  change.letters_added = static_cast<int>(letters.size());
  const absl::Time now = Now();
  const base::Uuid id = matter == nullptr ? ids_->NextId(now) : matter->id;
  if (matter == nullptr) {
    change.rows.push_back(MatterRow(id, now, {agency.code, request.matter_number, request.division},
                                    request.officer));
  }
  for (const Letter& letter : letters) {
    change.rows.push_back(
        LetterRow(ids_->NextId(now), id, now, agency.code, letter, request.officer));
  }
  return change;
}

absl::StatusOr<MatterBook::Change> MatterBook::PrepareRevoke(const Agency& agency,
                                                             const RevokeRequest& request,
                                                             Reservation reservation) {
  HEDUI_RETURN_IF_ERROR(CheckReserved(reservation, KeysOf(agency.code, request.matter_number)));
  DefectList defects;
  CheckOfficerField(agency, request.officer, &defects);
  CheckIdentifier(request.matter_number, "matter_number", &defects);
  CheckIdentifier(request.letter_number, "letter_number", &defects);
  if (request.note.size() > kNoteBytesMax || !base::IsUtf8(request.note)) {
    defects.Add(kInvalid, "note", "NOTE",
                absl::StrCat("at most ", kNoteBytesMax, " bytes of UTF-8"));
  }
  HEDUI_ASSIGN_OR_RETURN(const SnapshotPtr matter, Current(agency, request.matter_number));
  const RegisteredLetter* letter =
      matter == nullptr ? nullptr : matter->FindLetter(request.letter_number);
  if (matter == nullptr) {
    defects.Add(absl::StatusCode::kNotFound, "matter_number", "MATTER_UNKNOWN",
                "this agency has registered no matter of this number");
  } else if (letter == nullptr) {
    defects.Add(absl::StatusCode::kNotFound, "letter_number", "LETTER_UNKNOWN",
                "the matter has no letter of this number");
  }
  HEDUI_RETURN_IF_ERROR(defects.ToStatus());
  Change change;
  change.reservation = std::move(reservation);
  change.cache_key = CacheKey(agency.code, request.matter_number);
  change.state = matter->state;
  const auto before = matter->revocations.find(letter->id);
  if (before != matter->revocations.end()) {
    change.revoked_at = before->second;
    return change;
  }
  change.revoked_at = Now();
  change.rows.push_back(RevocationRow(ids_->NextId(change.revoked_at), matter->id,
                                      change.revoked_at, letter->id, request.officer,
                                      request.note));
  return change;
}

absl::StatusOr<MatterBook::Change> MatterBook::PrepareMonitor(const Agency& agency,
                                                              const StateRequest& request,
                                                              Reservation reservation) {
  return PrepareState(agency, request, MatterState::kMonitored, std::move(reservation));
}

absl::StatusOr<MatterBook::Change> MatterBook::PrepareClose(const Agency& agency,
                                                            const StateRequest& request,
                                                            Reservation reservation) {
  return PrepareState(agency, request, MatterState::kClosed, std::move(reservation));
}

absl::StatusOr<MatterBook::Change> MatterBook::PrepareState(const Agency& agency,
                                                            const StateRequest& request,
                                                            MatterState to,
                                                            Reservation reservation) {
  HEDUI_RETURN_IF_ERROR(CheckReserved(reservation, KeysOf(agency.code, request.matter_number)));
  DefectList defects;
  CheckOfficerField(agency, request.officer, &defects);
  CheckIdentifier(request.matter_number, "matter_number", &defects);
  HEDUI_ASSIGN_OR_RETURN(const SnapshotPtr matter, Current(agency, request.matter_number));
  if (matter == nullptr) {
    defects.Add(absl::StatusCode::kNotFound, "matter_number", "MATTER_UNKNOWN",
                "this agency has registered no matter of this number");
  } else if (matter->state > to) {
    defects.Add(absl::StatusCode::kFailedPrecondition, "matter_number", "MATTER_CLOSED",
                "the matter is closed; it cannot be opened again");
  }
  HEDUI_RETURN_IF_ERROR(defects.ToStatus());
  Change change;
  change.reservation = std::move(reservation);
  change.cache_key = CacheKey(agency.code, request.matter_number);
  change.state = to;
  if (matter->state == to) return change;
  const absl::Time now = Now();
  change.rows.push_back(StateRow(ids_->NextId(now), matter->id, now, to, request.officer));
  return change;
}

}  // namespace hedui::access
