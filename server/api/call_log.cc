#include "server/api/call_log.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hedui/v1/errors.pb.h"

namespace hedui::api {
namespace {

// Methods, codes and reasons are all ours: some twenty, ten and eighty, few of which go together.
constexpr size_t kErrorSeriesMax = 1'000;
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";

base::EventLevel LevelOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return base::EventLevel::kInfo;
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DATA_LOSS:
      return base::EventLevel::kError;
    default:
      return base::EventLevel::kWarning;
  }
}

std::optional<base::TraceParent> TraceOf(const grpc::ServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(base::kTraceParentKey);
  // Sent twice it is as good as invalid.
  if (found == metadata.end() || metadata.count(base::kTraceParentKey) != 1) return std::nullopt;
  return base::TraceParent::Parse(absl::string_view(found->second.data(), found->second.size()));
}

std::vector<base::MetricLabel> LabelsOf(const MethodRecord& method) {
  return {{"service", method.service}, {"method", method.name}};
}

}  // namespace

absl::string_view CodeName(grpc::StatusCode code) {
  static const std::array<std::string, kStatusCodes> names = [] {
    std::array<std::string, kStatusCodes> made;
    for (size_t i = 0; i < kStatusCodes; ++i) {
      made[i] = absl::StatusCodeToString(static_cast<absl::StatusCode>(i));
    }
    return made;
  }();
  const auto index = static_cast<size_t>(code);
  return index < names.size() ? absl::string_view(names[index]) : "UNKNOWN";
}

std::string WireReasonOf(const grpc::Status& status) {
  v1::RichStatus rich;
  if (rich.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : rich.details()) {
      v1::ErrorInfo info;
      if (detail.type_url() == kErrorInfoUrl && info.ParseFromString(detail.value())) {
        return info.reason();
      }
    }
  }
  return std::string(CodeName(status.error_code()));
}

std::string UuidOrNothing(const std::string& text) {
  const auto id = base::Uuid::Parse(text);
  return id.ok() ? id->ToString() : "";
}

void MethodRecord::SetLog(CallLog* log, absl::string_view service_name) {
  service = std::string(service_name);
  log_ = log;
  log->Add(this);
}

void MethodRecord::Begin(CallContext* context) {
  begun.Add();
  if (log_ != nullptr) log_->Begin(context);
}

void MethodRecord::End(const CallNote& note, const grpc::Status& status) {
  ended[std::min(static_cast<size_t>(status.error_code()), kStatusCodes - 1)].Add();
  if (log_ != nullptr) log_->End(this, note, status);
}

CallLog::CallLog(const base::Clock* clock, base::IdSource* ids, base::Tell tell)
    : clock_(clock),
      ids_(ids),
      tell_(std::move(tell)),
      errors_({"service", "method", "code", "reason"}, kErrorSeriesMax) {}

void CallLog::Add(const MethodRecord* method) {
  const base::MutexLock lock(&mutex_);
  methods_.push_back(method);
}

std::vector<const MethodRecord*> CallLog::Methods() const {
  const base::MutexLock lock(&mutex_);
  return methods_;
}

void CallLog::Begin(CallContext* context) {
  context->note.begun = clock_->SteadyNow();
  const auto trace = TraceOf(*context);
  if (trace.has_value()) context->note.trace = trace->Child(ids_);
}

void CallLog::End(MethodRecord* method, const CallNote& note, const grpc::Status& status) {
  const absl::Duration now = clock_->SteadyNow();
  const absl::Duration took = now - note.begun;
  method->seconds.Observe(took);
  const std::string code(CodeName(status.error_code()));
  std::string reason;
  // A probe that asks for health each second is counted and needs no line.
  if (status.ok() && note.agency.empty()) return;
  std::optional<int64_t> left_out = 0;
  if (!status.ok()) {
    reason = WireReasonOf(status);
    errors_.Add({method->service, method->name, code, reason});
    if (note.agency.empty()) left_out = StrangerLine(now);
    if (!left_out.has_value()) return;
  }
  base::Event event(LevelOf(status.error_code()), "rpc");
  event.With("method", absl::StrCat(method->service, "/", method->name))
      .WithAny("agency", note.agency)
      .With("code", code)
      .WithAny("reason", std::move(reason))
      .With("ms", absl::ToInt64Milliseconds(took))
      .WithAny("request_id", note.request_id)
      .WithAny("verification_id", note.verification_id)
      .WithAny("traceparent", note.trace.has_value() ? note.trace->ToString() : "");
  if (*left_out > 0) event.With("lines_left_out", *left_out);
  tell_(event);
}

std::optional<int64_t> CallLog::StrangerLine(absl::Duration now) {
  const int64_t second = absl::ToInt64Seconds(now);
  const base::MutexLock lock(&mutex_);
  if (second != stranger_second_) {
    stranger_second_ = second;
    stranger_lines_ = 0;
  }
  if (stranger_lines_ >= kStrangerLinesPerSecond) {
    ++stranger_left_out_;
    return std::nullopt;
  }
  ++stranger_lines_;
  return std::exchange(stranger_left_out_, 0);
}

void CallLog::AddTo(base::MetricBook* book) {
  using Samples = std::vector<base::MetricSample>;
  book->Add(
      "hedui_rpc_started_total", "Calls that began.", base::MetricKind::kCounter,
      [this](Samples* samples) {
        for (const MethodRecord* method : Methods()) {
          samples->push_back({LabelsOf(*method), static_cast<double>(method->begun.value()), {}});
        }
      });
  book->Add(
      "hedui_rpc_handled_total", "Calls that ended, by gRPC code.", base::MetricKind::kCounter,
      [this](Samples* samples) {
        for (const MethodRecord* method : Methods()) {
          for (size_t code = 0; code < kStatusCodes; ++code) {
            const uint64_t count = method->ended[code].value();
            // All that ended well from the start, so that rates know them; others as they come.
            if (count == 0 && code != 0) continue;
            auto labels = LabelsOf(*method);
            labels.push_back({"code", std::string(CodeName(static_cast<grpc::StatusCode>(code)))});
            samples->push_back({std::move(labels), static_cast<double>(count), {}});
          }
        }
      });
  book->Add(
      "hedui_rpc_errors_total",
      "Calls that ended with an error, by its reason. Refusals for lack of room have the code "
      "RESOURCE_EXHAUSTED.",
      base::MetricKind::kCounter, [this](Samples* samples) { errors_.AppendTo(samples); });
  book->Add("hedui_rpc_duration_seconds", "From a call's arrival to its answer.",
            base::MetricKind::kHistogram, [this](Samples* samples) {
              for (const MethodRecord* method : Methods()) {
                samples->push_back({LabelsOf(*method), 0, method->seconds.Read()});
              }
            });
}

}  // namespace hedui::api
