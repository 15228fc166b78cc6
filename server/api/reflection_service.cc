#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/api/dialogue_call.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"
#include "server/runtime/slots.h"

namespace hedui::api {
namespace {

namespace wire = grpc::reflection::v1alpha;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using Info = DialogueCall<wire::ServerReflectionRequest, wire::ServerReflectionResponse>;

// A tool asks for the services and a few files; one that asks for every name of ours, some
// hundreds.
constexpr int kRequestsMax = 1'000;
// At once, since they are no agency's: people who try things out.
constexpr size_t kStreamsMax = 100;

absl::Status TooMuch(absl::string_view reason, absl::string_view text) {
  return base::WithRetryAfter(base::MakeError(absl::StatusCode::kResourceExhausted, reason, text),
                              base::kRoomRetryAfter);
}

// `file` and all it imports, each once, itself first.
void AddWithImports(const FileDescriptor* file, std::vector<const FileDescriptor*>* files,
                    std::set<const FileDescriptor*>* seen) {
  if (!seen->insert(file).second) return;
  files->push_back(file);
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddWithImports(file->dependency(i), files, seen);
  }
}

std::vector<const FileDescriptor*> WithImports(const FileDescriptor* file) {
  std::vector<const FileDescriptor*> files;
  std::set<const FileDescriptor*> seen;
  AddWithImports(file, &files, &seen);
  return files;
}

// The services served and the files they need. This program knows more, such as its configuration,
// which is nobody else's.
class Definitions {
 public:
  explicit Definitions(std::vector<std::string> services) : services_(std::move(services)) {
    for (const std::string& name : services_) {
      const FileDescriptor* const defined = pool_.FindFileContainingSymbol(name);
      if (defined == nullptr) continue;  // gRPC's own, of which we have no file
      for (const FileDescriptor* file : WithImports(defined)) {
        google::protobuf::FileDescriptorProto proto;
        file->CopyTo(&proto);
        bytes_.try_emplace(file, proto.SerializeAsString());
      }
    }
  }

  wire::ServerReflectionResponse Answer(const wire::ServerReflectionRequest& request) const {
    wire::ServerReflectionResponse response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case wire::ServerReflectionRequest::kFileByFilename:
        AddFile(pool_.FindFileByName(request.file_by_filename()), &response);
        break;
      case wire::ServerReflectionRequest::kFileContainingSymbol:
        AddFile(pool_.FindFileContainingSymbol(request.file_containing_symbol()), &response);
        break;
      case wire::ServerReflectionRequest::kListServices:
        for (const std::string& name : services_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      case wire::ServerReflectionRequest::kFileContainingExtension:
      case wire::ServerReflectionRequest::kAllExtensionNumbersOfType:
        SetError(grpc::StatusCode::UNIMPLEMENTED, "there are no extensions here", &response);
        break;
      case wire::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
        SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", &response);
        break;
    }
    return response;
  }

 private:
  static void SetError(grpc::StatusCode code, const char* text,
                       wire::ServerReflectionResponse* response) {
    response->mutable_error_response()->set_error_code(code);
    response->mutable_error_response()->set_error_message(text);
  }

  void AddFile(const FileDescriptor* file, wire::ServerReflectionResponse* response) const {
    if (file == nullptr || !bytes_.contains(file)) {
      return SetError(grpc::StatusCode::NOT_FOUND, "nothing served here is of this name", response);
    }
    for (const FileDescriptor* needed : WithImports(file)) {
      response->mutable_file_descriptor_response()->add_file_descriptor_proto(bytes_.at(needed));
    }
  }

  const DescriptorPool& pool_ = *DescriptorPool::generated_pool();
  const std::vector<std::string> services_;
  absl::flat_hash_map<const FileDescriptor*, std::string> bytes_;
};

class ReflectionService final : public Service {
 public:
  ReflectionService(CallLimits* limits, const Door* door, std::vector<std::string> services)
      : Service(limits), door_(*door), definitions_(std::move(services)) {
    Add<Info>("ServerReflectionInfo", &service_,
              &wire::ServerReflection::AsyncService::RequestServerReflectionInfo,
              [this](std::shared_ptr<Info> call) { OnInfo(call); });
  }

  const char* name() const override { return wire::ServerReflection::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  void OnInfo(const std::shared_ptr<Info>& call) {
    const absl::Status admitted = door_.CheckCertificate(call->context());
    if (!admitted.ok()) return call->Refuse(ToWire(admitted));
    auto place = streams_.TryReserve(1);
    if (!place.has_value()) {
      return call->Refuse(ToWire(TooMuch(
          "REFLECTION_STREAMS", "too many ask for definitions at once; ask a little later")));
    }
    call->Keep(std::make_shared<runtime::Reservation>(*std::move(place)));
    call->AnswerEach(
        kRequestsMax,
        ToWire(TooMuch("REFLECTION_REQUESTS", "this stream has asked enough; begin another")),
        [this](const wire::ServerReflectionRequest& request) {
          return definitions_.Answer(request);
        });
  }

  const Door& door_;
  const Definitions definitions_;
  runtime::Slots streams_{kStreamsMax};
  wire::ServerReflection::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeReflectionService(CallLimits* limits, const Door* door,
                                               std::vector<std::string> services) {
  return std::make_unique<ReflectionService>(limits, door, std::move(services));
}

}  // namespace hedui::api
