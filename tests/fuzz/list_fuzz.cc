// ListVerifications, ListMatters and ListReportsUsing from the wire's bytes: what is taken keeps
// within the limits that bound a page's work, and what is refused is told without anybody's number.
#include <string>

#include "server/api/decode_list.h"
#include "server/base/limits.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

constexpr char kAgency[] = "xq-civil-affairs";
const absl::CivilDay kToday(2025, 3, 3);

const api::PageTokens& Tokens() {
  static const auto* const tokens = new api::PageTokens(std::string(32, 'k'));
  return *tokens;
}

void CheckTaken(const ListQuery& query, bool any_time, const std::string& token,
                const std::string& same_token) {
  Require(query.agency == kAgency, "a list is of its caller's agency");
  Require(query.page_size >= 1 && query.page_size <= static_cast<size_t>(base::kPageItemsMax),
          "a page keeps within its limit");
  Require(query.place.from < query.place.to, "a list has days");
  Require(any_time || query.place.to - query.place.from <= api::kListDaysMax,
          "a list keeps within its days");
  Require(query.place.day >= query.place.from && query.place.day < query.place.to,
          "a page begins within its list");
  if (token.empty()) {
    Require(query.place.before == base::kNewestPlace, "the first page begins with the newest");
  } else {
    Require(token == same_token, "a place has one token");
  }
}

void CheckRefused(const absl::Status& status, absl::string_view input) {
  const std::string reason = base::ReasonOf(status);
  Require(reason == "INVALID_REQUEST" || reason == "PAGE_TOKEN", status.ToString());
  RequireNoNumbers(status, input);
  Require(status.message().size() <= 16 << 10, "a refusal keeps within its limit");
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  hedui::v1::ListVerificationsRequest message;
  return hedui::testing::MutateMessage(&message, data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using namespace hedui::testing;
  const absl::string_view input = TextOf(data, size);
  if (v1::ListVerificationsRequest message; message.ParseFromArray(data, static_cast<int>(size))) {
    const auto query = api::DecodeListVerifications(message, kAgency, kToday, Tokens());
    if (query.ok()) {
      CheckTaken(*query, !query->matter_number.empty(), message.page_token(),
                 api::NextToken(message, kAgency, query->place, Tokens()));
    } else {
      CheckRefused(query.status(), input);
    }
  }
  // Most of the fields have the same numbers and kinds there.
  if (v1::ListMattersRequest message; message.ParseFromArray(data, static_cast<int>(size))) {
    const auto query = api::DecodeListMatters(message, kAgency, kToday, Tokens());
    if (query.ok()) {
      CheckTaken(*query, /*any_time=*/false, message.page_token(),
                 api::NextToken(message, kAgency, query->place, Tokens()));
    } else {
      CheckRefused(query.status(), input);
    }
  }
  // Its days and pages are numbers elsewhere; what is no such request is refused.
  if (v1::ListReportsUsingRequest message; message.ParseFromArray(data, static_cast<int>(size))) {
    const auto query = api::DecodeListReportsUsing(message, kAgency, Tokens());
    if (query.ok()) {
      CheckTaken(*query, /*any_time=*/true, message.page_token(),
                 api::NextToken(message, kAgency, query->place, Tokens()));
      // A span of so many times 24 hours touches a day more.
      Require(query->place.to - query->place.from <= api::kListDaysMax + 1,
              "a list keeps within its days");
    } else {
      CheckRefused(query.status(), input);
    }
  }
  return 0;
}
