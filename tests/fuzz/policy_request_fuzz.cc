// LintPolicies and Evaluate from the wire's bytes: what is taken keeps within the limits that the
// desk counts on; what it comes to names its places, repeats nobody's number and is the same again;
// and what is refused says why. The first byte says which of the two it is.
#include <algorithm>
#include <string>

#include "server/api/decode_policy.h"
#include "server/api/encode_policy.h"
#include "server/assess/policy_pack.h"
#include "server/base/status.h"
#include "server/policy_steps.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

constexpr char kAgency[] = "xq-civil-affairs";

const assess::PolicyPack& Own() {
  static const auto* const pack = [] {
    auto loaded = assess::PolicyPack::Load(std::string(HEDUI_SOURCE_DIR) + "/policies");
    Require(loaded.ok(), "the shipped policies load");
    return new assess::PolicyPack::Ptr(*loaded);
  }();
  return **pack;
}

// An archive that has nothing.
const assess::PolicyRepository& Nothing() {
  class Empty final : public assess::PolicyRepository {
   public:
    absl::Status KeepPolicySets(const assess::PolicySets&, absl::Time) override {
      return absl::OkStatus();
    }
    absl::StatusOr<std::vector<assess::ArchivedPolicySet>> ListPolicySets() const override {
      return std::vector<assess::ArchivedPolicySet>();
    }
    absl::StatusOr<std::vector<assess::PolicyText>> ReadPolicySet(
        absl::string_view) const override {
      return base::MakeError(absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN", "nothing is kept");
    }
  };
  static const auto* const empty = new Empty;
  return *empty;
}

void CheckPosted(const PostedFiles& posted) {
  Require(posted.files.size() <= kPostedFilesMax, "files keep within their number");
  size_t bytes = 0;
  for (const PostedFile& file : posted.files) {
    bytes += file.text.size();
    Require(!file.path.empty() && file.path.size() <= kPostedPathBytesMax, "paths are short");
  }
  Require(bytes <= kPostedBytesMax, "files keep within their bytes");
}

void CheckLint(const PostedFiles& posted) {
  CheckPosted(posted);
  Require(!posted.files.empty(), "there is something to look at");
  const LintResult result = LintPosted(Own(), posted);
  Require(result.findings.size() <= kFindingsMax, "findings keep within their limit");
  Require(result.loads == std::none_of(result.findings.begin(), result.findings.end(),
                                       [](const FoundInPolicy& found) {
                                         return found.severity == PolicySeverity::kError;
                                       }) ||
              result.left_out > 0,
          "files load unless a finding says otherwise");
  for (const FoundInPolicy& found : result.findings) {
    Require(!found.code.empty() && !found.text.empty(), "findings say what is wrong");
  }
}

void CheckEvaluation(const EvaluationRequest& request, absl::string_view input) {
  CheckPosted(request.posted);
  Require(request.agency == kAgency, "a case is of its caller's agency");
  Require(!request.case_yaml.empty() && request.case_yaml.size() <= kCaseBytesMax,
          "a case keeps within its bytes");
  const auto result = EvaluateCase(Own(), &Nothing(), request);
  if (!result.ok()) {
    Require(!base::ReasonOf(result.status()).empty(), "a refusal has a reason");
    RequireNoNumbers(result.status(), input);
    return;
  }
  if (!result->defects.empty()) {
    // What is wrong with a policy file is told as the file has it; a case is somebody's.
    if (result->defect_reason != "POLICY") RequireNoNumbers(api::DefectsOf(*result), input);
    return;
  }
  const auto again = EvaluateCase(Own(), &Nothing(), request);
  Require(again.ok() && again->json == result->json, "the same case comes out the same");
}

template <typename Message>
size_t Mutate(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  Message message;
  return 1 + MutateMessage(&message, data + 1, size - 1, max_size - 1, seed);
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace hedui;
  using namespace hedui::testing;
  if (size == 0 || max_size < 2) return size;
  return data[0] == 'l' ? Mutate<v1::LintPoliciesRequest>(data, size, max_size, seed)
                        : Mutate<v1::EvaluateRequest>(data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using namespace hedui::testing;
  if (size == 0) return 0;
  const absl::string_view bytes = TextOf(data + 1, size - 1);
  const int count = static_cast<int>(bytes.size());
  if (data[0] == 'l') {
    v1::LintPoliciesRequest message;
    if (!message.ParseFromArray(bytes.data(), count)) return 0;
    const auto posted = api::DecodeLint(message);
    if (posted.ok()) {
      CheckLint(*posted);
    } else {
      Require(base::ReasonOf(posted.status()) == "INVALID_REQUEST", posted.status().ToString());
    }
    return 0;
  }
  v1::EvaluateRequest message;
  if (!message.ParseFromArray(bytes.data(), count)) return 0;
  const auto request = api::DecodeEvaluate(message, kAgency);
  if (request.ok()) {
    CheckEvaluation(*request, bytes);
  } else {
    Require(base::ReasonOf(request.status()) == "INVALID_REQUEST", request.status().ToString());
    RequireNoNumbers(request.status(), bytes);
  }
  return 0;
}
