// Report envelopes: checked, shown as text and JSON, and disclosed in part. The log of the corpus
// holds one report: whatever is called valid shows its lines and no others.
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/utf8.h"
#include "server/ledger/trust.h"
#include "server/report/render.h"
#include "server/report/report_builder.h"
#include "server/report/report_check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

namespace v1 = report::v1;

struct Known {
  std::unique_ptr<ledger::LogTrust> trust;
  v1::Envelope envelope;
};

const Known& TheKnown() {
  static const auto* const known = [] {
    auto trust = ledger::LogTrust::FromPem(ReadSourceFile("tests/fuzz/known/report_authority.pem"));
    Require(trust.ok(), "the authority is read");
    auto* made = new Known{*std::move(trust), {}};
    Require(made->envelope.ParseFromString(ReadSourceFile("tests/fuzz/corpus/report/valid")),
            "the report is read");
    return made;
  }();
  return *known;
}

// Nothing that a screen obeys, and nothing that is no text.
void CheckShown(const std::string& text) {
  Require(base::IsUtf8(text), "what is shown is UTF-8");
  for (const char c : text) {
    Require(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "no control characters are shown");
  }
}

void CheckValid(const report::CheckResult& result, absl::string_view bytes) {
  v1::Envelope envelope;
  Require(result.failures.empty() && envelope.ParseFromString(std::string(bytes)),
          "a valid report can be read");
  const v1::Envelope& issued = TheKnown().envelope;
  Require(envelope.lines_size() == issued.lines_size(), "a valid report has the lines issued");
  for (int i = 0; i < envelope.lines_size(); ++i) {
    const std::string& line = envelope.lines(i).line();
    Require(line.empty() || line == issued.lines(i).line(), "a valid line is as it was issued");
  }
  const auto some = report::Disclose(bytes, {});
  Require(some.ok(), "a valid report can be disclosed in part");
  Require(report::CheckReport(*some, *TheKnown().trust).verdict == report::Verdict::kValid,
          "its part is valid too");
}

// A line is a message within the message: half of the changes go into one.
size_t MutateEnvelope(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  v1::Envelope envelope;
  std::minstd_rand random(seed + 1);
  if (random() % 2 == 0 || !envelope.ParseFromArray(data, static_cast<int>(size)) ||
      envelope.lines().empty()) {
    return MutateMessage(&envelope, data, size, max_size, seed);
  }
  v1::SealedLine* sealed = envelope.mutable_lines(
      static_cast<int>(random() % static_cast<unsigned>(envelope.lines_size())));
  v1::Line line;
  if (line.ParseFromString(sealed->line())) {
    ChangeMessage(&random, &line);
    sealed->set_line(line.SerializeAsString());
  }
  const std::string bytes = envelope.SerializeAsString();
  if (bytes.size() > max_size) return size;
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  return hedui::testing::MutateEnvelope(data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  const absl::string_view bytes = testing::TextOf(data, size);
  (void)report::ReportIdOfNumber(bytes);
  const report::CheckResult result = report::CheckReport(bytes, *testing::TheKnown().trust);
  for (const std::string& failure : result.failures) testing::CheckShown(failure);
  testing::CheckShown(result.report_number);
  const auto text = report::RenderText(bytes);
  const auto json = report::RenderJson(bytes);
  Require(text.ok() == json.ok(), "both forms can be shown or none");
  testing::RequireNoNumbers(text.status(), bytes);
  if (text.ok()) {
    testing::CheckShown(*text);
    testing::CheckShown(*json);
  }
  if (result.verdict == report::Verdict::kValid) {
    Require(text.ok(), "a valid report can be shown");
    testing::CheckValid(result, bytes);
  } else {
    Require(!result.failures.empty(), "what is not valid says why");
    (void)report::Disclose(bytes, {1, 2});
  }
  return 0;
}
