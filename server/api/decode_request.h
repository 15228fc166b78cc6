// From the wire's messages to domain values, every defect listed at once with its field's path.
// Pure.
#ifndef HEDUI_SERVER_API_DECODE_REQUEST_H_
#define HEDUI_SERVER_API_DECODE_REQUEST_H_

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/common.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/api/rich_status.h"
#include "server/base/identity.h"
#include "server/verify_flow.h"

namespace hedui::api {

// Nobody mends more defects at once, and details travel in trailers; past it only their being more
// is noted.
inline constexpr size_t kViolationsMax = 50;
// How far the days of a case may lie from today. Ten years back holds every objection; past that a
// request would ask registers for decades that no purpose needs.
inline constexpr int kCaseYearsBackMax = 10;
inline constexpr int kCaseYearsAheadMax = 1;

// Collects defects under a path. A decoder goes on after a defect with whatever default stands
// there.
class Violations {
 public:
  void Add(absl::string_view field, absl::string_view description);
  const std::vector<Violation>& all() const { return all_; }
  absl::Status AsStatus() const { return InvalidRequest(all_); }

 private:
  std::vector<Violation> all_;
};

// Enum values of the wire and of base have the same numbers; what the generated code does not know,
// and the zero of "not given", is a defect and leaves `decoded` as it is. False then.
template <typename Enum>
bool DecodeEnum(int value, bool known, absl::string_view path, Enum* decoded,
                Violations* violations) {
  if (value == 0) {
    violations->Add(path, "is required");
  } else if (!known) {
    violations->Add(path, absl::StrCat("has the unknown value ", value));
  } else {
    *decoded = static_cast<Enum>(value);
    return true;
  }
  return false;
}

base::Record DecodeRecord(const v1::Record& record, const std::string& path,
                          Violations* violations);
base::Identity DecodeIdentity(const v1::Identity& identity, absl::string_view path,
                              Violations* violations);
// Required: an empty text is a defect.
absl::CivilDay DecodeDay(absl::string_view text, absl::string_view path, Violations* violations);
std::optional<absl::CivilDay> DecodeOptionalDay(absl::string_view text, absl::string_view path,
                                                Violations* violations);
// Required, at most base::kIdentifierBytesMax bytes, no control characters.
std::string DecodeIdentifier(absl::string_view text, absl::string_view path,
                             Violations* violations);
// Six digits that name a division on `day`.
std::string DecodeDivision(absl::string_view code, absl::CivilDay day, absl::string_view path,
                           Violations* violations);

// Everything but agency, bytes and timeout; what has violations is left at some value. `today`
// bounds the days of the case.
VerifyRequest ReadVerifyRequest(const v1::VerifyHouseholdRequest& request, absl::CivilDay today,
                                Violations* violations);
// The same. INVALID_ARGUMENT (INVALID_REQUEST) with all violations.
absl::StatusOr<VerifyRequest> DecodeVerifyRequest(const v1::VerifyHouseholdRequest& request,
                                                  absl::CivilDay today);

// A request as an intent keeps it, to be taken up again: with agency and bytes, and no deadline.
// INVALID_ARGUMENT when this version does not take it any more.
absl::StatusOr<VerifyRequest> DecodeKeptRequest(const std::string& agency, const std::string& bytes,
                                                absl::CivilDay today);

// INVALID_ARGUMENT (INVALID_REQUEST) past access::kLettersPerCallMax letters. Ask it before
// anything is made for each letter: half a million empty ones fit into a request.
absl::Status CheckLetterCount(const v1::RegisterAuthorizationsRequest& request);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DECODE_REQUEST_H_
