#include "server/api/call_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <variant>

#include "absl/strings/str_cat.h"
#include "hedui/v1/verification.pb.h"
#include "server/api/rich_status.h"
#include "server/base/status.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_id_source.h"

namespace hedui::api {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

class CallLogTest : public ::testing::Test {
 protected:
  using Fields = std::map<std::string, std::string>;

  CallLogTest() { method_.SetLog(&log_, "hedui.v1.VerificationService"); }

  void Tell(const base::Event& event) {
    Fields fields{{"level", std::string(base::EventLevelName(event.level))}, {"event", event.name}};
    for (const base::EventField& field : event.fields) {
      const auto* number = std::get_if<int64_t>(&field.value);
      fields[field.name] =
          number != nullptr ? absl::StrCat(*number) : std::get<std::string>(field.value);
    }
    lines_.push_back(std::move(fields));
  }
  // One call that takes `took`.
  void Call(CallNote note, const grpc::Status& status, absl::Duration took = absl::ZeroDuration()) {
    CallContext context;
    method_.Begin(&context);
    note.begun = context.note.begun;
    clock_.Advance(took);
    method_.End(note, status);
  }
  // name{labels} of every series that is not a histogram.
  std::map<std::string, double> Series() {
    base::MetricBook book;
    log_.AddTo(&book);
    std::map<std::string, double> series;
    for (const base::MetricFamily& family : book.Collect()) {
      for (const base::MetricSample& sample : family.samples) {
        std::string name = family.name;
        for (const base::MetricLabel& label : sample.labels)
          absl::StrAppend(&name, " ", label.value);
        series[name] = sample.value;
      }
    }
    return series;
  }

  testing::FakeClock clock_;
  testing::FakeIdSource ids_;
  std::vector<Fields> lines_;
  CallLog log_{&clock_, &ids_, [this](const base::Event& event) { Tell(event); }};
  MethodRecord method_{"VerifyHousehold"};
};

grpc::Status Refused(absl::StatusCode code, absl::string_view reason) {
  return ToWire(base::MakeError(code, reason, "no"));
}

TEST_F(CallLogTest, ACallIsOneLineWithWhatIsKnownOfIt) {
  CallNote note;
  note.agency = "640104-civil-affairs";
  note.request_id = "0192f0c1-7000-7000-8000-000000000001";
  note.verification_id = "0192f0c1-7000-7000-8000-000000000002";
  note.trace = base::TraceParent::Parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  Call(note, grpc::Status::OK, absl::Milliseconds(12));
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_EQ(lines_[0],
            (Fields{{"level", "info"},
                    {"event", "rpc"},
                    {"method", "hedui.v1.VerificationService/VerifyHousehold"},
                    {"agency", "640104-civil-affairs"},
                    {"code", "OK"},
                    {"ms", "12"},
                    {"request_id", "0192f0c1-7000-7000-8000-000000000001"},
                    {"verification_id", "0192f0c1-7000-7000-8000-000000000002"},
                    {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}));
}

TEST_F(CallLogTest, ARefusalNamesItsReasonAndIsCountedByIt) {
  CallNote note;
  note.agency = "640104-civil-affairs";
  Call(note, Refused(absl::StatusCode::kResourceExhausted, "COMMITTER_FULL"));
  Call(note, Refused(absl::StatusCode::kResourceExhausted, "COMMITTER_FULL"));
  Call(note, grpc::Status(grpc::StatusCode::INTERNAL, "without details"));
  Call(note, grpc::Status::OK);
  ASSERT_THAT(lines_, SizeIs(4));
  EXPECT_THAT(lines_[0], AllOf(Contains(Pair("level", "warning")),
                               Contains(Pair("code", "RESOURCE_EXHAUSTED")),
                               Contains(Pair("reason", "COMMITTER_FULL"))));
  EXPECT_THAT(lines_[2],
              AllOf(Contains(Pair("level", "error")), Contains(Pair("reason", "INTERNAL"))));
  const std::string name = " hedui.v1.VerificationService VerifyHousehold";
  const auto series = Series();
  EXPECT_THAT(series, Contains(Pair("hedui_rpc_started_total" + name, 4)));
  EXPECT_THAT(series, Contains(Pair("hedui_rpc_handled_total" + name + " OK", 1)));
  EXPECT_THAT(series, Contains(Pair("hedui_rpc_handled_total" + name + " RESOURCE_EXHAUSTED", 2)));
  EXPECT_THAT(
      series,
      Contains(Pair("hedui_rpc_errors_total" + name + " RESOURCE_EXHAUSTED COMMITTER_FULL", 2)));
}

TEST_F(CallLogTest, StrangersCannotFillTheLogAndTheirNumberIsNotLost) {
  const grpc::Status refused = Refused(absl::StatusCode::kUnauthenticated, "NO_CERTIFICATE");
  for (int i = 0; i < kStrangerLinesPerSecond + 90; ++i) Call({}, refused);
  EXPECT_THAT(lines_, SizeIs(kStrangerLinesPerSecond));
  clock_.Advance(absl::Seconds(1));
  Call({}, refused);
  ASSERT_THAT(lines_, SizeIs(kStrangerLinesPerSecond + 1));
  EXPECT_THAT(lines_.back(), Contains(Pair("lines_left_out", "90")));
  Call({}, refused);
  EXPECT_THAT(lines_.back(), Not(Contains(Key("lines_left_out"))));
  EXPECT_THAT(Series(), Contains(Pair("hedui_rpc_errors_total hedui.v1.VerificationService "
                                      "VerifyHousehold UNAUTHENTICATED NO_CERTIFICATE",
                                      kStrangerLinesPerSecond + 92)));
}

TEST_F(CallLogTest, AProbeThatGoesWellIsCountedAndNotLogged) {
  Call({}, grpc::Status::OK);
  EXPECT_THAT(lines_, SizeIs(0));
  EXPECT_THAT(Series(), Contains(Pair("hedui_rpc_handled_total hedui.v1.VerificationService "
                                      "VerifyHousehold OK",
                                      1)));
}

TEST_F(CallLogTest, AgenciesWeKnowAreAlwaysLogged) {
  CallNote note;
  note.agency = "640104-civil-affairs";
  for (int i = 0; i < 2 * kStrangerLinesPerSecond; ++i) {
    Call(note, Refused(absl::StatusCode::kPermissionDenied, "OFFICER_UNKNOWN"));
  }
  EXPECT_THAT(lines_, SizeIs(2 * kStrangerLinesPerSecond));
}

TEST(CallNoteTest, OnlyWhatIsAUuidIsTakenFromARequest) {
  v1::VerifyHouseholdRequest request;
  request.mutable_header()->set_request_id("马志远 640104197905123171");
  EXPECT_EQ(RequestIdOf(request), "");
  request.mutable_header()->set_request_id("0192F0C1-7000-7000-8000-000000000001");
  EXPECT_EQ(RequestIdOf(request), "0192f0c1-7000-7000-8000-000000000001");
}

TEST(CallNoteTest, IdsAreFoundWhereMessagesHaveThem) {
  const std::string id = "0192f0c1-7000-7000-8000-000000000001";
  v1::CreateVerificationRequest create;
  create.mutable_request()->mutable_header()->set_request_id(id);
  EXPECT_EQ(RequestIdOf(create), id);
  v1::GetVerificationRequest get;
  get.set_request_id(id);
  EXPECT_EQ(RequestIdOf(get), id);
  v1::CreateVerificationResponse created;
  created.mutable_verification()->set_verification_id(id);
  EXPECT_EQ(VerificationIdOf(created), id);
  v1::WatchVerificationResponse event;
  EXPECT_EQ(VerificationIdOf(event), "");
  event.mutable_finished()->set_verification_id(id);
  EXPECT_EQ(VerificationIdOf(event), id);
}

}  // namespace
}  // namespace hedui::api
