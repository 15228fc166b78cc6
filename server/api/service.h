// One service of the wire: its generated half and the handlers of its methods, which turn messages
// into questions to a room and the room's answers into messages.
//
// Made before the server, destroyed after it; handlers run on the loops' threads.
#ifndef HEDUI_SERVER_API_SERVICE_H_
#define HEDUI_SERVER_API_SERVICE_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "server/api/call_limits.h"
#include "server/api/call_log.h"
#include "server/api/door.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui {
class Corrector;
class PolicyDesk;
class RecallDesk;
class Registrar;
class ReportDesk;
class SourceDesk;
class Verifier;
}  // namespace hedui

namespace hedui::api {

class HealthBook;
class PageTokens;

// Calls of one method that wait on each loop: a burst finds a few ready while the next are being
// set up.
inline constexpr int kWaitingCallsPerMethod = 16;

class Service {
 public:
  explicit Service(CallLimits* limits) : limits_(limits) {}
  virtual ~Service() = default;
  // Its name on the wire: "hedui.v1.ReportService".
  virtual const char* name() const = 0;
  // For the server's builder.
  virtual grpc::Service* generated() = 0;

  // Before calls come: what becomes of them is noted there.
  void SetLog(CallLog* log) {
    for (MethodRecord& record : records_) record.SetLog(log, name());
  }

  // Once for each loop, after the server has been built.
  void AwaitCalls(runtime::GrpcEventLoop* loop) const {
    for (int i = 0; i < kWaitingCallsPerMethod; ++i) {
      for (const auto& await : methods_) await(loop);
    }
  }

 protected:
  // One method: `request` is the generated Request<Method> of `service`.
  template <typename Call, typename Generated, typename RequestMethod>
  void Add(const char* name, Generated* service, RequestMethod request,
           typename Call::Handler handle) {
    auto method = std::make_shared<typename Call::Method>();
    method->record = &records_.emplace_back(name);
    method->path = absl::StrCat("/", this->name(), "/", name);
    method->limits = limits_;
    method->accept = [service, request](grpc::ServerContext* context, auto* message, auto* writer,
                                        grpc::CompletionQueue* calls,
                                        grpc::ServerCompletionQueue* notices, void* tag) {
      if constexpr (requires { (service->*request)(context, writer, calls, notices, tag); }) {
        (service->*request)(context, writer, calls, notices, tag);  // requests come later
      } else {
        (service->*request)(context, message, writer, calls, notices, tag);
      }
    };
    method->handle = std::move(handle);
    methods_.push_back([method](runtime::GrpcEventLoop* loop) { Call::Await(loop, method.get()); });
  }

 private:
  CallLimits* const limits_;
  std::deque<MethodRecord> records_;  // of each method; they stay where they are
  std::vector<std::function<void(runtime::GrpcEventLoop*)>> methods_;
};

// Borrowed objects outlive the service.
std::unique_ptr<Service> MakeVerificationService(CallLimits* limits, const Door* door,
                                                 const PageTokens* tokens, Verifier* verifier);
std::unique_ptr<Service> MakeReportService(CallLimits* limits, const Door* door, Verifier* verifier,
                                           Corrector* corrector, ReportDesk* desk);
std::unique_ptr<Service> MakeFindingService(CallLimits* limits, const Door* door,
                                            Corrector* corrector);
std::unique_ptr<Service> MakeAuthorizationService(CallLimits* limits, const Door* door,
                                                  const PageTokens* tokens, Registrar* registrar);
std::unique_ptr<Service> MakePolicyService(CallLimits* limits, const Door* door,
                                           const PageTokens* tokens, PolicyDesk* desk);
std::unique_ptr<Service> MakeSourceAdminService(CallLimits* limits, const Door* door,
                                                const PageTokens* tokens, SourceDesk* desk,
                                                RecallDesk* recalls);
std::unique_ptr<Service> MakeHealthService(CallLimits* limits, const Door* door,
                                           HealthBook* health);
// `services`: the names of all that are served, itself among them.
std::unique_ptr<Service> MakeReflectionService(CallLimits* limits, const Door* door,
                                               std::vector<std::string> services);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_SERVICE_H_
