// The C++ client library: one connection to a hedui platform over mutual TLS, blocking calls.
//
// Thread-safe after Connect. Limits: the platform's (docs in proto/hedui/v1). Errors are
// absl::Status with the canonical code, the platform's text and its stable reason (base::ReasonOf);
// texts carry no personal data.
#ifndef HEDUI_CLIENTS_CPP_CLIENT_H_
#define HEDUI_CLIENTS_CPP_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/finding.pb.h"
#include "hedui/v1/policy.pb.h"
#include "hedui/v1/reports.pb.h"
#include "hedui/v1/source_admin.pb.h"
#include "hedui/v1/verification.pb.h"

namespace hedui::clients {

struct ClientOptions {
  std::string target;            // "host:port"
  std::string ca_file;           // PEM: who issues the platform's certificate
  std::string certificate_file;  // PEM: the agency's certificate and chain
  std::string key_file;          // PEM: its key
  std::string server_name;  // expected name in the platform's certificate; empty: the target's host
};

class Client {
 public:
  // Reads the files; connects lazily. NOT_FOUND when a file is missing.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const ClientOptions& options);
  ~Client();

  // Whether the platform takes calls of this service; empty: at all. NOT_FOUND: it has no such
  // service. Needs a certificate, and no officer.
  absl::StatusOr<bool> IsServing(const std::string& service, absl::Duration timeout);
  absl::StatusOr<v1::RegisterAuthorizationsResponse> RegisterAuthorizations(
      const v1::RegisterAuthorizationsRequest& request, absl::Duration timeout);
  absl::StatusOr<v1::RevokeAuthorizationResponse> RevokeAuthorization(
      const v1::RevokeAuthorizationRequest& request, absl::Duration timeout);
  absl::StatusOr<v1::MonitorMatterResponse> MonitorMatter(const v1::MonitorMatterRequest& request,
                                                          absl::Duration timeout);
  absl::StatusOr<v1::CloseMatterResponse> CloseMatter(const v1::CloseMatterRequest& request,
                                                      absl::Duration timeout);
  absl::StatusOr<v1::GetMatterResponse> GetMatter(const v1::GetMatterRequest& request,
                                                  absl::Duration timeout);
  // One page; the next is asked for with its next_page_token. A page may be empty and have one.
  absl::StatusOr<v1::ListMattersResponse> ListMatters(const v1::ListMattersRequest& request,
                                                      absl::Duration timeout);
  // `timeout` is also what the platform lets its sources take, less a reserve.
  absl::StatusOr<v1::VerifyHouseholdResponse> VerifyHousehold(
      const v1::VerifyHouseholdRequest& request, absl::Duration timeout);
  // Answered once the verification is durable.
  absl::StatusOr<v1::CreateVerificationResponse> CreateVerification(
      const v1::CreateVerificationRequest& request, absl::Duration timeout);
  absl::StatusOr<v1::GetVerificationResponse> GetVerification(
      const v1::GetVerificationRequest& request, absl::Duration timeout);
  // One page, as ListMatters.
  absl::StatusOr<v1::ListVerificationsResponse> ListVerifications(
      const v1::ListVerificationsRequest& request, absl::Duration timeout);
  // Blocks until the report is there, or with until_settled until no later one is waited for; gives
  // the last. `on_outcome` is called on this thread for each outcome as it comes, `on_report` for
  // each report. DATA_LOSS (STREAM_CUT) when the stream ends without a report.
  absl::StatusOr<v1::VerifyHouseholdResponse> WatchVerification(
      const v1::WatchVerificationRequest& request, absl::Duration timeout,
      const std::function<void(const v1::SourceOutcome&)>& on_outcome,
      const std::function<void(const v1::VerifyHouseholdResponse&)>& on_report = nullptr);
  absl::StatusOr<v1::CancelVerificationResponse> CancelVerification(
      const v1::CancelVerificationRequest& request, absl::Duration timeout);
  absl::StatusOr<v1::GetReportResponse> GetReport(const v1::GetReportRequest& request,
                                                  absl::Duration timeout);
  absl::StatusOr<v1::GetReportStatusResponse> GetReportStatus(
      const v1::GetReportStatusRequest& request, absl::Duration timeout);
  absl::StatusOr<v1::ListReportsResponse> ListReports(const v1::ListReportsRequest& request,
                                                      absl::Duration timeout);
  absl::StatusOr<v1::CheckReportResponse> CheckReport(const v1::CheckReportRequest& request,
                                                      absl::Duration timeout);
  absl::StatusOr<v1::AnnulReportResponse> AnnulReport(const v1::AnnulReportRequest& request,
                                                      absl::Duration timeout);
  absl::StatusOr<v1::RecordFindingResponse> RecordFinding(const v1::RecordFindingRequest& request,
                                                          absl::Duration timeout);
  absl::StatusOr<v1::ResolveAmbiguousResponse> ResolveAmbiguous(
      const v1::ResolveAmbiguousRequest& request, absl::Duration timeout);

  // One page, as ListMatters.
  absl::StatusOr<v1::ListPolicySetsResponse> ListPolicySets(
      const v1::ListPolicySetsRequest& request, absl::Duration timeout);
  absl::StatusOr<v1::GetPolicySetResponse> GetPolicySet(const v1::GetPolicySetRequest& request,
                                                        absl::Duration timeout);
  absl::StatusOr<v1::LintPoliciesResponse> LintPolicies(const v1::LintPoliciesRequest& request,
                                                        absl::Duration timeout);
  absl::StatusOr<v1::EvaluateResponse> Evaluate(const v1::EvaluateRequest& request,
                                                absl::Duration timeout);

  absl::StatusOr<v1::ListSourcesResponse> ListSources(const v1::ListSourcesRequest& request,
                                                      absl::Duration timeout);
  absl::StatusOr<v1::GetSourceQualityResponse> GetSourceQuality(
      const v1::GetSourceQualityRequest& request, absl::Duration timeout);
  // In force when answered.
  absl::StatusOr<v1::HoldSourceResponse> HoldSource(const v1::HoldSourceRequest& request,
                                                    absl::Duration timeout);
  absl::StatusOr<v1::ReleaseSourceResponse> ReleaseSource(const v1::ReleaseSourceRequest& request,
                                                          absl::Duration timeout);
  // One page, as ListMatters.
  absl::StatusOr<v1::ListReportsUsingResponse> ListReportsUsing(
      const v1::ListReportsUsingRequest& request, absl::Duration timeout);
  // Durable when answered; it goes on by itself.
  absl::StatusOr<v1::ReverifyReportsResponse> ReverifyReports(
      const v1::ReverifyReportsRequest& request, absl::Duration timeout);
  absl::StatusOr<v1::GetRecallResponse> GetRecall(const v1::GetRecallRequest& request,
                                                  absl::Duration timeout);

 private:
  struct Stubs;
  explicit Client(std::unique_ptr<Stubs> stubs);
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace hedui::clients

#endif  // HEDUI_CLIENTS_CPP_CLIENT_H_
