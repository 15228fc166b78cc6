// Options that every verb talking to a platform shares: --server, --ca, --cert, --key,
// --server-name, --timeout.
#ifndef HEDUI_CLIENTS_CLI_CONNECTION_H_
#define HEDUI_CLIENTS_CLI_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "clients/cpp/client.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI
namespace google::protobuf {
class Message;
}

namespace hedui::clients {

struct Connection {
  ClientOptions options;
  int timeout_s = 60;

  void AddTo(CLI::App& verb);
  // For a verb that also works without a platform: nothing is required, and only --server on the
  // command line, which is returned, says that one is meant.
  CLI::Option* AddOptionalTo(CLI::App& verb);
  absl::Duration timeout() const { return absl::Seconds(timeout_s); }
};

// Print an error on stderr: what, where, reason. Return the exit code: of what the platform (or an
// assessment) refuses, or of what lies here and cannot be read or used.
int Refused(const absl::Status& status);
int Unreadable(const absl::Status& status);
// Says on stderr that a page came upon so many rows that the platform cannot read.
void WarnOfUnreadable(int64_t rows);
// Enum value names of the wire carry their type: "ANSWER_KIND_FOUND" is printed as FOUND.
std::string Bare(const std::string& name, const std::string& prefix);
// Writes an envelope and says so. The exit code.
int SaveEnvelope(const std::string& path, const std::string& bytes);
// Reads a request written in YAML with the message's field names; prints what is wrong with it.
bool ReadRequest(const std::string& path, google::protobuf::Message* message);

}  // namespace hedui::clients

#endif  // HEDUI_CLIENTS_CLI_CONNECTION_H_
