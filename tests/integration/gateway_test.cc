// Calls through a gateway in front, over real connections: who the platform takes the caller for.
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "hedui/v1/errors.pb.h"
#include "hedui/v1/reports.grpc.pb.h"
#include "hedui/v1/verification.grpc.pb.h"
#include "server/base/digest.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

constexpr char kGetReport[] = "/hedui.v1.ReportService/GetReport";

std::string ReasonIn(const grpc::Status& status) {
  v1::RichStatus rich;
  rich.ParseFromString(status.error_details());
  for (const google::protobuf::Any& detail : rich.details()) {
    v1::ErrorInfo info;
    if (detail.type_url() == "type.googleapis.com/google.rpc.ErrorInfo" &&
        info.ParseFromString(detail.value())) {
      return info.reason();
    }
  }
  return absl::StrCat("code ", status.error_code());
}

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() : header_key_(HeaderKey()), listed_(scenario_.pki().IssueTls("listed")) {
    Scenario::Replace(&scenario_.register_yaml, "    purposes: [social_assistance]\n",
                      absl::StrCat("    purposes: [social_assistance]\n    certificate_digests: [",
                                   DigestOf(listed_), "]\n"));
    // What docs/gateways.md writes down with openssl's own tools.
    scenario_.register_yaml += absl::StrCat("gateways:\n  - code: tlcp-front\n    header_keys: [",
                                            base::Base64Encode(PublicKeyOf(header_key_)),
                                            "]\n    agencies: [", kAgency, "]\n");
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
  }

  Issued HeaderKey() {
    CertificateRequest request;
    request.name = "header-key";
    request.key = KeyType::kSm2;
    return scenario_.pki().Issue(request);
  }

  // SHA-256 of the DER form, as the register has it.
  static std::string DigestOf(const Issued& issued) {
    std::string base64;
    for (absl::string_view line : absl::StrSplit(issued.certificate_pem, '\n')) {
      if (!absl::StartsWith(line, "-----")) absl::StrAppend(&base64, line);
    }
    return base::HexEncode(base::Sha256(*base::Base64Decode(base64)));
  }

  std::unique_ptr<v1::ReportService::Stub> Connect(const std::string& uri) {
    return Connect(scenario_.pki().IssueTls("caller", uri));
  }
  std::unique_ptr<v1::ReportService::Stub> Connect(const Issued& pair) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = scenario_.pki().ca_pem();
    tls.pem_cert_chain = pair.certificate_pem;
    tls.pem_private_key = pair.key_pem;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::ReportService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("localhost:", platform_->port()), grpc::SslCredentials(tls), arguments));
  }

  std::string Header(const std::string& nonce, const std::string& method = kGetReport,
                     absl::Duration ago = absl::ZeroDuration()) {
    const int64_t ms = absl::ToUnixMillis(absl::Now() - ago);
    const std::string text = absl::StrCat("hedui-identity-v1\n640000\n", method, "\n", kAgency,
                                          "\n", ms, "\n", nonce, "\n");
    return absl::StrCat("v=1;agency=", kAgency, ";time=", ms, ";nonce=", nonce,
                        ";sig=", base::Base64Encode(SignText(header_key_, text)));
  }

  // "OK" when the platform knows who asks; the reason otherwise.
  static std::string Ask(v1::ReportService::Stub& stub, const std::vector<std::string>& headers) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    for (const std::string& header : headers) context.AddMetadata("hedui-identity", header);
    v1::GetReportRequest request;
    request.set_officer("XQ-0107");
    request.set_request_id("00000000-0000-4000-8000-000000000000");
    v1::GetReportResponse response;
    const grpc::Status status = stub.GetReport(&context, request, &response);
    return status.error_code() == grpc::StatusCode::NOT_FOUND ? "OK" : ReasonIn(status);
  }

  const std::string nonce_ = std::string(32, 'a');
  const std::string other_nonce_ = std::string(32, 'b');
  Scenario scenario_;
  const Issued header_key_;
  const Issued listed_;
  std::unique_ptr<RunningPlatform> platform_;
};

TEST_F(GatewayTest, ItsSignedHeaderNamesTheAgencyOnceForOneMethod) {
  const auto gateway = Connect("hedui://gateway/tlcp-front");
  const std::string header = Header(nonce_);
  EXPECT_EQ(Ask(*gateway, {header}), "OK");
  EXPECT_EQ(Ask(*gateway, {header}), "IDENTITY_HEADER_REPLAYED");
  EXPECT_EQ(Ask(*Connect("hedui://gateway/tlcp-front"), {header}), "IDENTITY_HEADER_REPLAYED")
      << "on another connection neither";
  EXPECT_EQ(Ask(*gateway, {Header(other_nonce_, "/hedui.v1.ReportService/CheckReport")}),
            "IDENTITY_HEADER_SIGNATURE");
  EXPECT_EQ(Ask(*gateway, {Header(other_nonce_, kGetReport, absl::Minutes(2))}),
            "IDENTITY_HEADER_STALE");
  EXPECT_EQ(Ask(*gateway, {Header(other_nonce_)}), "OK");
}

TEST_F(GatewayTest, WithoutItTheGatewayIsNobody) {
  const auto gateway = Connect("hedui://gateway/tlcp-front");
  EXPECT_EQ(Ask(*gateway, {}), "IDENTITY_HEADER_MISSING");
  EXPECT_EQ(Ask(*gateway, {Header(nonce_), Header(other_nonce_)}), "IDENTITY_HEADER_MALFORMED");
  EXPECT_EQ(Ask(*gateway, {"agency"}), "IDENTITY_HEADER_MALFORMED");
}

TEST_F(GatewayTest, FromOthersItIsRefused) {
  const auto agency = Connect(absl::StrCat("hedui://agency/", kAgency));
  EXPECT_EQ(Ask(*agency, {}), "OK");
  EXPECT_EQ(Ask(*agency, {Header(nonce_)}), "IDENTITY_HEADER_NOT_ALLOWED");
  EXPECT_EQ(Ask(*Connect("hedui://gateway/unlisted"), {Header(nonce_)}), "GATEWAY_UNKNOWN");
}

TEST_F(GatewayTest, AnAgencysCertificateMayBeListedInstead) {
  EXPECT_EQ(Ask(*Connect(listed_), {}), "OK");
  EXPECT_EQ(Ask(*Connect(scenario_.pki().IssueTls("listed")), {}), "NO_AGENCY_IDENTITY");
}

// A call is answered NOT_FOUND by the handler, not refused at the door: streams too.
TEST_F(GatewayTest, StreamsAreNamedAsWell) {
  const Issued pair = scenario_.pki().IssueTls("caller", "hedui://gateway/tlcp-front");
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = scenario_.pki().ca_pem();
  tls.pem_cert_chain = pair.certificate_pem;
  tls.pem_private_key = pair.key_pem;
  const auto stub = v1::VerificationService::NewStub(grpc::CreateChannel(
      absl::StrCat("localhost:", platform_->port()), grpc::SslCredentials(tls)));
  v1::WatchVerificationRequest request;
  request.set_officer("XQ-0107");
  request.set_request_id("00000000-0000-4000-8000-000000000000");
  for (const bool named : {true, false}) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    if (named) {
      context.AddMetadata("hedui-identity",
                          Header(nonce_, "/hedui.v1.VerificationService/WatchVerification"));
    }
    const auto stream = stub->WatchVerification(&context, request);
    v1::WatchVerificationResponse event;
    EXPECT_FALSE(stream->Read(&event));
    EXPECT_EQ(stream->Finish().error_code(),
              named ? grpc::StatusCode::NOT_FOUND : grpc::StatusCode::UNAUTHENTICATED);
  }
}

}  // namespace
}  // namespace hedui::testing
