#include "tests/structure/proto_comments.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hedui::testing {
namespace {

namespace pb = google::protobuf;
using File = pb::FileDescriptorProto;
using Message = pb::DescriptorProto;

// Where a definition stands in the tree of descriptors: field numbers and indexes in turn.
using Path = std::vector<int>;

Path Below(const Path& path, int field, int index) {
  Path below = path;
  below.insert(below.end(), {field, index});
  return below;
}

class Walk {
 public:
  explicit Walk(const File& file) {
    for (const pb::SourceCodeInfo::Location& location : file.source_code_info().location()) {
      locations_[Path(location.path().begin(), location.path().end())] = &location;
    }
    for (int i = 0; i < file.message_type_size(); ++i) {
      VisitMessage({File::kMessageTypeFieldNumber, i}, file.message_type(i), "");
    }
    for (int i = 0; i < file.enum_type_size(); ++i) {
      VisitEnum({File::kEnumTypeFieldNumber, i}, file.enum_type(i), "");
    }
    for (int i = 0; i < file.service_size(); ++i) {
      VisitService({File::kServiceFieldNumber, i}, file.service(i));
    }
  }

  std::vector<std::pair<int, std::string>> found;  // line from 1, text

 private:
  void VisitMessage(const Path& path, const Message& message, const std::string& scope) {
    const std::string name = absl::StrCat(scope, message.name());
    Expect(path, "message", name);
    const std::string inside = name + ".";
    for (int i = 0; i < message.field_size(); ++i) {
      Expect(Below(path, Message::kFieldFieldNumber, i), "field", inside + message.field(i).name());
    }
    for (int i = 0; i < message.oneof_decl_size(); ++i) {
      Expect(Below(path, Message::kOneofDeclFieldNumber, i), "oneof",
             inside + message.oneof_decl(i).name());
    }
    for (int i = 0; i < message.nested_type_size(); ++i) {
      // A map's entries are not written by anybody.
      if (message.nested_type(i).options().map_entry()) continue;
      VisitMessage(Below(path, Message::kNestedTypeFieldNumber, i), message.nested_type(i), inside);
    }
    for (int i = 0; i < message.enum_type_size(); ++i) {
      VisitEnum(Below(path, Message::kEnumTypeFieldNumber, i), message.enum_type(i), inside);
    }
  }

  void VisitEnum(const Path& path, const pb::EnumDescriptorProto& type, const std::string& scope) {
    const std::string name = absl::StrCat(scope, type.name());
    Expect(path, "enum", name);
    for (int i = 0; i < type.value_size(); ++i) {
      Expect(Below(path, pb::EnumDescriptorProto::kValueFieldNumber, i), "value",
             absl::StrCat(name, ".", type.value(i).name()));
    }
  }

  void VisitService(const Path& path, const pb::ServiceDescriptorProto& service) {
    Expect(path, "service", service.name());
    for (int i = 0; i < service.method_size(); ++i) {
      Expect(Below(path, pb::ServiceDescriptorProto::kMethodFieldNumber, i), "rpc",
             absl::StrCat(service.name(), ".", service.method(i).name()));
    }
  }

  void Expect(const Path& path, absl::string_view kind, const std::string& name) {
    const auto at = locations_.find(path);
    const bool known = at != locations_.end();
    if (known && !absl::StripAsciiWhitespace(at->second->leading_comments()).empty()) return;
    found.emplace_back(known ? at->second->span(0) + 1 : 1,
                       absl::StrCat(kind, " ", name, " has no comment"));
  }

  std::map<Path, const pb::SourceCodeInfo::Location*> locations_;
};

}  // namespace

std::vector<std::string> FindUncommented(const File& file) {
  std::vector<std::pair<int, std::string>> found = Walk(file).found;
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> lines;
  for (const auto& [line, what] : found) {
    lines.push_back(absl::StrCat(file.name(), ":", line, ": ", what));
  }
  return lines;
}

}  // namespace hedui::testing
