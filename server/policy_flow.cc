#include "server/policy_flow.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/policy_steps.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

runtime::WorkerPool::Options PoolOptions() {
  runtime::WorkerPool::Options options;
  options.name = "policy";
  options.threads = kPolicyThreads;
  options.slots_max = kPolicyQuestionsMax;
  return options;
}

absl::Status NoPlace() {
  return Busy("POLICY_QUESTIONS",
              "the platform, or this agency's share of it, works on as many questions about "
              "policies as it can");
}

absl::Status TooLarge(absl::string_view instead) {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, "POLICY_ANSWER_SIZE",
      absl::StrCat("the answer would be larger than ", kPolicyAnswerBytesMax, " bytes; ", instead));
}

size_t BytesOf(const PostedFiles& posted) {
  size_t bytes = 0;
  for (const PostedFile& file : posted.files) bytes += file.path.size() + file.text.size();
  return bytes;
}

// What the texts take on the wire, numbers and framing aside.
size_t BytesOf(const base::PolicySetListed& set) {
  size_t bytes = 0;
  for (const base::PolicyFileListed& file : set.files) {
    bytes += file.path.size() + 2 * file.sha256.size() + file.text.size() + 16;
  }
  return bytes;
}

size_t BytesOf(const base::PolicyListing& listing) {
  size_t bytes = BytesOf(listing.set);
  for (const base::PolicyRowListed& row : listing.rows) {
    bytes += row.id.size() + row.label.size() + row.value.size() + row.type.size() +
             row.citation.title.size() + row.citation.article.size() + row.file.size() + 96;
  }
  for (const base::PolicyNameListed& name : listing.names) {
    bytes += name.name.size() + name.label.size() + name.type.size() + 64;
    for (const std::string& key : name.keys) bytes += key.size() + 4;
  }
  return bytes;
}

size_t BytesOf(const std::vector<BlameShown>& blames) {
  size_t bytes = 0;
  for (const BlameShown& blame : blames) {
    bytes += blame.kind.size() + blame.person.size() + blame.source.size() + blame.category.size() +
             blame.answer.size() + blame.reason.size() + blame.detail.size() + blame.policy.size() +
             24;
  }
  return bytes;
}

size_t BytesOf(const Evaluation& evaluation) {
  size_t bytes = evaluation.json.size();
  for (const IndicationShown& indication : evaluation.indications) {
    bytes += BytesOf(indication.blame) + BytesOf(indication.amount_blame) +
             BytesOf(indication.validity_blame) + 512;
  }
  for (const std::string& line : evaluation.unmet) bytes += line.size() + 4;
  return bytes;
}

// Room for an answer until its reader has it.
absl::Status Hold(const Rooms& rooms, const std::string& agency, size_t bytes,
                  std::shared_ptr<const void>* held) {
  auto place = rooms.bytes->TryTake(agency, bytes);
  if (!place.has_value()) return NoBytes();
  *held = std::make_shared<base::ByteBudget::Place>(*std::move(place));
  return absl::OkStatus();
}

}  // namespace

PolicyDesk::PolicyDesk(const Rooms* rooms)
    : rooms_(rooms),
      questions_(kPolicyQuestionsMax, kPolicyQuestionsOfOneMax),
      pool_(PoolOptions()) {}

template <typename T, typename Work>
void PolicyDesk::Answer(runtime::EventLoop* loop, const std::string& agency, size_t bytes,
                        Gone gone, Done<T> done, Work work) {
  auto question = questions_.TryTake(agency, 1);
  auto taken = rooms_->bytes->TryTake(agency, bytes);
  if (!question.has_value() || !taken.has_value()) {
    return loop->Post([done = std::move(done), places = question.has_value()]() mutable {
      std::move(done)(places ? NoBytes() : NoPlace());
    });
  }
  auto shared = std::make_shared<Done<T>>(
      Holding(*std::move(question), Holding(*std::move(taken), std::move(done))));
  runtime::Task task = [rooms = rooms_, loop, shared, gone = std::move(gone),
                        work = std::move(work)] {
    absl::StatusOr<T> answer =
        gone() ? base::MakeError(absl::StatusCode::kCancelled, "CALLER_GONE", "the caller has gone")
               : work();
    if (!answer.ok() && base::VisibilityOf(answer.status()) == base::Visibility::kOperator) {
      rooms->tell(base::FailureEvent("policy_question_failed", answer.status()));
    }
    loop->Post(
        [shared, answer = std::move(answer)]() mutable { std::move (*shared)(std::move(answer)); });
  };
  if (!pool_.TrySubmit(std::move(task))) {
    loop->Post([shared] { std::move (*shared)(NoPlace()); });
  }
}

void PolicyDesk::List(runtime::EventLoop* loop, PolicySetQuery query, Gone gone,
                      Done<PolicySetPage> done) {
  const std::string agency = query.agency;
  auto work = [rooms = rooms_, query = std::move(query)]() -> absl::StatusOr<PolicySetPage> {
    PolicySetPage page = ListSets(*rooms->setup(), query);
    size_t bytes = 0;
    for (const base::PolicySetListed& set : page.sets) bytes += BytesOf(set);
    if (bytes > kPolicyAnswerBytesMax) return TooLarge("ask for smaller pages");
    return page;
  };
  Answer<PolicySetPage>(loop, agency, kCallerBytes, std::move(gone), std::move(done),
                        std::move(work));
}

void PolicyDesk::Show(runtime::EventLoop* loop, ShowRequest request, Gone gone,
                      Done<PolicySetShown> done) {
  const std::string agency = request.agency;
  auto work = [rooms = rooms_, request = std::move(request)]() -> absl::StatusOr<PolicySetShown> {
    HEDUI_ASSIGN_OR_RETURN(PolicySetShown shown,
                           ShowSet(*rooms->setup(), rooms->policy_archive, request));
    const size_t bytes = BytesOf(shown.listing);
    if (bytes > kPolicyAnswerBytesMax) {
      return TooLarge(request.texts ? "ask without the texts" : "read the files instead");
    }
    HEDUI_RETURN_IF_ERROR(Hold(*rooms, request.agency, bytes, &shown.held));
    return shown;
  };
  Answer<PolicySetShown>(loop, agency, kCallerBytes, std::move(gone), std::move(done),
                         std::move(work));
}

void PolicyDesk::Lint(runtime::EventLoop* loop, std::string agency, PostedFiles posted, Gone gone,
                      Done<LintResult> done) {
  const size_t bytes = kCallerBytes + kRequestCopies * BytesOf(posted);
  auto work = [rooms = rooms_, posted = std::move(posted)]() -> absl::StatusOr<LintResult> {
    return LintPosted(*rooms->setup()->policies, posted);
  };
  Answer<LintResult>(loop, agency, bytes, std::move(gone), std::move(done), std::move(work));
}

void PolicyDesk::Evaluate(runtime::EventLoop* loop, EvaluationRequest request, Gone gone,
                          Done<Evaluation> done) {
  const std::string agency = request.agency;
  const size_t bytes =
      kCallerBytes + kRequestCopies * (request.case_yaml.size() + BytesOf(request.posted));
  auto work = [rooms = rooms_, request = std::move(request)]() -> absl::StatusOr<Evaluation> {
    HEDUI_ASSIGN_OR_RETURN(Evaluation result,
                           EvaluateCase(*rooms->setup()->policies, rooms->policy_archive, request));
    const size_t size = BytesOf(result);
    if (size > kPolicyAnswerBytesMax) {
      return TooLarge(request.indications_only ? "assess it offline with hedui assess"
                                               : "ask for indications_only");
    }
    HEDUI_RETURN_IF_ERROR(Hold(*rooms, request.agency, size, &result.held));
    return result;
  };
  Answer<Evaluation>(loop, agency, bytes, std::move(gone), std::move(done), std::move(work));
}

}  // namespace hedui
