// Questions about policies: which sets are in force, what one says, what is wrong with files that a
// caller posts, and what they say of a case. Nothing asks a source, makes a report or changes what
// is in force; nothing posted is kept or logged, since a case may be somebody's.
//
// Works on a pool of its own (kPolicyThreads), so that verifications compute beside it whatever is
// posted. What one call may cost is bounded by its bytes, by what the readers bound, by what
// loading and looking may take (CONSTRAINT_LIMIT, LINT_LIMIT, LINT_BUDGET), and by the steps of an
// assessment (EVALUATION_LIMIT).
//
// Thread safety: calls on the given loop's thread; `done` runs once, on it.
#ifndef HEDUI_SERVER_POLICY_FLOW_H_
#define HEDUI_SERVER_POLICY_FLOW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/byte_budget.h"
#include "server/base/policy_listing.h"
#include "server/runtime/event_loop.h"
#include "server/runtime/worker_pool.h"

namespace hedui {

struct Rooms;

// What posted files and a posted case may take. A county's files are some 400 bytes and the shipped
// ones together 60 KiB; a household's case is some 20.
inline constexpr size_t kPostedFilesMax = 64;
inline constexpr size_t kPostedBytesMax = size_t{256} << 10;
inline constexpr size_t kPostedPathBytesMax = 128;
inline constexpr size_t kCaseBytesMax = size_t{256} << 10;
// Of one answer: it has to fit a response.
inline constexpr size_t kPolicyAnswerBytesMax = size_t{8} << 20;
// What they demand of their own constants is computed for every day and key on which it may differ:
// as much at most, in rows and operations (assess/policy_pack.h): 0.3 s in policy_flow_test.cc. The
// shipped files demand nothing.
inline constexpr size_t kPostedConstantsMax = 20'000'000;
// Looking at the conditions of posted files takes as much at most, in rows times names over all
// divisions (assess/policy_linter.h): some seconds. The shipped files are a hundred thousand.
inline constexpr size_t kLintWorkMax = 2'000'000;
// Files may be few and yet written to take long, by lists within lists: so many steps at most, some
// seconds too. The shipped files take some five million.
inline constexpr size_t kLintStepsMax = 200'000'000;
// Nobody mends more at once.
inline constexpr size_t kFindingsMax = 1'000;

// A question takes some milliseconds; one thread leaves the others to verifications.
inline constexpr int kPolicyThreads = 1;
// Questions that wait or are worked on, of all and of one agency: some seconds' work at worst.
inline constexpr size_t kPolicyQuestionsMax = 32;
inline constexpr size_t kPolicyQuestionsOfOneMax = 8;

struct PostedFile {
  std::string path;
  std::string text;
};

struct PostedFiles {
  std::vector<PostedFile> files;
  bool alone = false;  // without the platform's own
};

enum class PolicySeverity : uint8_t { kError = 1, kWarning, kNote };

struct FoundInPolicy {
  std::string file;
  int line = 0;
  std::string code;
  PolicySeverity severity = PolicySeverity::kError;
  std::string text;
};

struct LintResult {
  std::vector<FoundInPolicy> findings;  // at most kFindingsMax
  size_t left_out = 0;
  bool loads = false;
};

// Of what is in force.
struct PoliciesInForce {
  std::string sha256;  // over every file, 32 bytes
  absl::Time since;
  std::string engine;
};

struct PolicySetQuery {
  std::string agency;
  std::string division;  // there and below; empty: all
  absl::CivilDay day;
  size_t page_size = 0;  // at least 1
  std::string after;     // the last division of the page before; empty: the first page
};

struct PolicySetPage {
  PoliciesInForce in_force;
  std::vector<base::PolicySetListed> sets;  // ascending by division
  std::string last;                         // of this page; empty: the list has ended
};

struct ShowRequest {
  std::string agency;
  std::string division;       // empty: the lowest of the set that `policy_sha256` names
  std::string policy_sha256;  // 32 bytes; empty: the set in force
  absl::CivilDay day;
  bool texts = false;
};

struct PolicySetShown {
  PoliciesInForce in_force;
  base::PolicyListing listing;
  std::shared_ptr<const void> held;  // its place in the memory budget, until its reader has it
};

struct EvaluationRequest {
  std::string agency;
  std::string case_yaml;
  PostedFiles posted;
  std::string division;                      // in place of the case's; empty: as it says
  std::optional<absl::CivilDay> policy_day;  // the same
  std::string policy_sha256;                 // 32 bytes; empty: any set
  bool indications_only = false;
};

struct BlameShown {
  std::string kind, person, source, category, answer, reason, detail, policy;
};

struct AmountShown {
  std::string unit;
  bool exact = false;
  std::string text;
  std::string low;   // empty: none
  std::string high;  // empty: none
};

struct IndicationShown {
  std::string programme;
  std::string label;
  std::string person;  // empty: the household's
  // The API's numbers.
  enum class Result : uint8_t { kFalse = 1, kTrue, kUndetermined } result = Result::kUndetermined;
  bool robust = false;
  std::vector<BlameShown> blame;
  std::vector<std::string> marks;
  std::optional<AmountShown> amount;
  std::vector<BlameShown> amount_blame;
  std::optional<AmountShown> validity;
  std::vector<BlameShown> validity_blame;
  base::PolicyCitation citation;
};

// What is wrong with what was posted: INVALID_ARGUMENT, with its places.
struct PostedDefect {
  std::string field;  // "case_yaml:7:persons[0].birth", "640104/a.yaml:3"
  std::string text;   // repeats nothing of a case
};

struct Evaluation {
  // Not empty: nothing was assessed, and the rest is empty.
  std::vector<PostedDefect> defects;
  std::string defect_reason;  // CASE_FILE, POLICY

  std::string engine;
  std::string division;
  absl::CivilDay policy_day;
  std::string policy_sha256;  // 32 bytes
  std::optional<absl::CivilDay> next_change;
  std::vector<IndicationShown> indications;
  std::string json;
  std::vector<std::string> unmet;
  std::vector<FoundInPolicy> warnings;
  std::shared_ptr<const void> held;
};

class PolicyDesk {
 public:
  template <typename T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;
  // Whether the caller has gone: asked on a worker's thread before a question is worked on.
  using Gone = std::function<bool()>;

  // `rooms` outlives it and everything under way.
  explicit PolicyDesk(const Rooms* rooms);

  // Errors of all: RESOURCE_EXHAUSTED (POLICY_QUESTIONS, BYTES, POLICY_ANSWER_SIZE).
  void List(runtime::EventLoop* loop, PolicySetQuery query, Gone gone, Done<PolicySetPage> done);
  // NOT_FOUND (POLICY_SET_UNKNOWN), FAILED_PRECONDITION (POLICY_SET_OUTDATED).
  void Show(runtime::EventLoop* loop, ShowRequest request, Gone gone, Done<PolicySetShown> done);
  void Lint(runtime::EventLoop* loop, std::string agency, PostedFiles posted, Gone gone,
            Done<LintResult> done);
  // FAILED_PRECONDITION (NO_POLICY_SET, POLICY_SET_CHANGED); INVALID_ARGUMENT (CASE); OUT_OF_RANGE
  // (ARITHMETIC_OVERFLOW, EVALUATION_LIMIT).
  void Evaluate(runtime::EventLoop* loop, EvaluationRequest request, Gone gone,
                Done<Evaluation> done);

  // Before the rooms go: what waits is worked off.
  void Drain() { pool_.Drain(); }
  const runtime::WorkerPool& pool() const { return pool_; }

 private:
  // `work` on the pool, its result to `done` on the loop; `bytes` are held until then.
  template <typename T, typename Work>
  void Answer(runtime::EventLoop* loop, const std::string& agency, size_t bytes, Gone gone,
              Done<T> done, Work work);

  const Rooms* const rooms_;
  base::ByteBudget questions_;  // counts questions, not bytes
  runtime::WorkerPool pool_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_POLICY_FLOW_H_
