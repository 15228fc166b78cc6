#include "clients/cli/connection.h"

#include <fstream>
#include <iostream>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"
#include "server/base/status.h"
#include "server/base/yaml_message.h"

namespace hedui::clients {
namespace {

void Print(const absl::Status& status) {
  std::cerr << "hedui: " << absl::StatusCodeToString(status.code()) << " ("
            << base::ReasonOf(status) << "): " << status.message() << "\n";
}

}  // namespace

void Connection::AddTo(CLI::App& verb) {
  AddOptionalTo(verb)->required()->envname("HEDUI_SERVER");
  for (const char* name : {"--ca", "--cert", "--key"}) verb.get_option(name)->required();
}

CLI::Option* Connection::AddOptionalTo(CLI::App& verb) {
  CLI::Option* const server = verb.add_option("--server", options.target, "platform, HOST:PORT");
  verb.add_option("--ca", options.ca_file, "PEM: who issues the platform's certificate")
      ->envname("HEDUI_CA");
  verb.add_option("--cert", options.certificate_file, "PEM: the agency's certificate")
      ->envname("HEDUI_CERT");
  verb.add_option("--key", options.key_file, "PEM: its key")->envname("HEDUI_KEY");
  verb.add_option("--server-name", options.server_name,
                  "name expected in the platform's certificate");
  verb.add_option("--timeout", timeout_s, "seconds")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  return server;
}

int Refused(const absl::Status& status) {
  Print(status);
  return kExitNotValid;
}

int Unreadable(const absl::Status& status) {
  Print(status);
  return kExitUnreadable;
}

void WarnOfUnreadable(int64_t rows) {
  if (rows == 0) return;
  std::cerr << "hedui: " << rows << " more cannot be read by the platform; its log says why\n";
}

std::string Bare(const std::string& name, const std::string& prefix) {
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

bool ReadRequest(const std::string& path, google::protobuf::Message* message) {
  const absl::Status read = base::ReadYamlMessageFile(path, message);
  if (!read.ok()) std::cerr << "hedui: " << read.message() << "\n";
  return read.ok();
}

int SaveEnvelope(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    std::cerr << "hedui: cannot write " << path << "\n";
    return kExitUnreadable;
  }
  std::cout << "envelope saved: " << path << "\n";
  return kExitDone;
}

}  // namespace hedui::clients
