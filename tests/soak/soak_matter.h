// One of an agency's matters, one after another: the household's letters, and its requests.
#ifndef HEDUI_TESTS_SOAK_SOAK_MATTER_H_
#define HEDUI_TESTS_SOAK_SOAK_MATTER_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/base/ids.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {

class Matter {
 public:
  Matter(const Scenario& scenario, int number)
      : officer_(scenario.letters.officer()),
        letters_(scenario.letters),
        request_(scenario.household) {
    const std::string before = letters_.matter_number();
    const std::string matter = absl::StrCat("XQ-2025-", 100'000 + number);
    letters_.set_matter_number(matter);
    request_.mutable_header()->set_matter_number(matter);
    for (auto& letter : *letters_.mutable_letters()) {
      letter.set_letter_number(absl::StrReplaceAll(letter.letter_number(), {{before, matter}}));
    }
  }

  const v1::RegisterAuthorizationsRequest& letters() const { return letters_; }
  v1::VerifyHouseholdRequest NewRequest(base::IdSource* ids, bool review) const {
    v1::VerifyHouseholdRequest request = request_;
    request.mutable_header()->set_request_id(ids->NextId(absl::Now()).ToString());
    if (review) request.mutable_header()->set_check_kind(v1::CHECK_KIND_REVIEW);
    return request;
  }
  v1::RevokeAuthorizationRequest Withdrawal(uint32_t drawn) const {
    v1::RevokeAuthorizationRequest withdrawal;
    withdrawal.set_matter_number(letters_.matter_number());
    withdrawal.set_letter_number(
        letters_.letters(static_cast<int>(drawn % static_cast<uint32_t>(letters_.letters_size())))
            .letter_number());
    withdrawal.set_officer(officer_);
    return withdrawal;
  }
  v1::CloseMatterRequest Closing() const {
    v1::CloseMatterRequest closing;
    closing.set_matter_number(letters_.matter_number());
    closing.set_officer(officer_);
    return closing;
  }

 private:
  const std::string officer_;
  v1::RegisterAuthorizationsRequest letters_;
  v1::VerifyHouseholdRequest request_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SOAK_SOAK_MATTER_H_
