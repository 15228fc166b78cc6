// VerifyHousehold from the wire's bytes: what is taken keeps within the limits that later rooms
// count on, and what is refused is told without anybody's number.
#include <set>
#include <string>

#include "server/api/decode_request.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

void CheckAccepted(const VerifyRequest& request) {
  Require(request.request_id != base::Uuid(), "a request has an id");
  Require(!request.officer.empty() && request.officer.size() <= base::kIdentifierBytesMax,
          "an officer is named");
  int members = 0;
  std::set<std::string> ids;
  for (const base::Person& person : request.household.persons) {
    members += person.role == base::PersonRole::kMember ? 1 : 0;
    Require(ids.insert(person.id).second, "people have ids of their own");
    Require(Gives(base::NormaliseIdentity(person.identity.kind, person.identity.number,
                                          person.identity.name),
                  person.identity),
            "identities are in their normal form");
  }
  const auto persons = static_cast<int>(request.household.persons.size());
  Require(members >= 1 && members <= base::kMembersMax && persons - members <= base::kObligorsMax,
          "a household keeps within its limits");
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  hedui::v1::VerifyHouseholdRequest message;
  return hedui::testing::MutateMessage(&message, data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  v1::VerifyHouseholdRequest message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto request = api::DecodeVerifyRequest(message, absl::CivilDay(2025, 3, 3));
  if (request.ok()) {
    testing::CheckAccepted(*request);
    return 0;
  }
  Require(base::ReasonOf(request.status()) == "INVALID_REQUEST", request.status().ToString());
  testing::RequireNoNumbers(request.status(), testing::TextOf(data, size));
  // Details travel in trailers, which have their own limits.
  Require(request.status().message().size() <= 16 << 10, "a refusal keeps within its limit");
  return 0;
}
