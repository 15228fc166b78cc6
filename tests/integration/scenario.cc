#include "tests/integration/scenario.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"

namespace hedui::testing {
namespace {

std::string DemoFile(absl::string_view name) {
  auto text = base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/clients/demo/", name));
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  ASSERT_TRUE(file) << path;
}

std::string MakeDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "hedui-test.XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  return pattern;
}

}  // namespace

Scenario::Scenario()
    : directory_(MakeDirectory()),
      platform_tls_(pki_.IssueTls("platform", "hedui://platform/640000")),
      departments_tls_(pki_.IssueTls("departments")),
      log_ed25519_(pki_.IssueLog(KeyType::kEd25519, kOrigin)),
      log_legal_(pki_.IssueLog(KeyType::kSm2, kOrigin)) {
  register_yaml = DemoFile("register.yaml");
  simulation_yaml =
      *base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/adapters/simulated/demo/ningxia.yaml"));
  // The registers' data are of today: older ones would be stale.
  Replace(&simulation_yaml, "data_day: \"2025-03-02\"",
          absl::StrCat("data_day: \"", base::FormatDay(base::CivilDayOf(absl::Now())), "\""));
  catalogue_yaml = DemoFile("catalogue.yaml.in");
  for (absl::string_view line : absl::StrSplit(DemoFile("catalogue.yaml.in"), '\n')) {
    if (absl::StrContains(line, "grpc: {address:")) {
      absl::StrReplaceAll({{line, "    simulated: {file: simulation.yaml}"}}, &catalogue_yaml);
    }
  }
  server_yaml = DemoFile("heduid.yaml");
  absl::StrReplaceAll(
      {{"policies_dir: policies", absl::StrCat("policies_dir: ", HEDUI_SOURCE_DIR, "/policies")},
       {"pki/ca.pem", pki_.ca_path()},
       {"pki/platform.pem", platform_tls_.certificate_path},
       {"pki/platform.key", platform_tls_.key_path},
       {"pki/log-ed25519.key", log_ed25519_.key_path},
       {"pki/log-ed25519.pem", log_ed25519_.certificate_path},
       {"pki/log-sm2.key", log_legal_.key_path},
       {"pki/log-sm2.pem", log_legal_.certificate_path},
       {"pki/kek", "kek"}},
      &server_yaml);
  absl::StrReplaceAll({{"pki/ca.pem", pki_.ca_path()},
                       {"pki/platform.pem", platform_tls_.certificate_path},
                       {"pki/platform.key", platform_tls_.key_path}},
                      &catalogue_yaml);
  absl::StrReplaceAll({{"pki/ca.pem", pki_.ca_path()},
                       {"pki/departments.pem", departments_tls_.certificate_path},
                       {"pki/departments.key", departments_tls_.key_path}},
                      &simulation_yaml);
  EXPECT_TRUE(base::ReadYamlMessage("letters.yaml", DemoFile("letters.yaml"), &letters).ok());
  EXPECT_TRUE(base::ReadYamlMessage("household.yaml", DemoFile("household.yaml"), &household).ok());
}

Scenario::~Scenario() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void Scenario::Replace(std::string* text, absl::string_view from, absl::string_view to) {
  const size_t at = text->find(std::string(from));
  ASSERT_NE(at, std::string::npos) << "nothing to replace: " << from;
  ASSERT_EQ(text->find(std::string(from), at + 1), std::string::npos) << "stands twice: " << from;
  text->replace(at, from.size(), std::string(to));
}

void Scenario::AddToSource(std::string* text, absl::string_view source_id, absl::string_view yaml) {
  const std::string head = absl::StrCat("- id: ", source_id, "\n");
  Replace(text, head, absl::StrCat(head, "    ", yaml, "\n"));
}

void Scenario::UseGrpc(absl::string_view source_id, int port) {
  const size_t head = catalogue_yaml.find(absl::StrCat("- id: ", source_id, "\n"));
  ASSERT_NE(head, std::string::npos) << source_id;
  const std::string simulated = "simulated: {file: simulation.yaml}";
  const size_t at = catalogue_yaml.find(simulated, head);
  ASSERT_NE(at, std::string::npos);
  catalogue_yaml.replace(at, simulated.size(),
                         absl::StrCat("grpc: {address: \"localhost:", port, "\"}"));
}

std::string Scenario::Write() const {
  WriteText(Path("register.yaml"), register_yaml);
  WriteText(Path("catalogue.yaml"), catalogue_yaml);
  WriteText(Path("simulation.yaml"), simulation_yaml);
  WriteText(Path("heduid.yaml"), server_yaml);
  WriteText(Path("kek"), absl::StrCat("1 ", std::string(64, 'a'), "\n"));
  return Path("heduid.yaml");
}

std::string Scenario::Path(absl::string_view name) const {
  return absl::StrCat(directory_, "/", name);
}

std::unique_ptr<store::Store> Scenario::OpenStore(const std::string& sqlite_vfs) {
  store::SqliteStoreOptions options;
  options.directory = Path("store");
  options.key_encryption_key_file = Path("kek");
  options.background_thread = false;
  options.vfs = sqlite_vfs;
  auto store = store::OpenSqlite(options, &ids_);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

std::unique_ptr<clients::Client> Scenario::Connect(int port, absl::string_view agency) {
  const Issued tls = pki_.IssueTls(agency, absl::StrCat("hedui://agency/", agency));
  clients::ClientOptions options;
  options.target = absl::StrCat("localhost:", port);
  options.ca_file = pki_.ca_path();
  options.certificate_file = tls.certificate_path;
  options.key_file = tls.key_path;
  auto client = clients::Client::Connect(options);
  EXPECT_TRUE(client.ok()) << client.status();
  return client.ok() ? *std::move(client) : nullptr;
}

}  // namespace hedui::testing
