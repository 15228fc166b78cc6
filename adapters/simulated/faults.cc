#include "adapters/simulated/faults.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/simulated/generator.h"
#include "hedui/config/v1/simulation.pb.h"
#include "hedui/v1/source.pb.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/money.h"

namespace hedui::adapters {
namespace {

using config::v1::SimulatedFault;

// Older than any promise a catalogue may hold but the longest.
constexpr int kStaleDays = 400;
// From the standard's own example: belongs to nobody in a test.
constexpr char kStrangersNumber[] = "11010519491231002X";
constexpr char kStrangersName[] = "张三";

template <typename Categories>
bool Names(const Categories& categories, const std::string& category) {
  return categories.empty() ||
         std::find(categories.begin(), categories.end(), category) != categories.end();
}

void MakeMalformed(v1::SourceAnswer* answer) {
  answer->set_data_day("2025-02-30");
  for (v1::Record& record : *answer->mutable_records()) {
    for (v1::Field& field : *record.mutable_fields()) {
      if (field.value_case() == v1::Field::kMoneyFen) field.set_money_fen(base::kMoneyFenMax + 1);
    }
  }
}

void MakeStale(v1::SourceAnswer* answer) {
  const absl::StatusOr<absl::CivilDay> day = base::ParseDay(answer->data_day());
  if (day.ok()) answer->set_data_day(base::FormatDay(*day - kStaleDays));
}

void MakeAboutAStranger(v1::SourceAnswer* answer) {
  v1::Identity* subject = answer->mutable_subject();
  subject->set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
  subject->set_number(kStrangersNumber);
  subject->set_name(kStrangersName);
}

// Leaves person and category only.
void Strip(v1::SourceAnswer* answer, v1::AnswerKind kind) {
  v1::SourceAnswer stripped;
  stripped.set_person_id(answer->person_id());
  stripped.set_category(answer->category());
  stripped.set_kind(kind);
  *answer = std::move(stripped);
}

void Contradict(v1::SourceAnswer* answer) {
  Strip(answer, answer->kind() == v1::ANSWER_KIND_CONFIRMED_NONE ? v1::ANSWER_KIND_NOT_COVERED
                                                                 : v1::ANSWER_KIND_CONFIRMED_NONE);
}

constexpr absl::string_view kTokenMark = "sim";
constexpr absl::string_view kRenewedMark = "sim2";

std::string TokenOf(uint64_t seed, absl::string_view source_id, const Promise& promise,
                    uint64_t call) {
  const absl::string_view mark = promise.renewed ? kRenewedMark : kTokenMark;
  const std::string what = absl::StrCat(promise.ready_after_seconds, "-", call);
  return absl::StrCat(mark, "-", what, "-",
                      absl::Hex(Draw(seed, absl::StrCat("promise", source_id, mark), what)));
}

bool HitsPollsOnly(const SimulatedFault& fault) {
  return fault.kind() == SimulatedFault::KIND_RENEW || fault.kind() == SimulatedFault::KIND_PARTLY;
}

}  // namespace

std::optional<Promise> ReadPromise(uint64_t seed, absl::string_view source_id,
                                   absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '-');
  Promise promise;
  uint64_t call = 0;
  promise.renewed = parts[0] == kRenewedMark;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[1], &promise.ready_after_seconds) ||
      !absl::SimpleAtoi(parts[2], &call) || token != TokenOf(seed, source_id, promise, call)) {
    return std::nullopt;
  }
  return promise;
}

FaultDraw::FaultDraw(const config::v1::SimulatedSource& source, uint64_t seed,
                     const FaultCall& call, const v1::QueryRequest& request)
    : source_(source), seed_(seed), call_(call) {
  for (int i = 0; i < source.faults_size(); ++i) {
    const SimulatedFault& fault = source.faults(i);
    if (!Hits(fault, static_cast<size_t>(i), request)) continue;
    if (fault.kind() == SimulatedFault::KIND_DELAY) {
      delay_ += absl::Seconds(fault.delay().seconds()) + absl::Nanoseconds(fault.delay().nanos());
    } else if (fault_ == nullptr) {
      fault_ = &fault;
    }
  }
}

bool FaultDraw::Hits(const SimulatedFault& fault, size_t index,
                     const v1::QueryRequest& request) const {
  if (call_.poll && fault.kind() == SimulatedFault::KIND_PENDING) return false;
  if (!call_.poll && HitsPollsOnly(fault)) return false;
  if (fault.first_calls() > 0 && call_.number >= static_cast<uint64_t>(fault.first_calls())) {
    return false;
  }
  if (fault.permille() > 0 &&
      Draw(seed_, absl::StrCat("fault", index), absl::StrCat(call_.number)) % 1'000 >=
          static_cast<uint64_t>(fault.permille())) {
    return false;
  }
  for (const v1::QueryPerson& person : request.people()) {
    for (const std::string& category : person.categories()) {
      if (Names(fault.categories(), category)) return true;
    }
  }
  return false;
}

bool FaultDraw::EndsCall(const v1::QueryRequest& request, Reaction* reaction) const {
  if (fault_ == nullptr) return false;
  switch (fault_->kind()) {
    case SimulatedFault::KIND_SILENT:
      reaction->silent = true;
      return true;
    case SimulatedFault::KIND_UNAVAILABLE:
      reaction->status = absl::UnavailableError("simulated: down for maintenance");
      return true;
    case SimulatedFault::KIND_OVERLOADED:
      reaction->status = absl::ResourceExhaustedError("simulated: come back later");
      return true;
    case SimulatedFault::KIND_SOURCE_ERROR:
      reaction->status = absl::InternalError(
          absl::StrCat("simulated: no row for ID=", request.people(0).identity().number()));
      return true;
    case SimulatedFault::KIND_DENY:
      reaction->status = absl::PermissionDeniedError("simulated: not your business");
      return true;
    case SimulatedFault::KIND_REJECT_WARRANT:
      reaction->status = absl::PermissionDeniedError("WARRANT_REJECTED: simulated");
      return true;
    case SimulatedFault::KIND_GARBAGE:
      reaction->response = "<html><body>502 Bad Gateway</body></html>";
      return true;
    case SimulatedFault::KIND_OVERSIZED: {
      v1::QueryResponse response;
      response.set_pending_token(std::string(base::kAnswerBytesMax + 1, 'x'));
      reaction->response = response.SerializeAsString();
      return true;
    }
    case SimulatedFault::KIND_EMPTY:
      return true;
    default:
      return false;
  }
}

int64_t FaultDraw::ReadyAfterSeconds() const {
  if (!fault_->has_pending_for()) return 0;
  return absl::ToUnixSeconds(call_.now + absl::Seconds(fault_->pending_for().seconds()));
}

void FaultDraw::MakePromise(v1::QueryResponse* response) const {
  const Promise promise{ReadyAfterSeconds()};
  response->set_pending_token(TokenOf(seed_, source_.id(), promise, call_.number));
  response->set_pending_ready_after_seconds(promise.ready_after_seconds);
}

bool FaultDraw::Renews(Promise* promise, std::string* token) const {
  if (fault_ == nullptr || fault_->kind() != SimulatedFault::KIND_RENEW || promise->renewed) {
    return false;
  }
  *promise = {ReadyAfterSeconds(), /*renewed=*/true};
  *token = TokenOf(seed_, source_.id(), *promise, call_.number);
  return true;
}

void FaultDraw::Distort(v1::QueryResponse* response) const {
  if (fault_ == nullptr) return;
  const int count = response->answers_size();
  for (int i = 0; i < count; ++i) {
    v1::SourceAnswer* answer = response->mutable_answers(i);
    if (!Names(fault_->categories(), answer->category())) continue;
    switch (fault_->kind()) {
      case SimulatedFault::KIND_MALFORMED:
        MakeMalformed(answer);
        break;
      case SimulatedFault::KIND_STALE:
        MakeStale(answer);
        break;
      case SimulatedFault::KIND_WRONG_PERSON:
        MakeAboutAStranger(answer);
        break;
      case SimulatedFault::KIND_REFUSE:
        Strip(answer, v1::ANSWER_KIND_REFUSED);
        break;
      case SimulatedFault::KIND_PENDING:
        Strip(answer, v1::ANSWER_KIND_PENDING);
        MakePromise(response);
        break;
      case SimulatedFault::KIND_PARTLY:
        if (i == 0) break;
        Strip(answer, v1::ANSWER_KIND_PENDING);
        MakePromise(response);
        break;
      case SimulatedFault::KIND_CONTRADICTION: {
        v1::SourceAnswer second = *answer;
        Contradict(&second);
        *response->add_answers() = std::move(second);
        break;
      }
      case SimulatedFault::KIND_DUPLICATE: {
        v1::SourceAnswer second = *answer;
        *response->add_answers() = std::move(second);
        break;
      }
      case SimulatedFault::KIND_UNASKED: {
        v1::SourceAnswer extra = *answer;
        extra.set_person_id(absl::StrCat(answer->person_id(), "-neighbour"));
        *response->add_answers() = std::move(extra);
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace hedui::adapters
