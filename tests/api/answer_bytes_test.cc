#include "server/api/answer_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/api/encode_response.h"

namespace hedui::api {
namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

VerifyResult ResultOf(size_t envelope_bytes, int outcomes) {
  VerifyResult result;
  result.verification_id.bytes[15] = 7;
  result.report_number = "HD-20250303-00";
  result.envelope = std::string(envelope_bytes, 'r');
  for (int i = 0; i < outcomes; ++i) {
    SourceOutcomeView view{"bank", "m1", "deposits", base::AnswerKind::kFound};
    view.elapsed_ms = i - 1;
    if (i % 2 == 1) view.data_day = absl::CivilDay(2025, 3, 2);
    if (i % 3 == 1) view.reason = base::Reason::kLate;
    if (i == 2) view = SourceOutcomeView{.kind = static_cast<base::AnswerKind>(0)};
    result.outcomes.push_back(view);
  }
  return result;
}

TEST(AnswerBytesTest, AreThoseOfTheMessage) {
  // Lengths of one to three bytes, and nothing at all.
  for (const size_t envelope : {size_t{0}, size_t{1}, size_t{127}, size_t{128}, size_t{93'000}}) {
    for (const int outcomes : {0, 1, 40}) {
      const VerifyResult result = ResultOf(envelope, outcomes);
      EXPECT_EQ(BytesOf(EncodeVerifyBytes(result)),
                EncodeVerifyResponse(result).SerializeAsString())
          << envelope << " and " << outcomes;
    }
  }
}

TEST(AnswerBytesTest, OwnTheReport) {
  grpc::ByteBuffer kept;
  {
    const grpc::ByteBuffer made = EncodeVerifyBytes(ResultOf(93'000, 40));
    kept = made;  // another holder of the same slices
  }
  EXPECT_EQ(BytesOf(kept), EncodeVerifyResponse(ResultOf(93'000, 40)).SerializeAsString());
}

}  // namespace
}  // namespace hedui::api
