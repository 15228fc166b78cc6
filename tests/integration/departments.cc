#include "tests/integration/departments.h"

#include <fstream>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace hedui::testing {
namespace {

// As many as the demo's simulation has.
constexpr int kSources = 11;

}  // namespace

Departments::Departments(Scenario* scenario) : journal_file_(scenario->Path("journal")) {
  absl::StrAppend(&scenario->simulation_yaml, "\njournal_file: ", journal_file_, "\n");
  scenario->Write();
  auto started = ChildProcess::Start(
      {absl::StrCat(HEDUI_BIN_DIR, "/hedui-sim"), "--config", scenario->Path("simulation.yaml")});
  EXPECT_TRUE(started.ok()) << started.status();
  if (!started.ok()) return;
  process_ = *std::move(started);
  for (int i = 0; i < kSources; ++i) {
    const auto line = process_->ReadLine("source ");
    EXPECT_TRUE(line.ok()) << line.status();
    if (!line.ok()) return;
    const std::vector<std::string> parts = absl::StrSplit(*line, ' ');
    int port = 0;
    EXPECT_TRUE(parts.size() == 2 && absl::SimpleAtoi(parts[1], &port)) << *line;
    scenario->UseGrpc(parts[0], port);
  }
  scenario->Write();
}

std::vector<SeenQuery> Departments::TakeJournal() {
  std::ifstream file(journal_file_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(journal_taken_));
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // A line that is being written is taken the next time.
  text.resize(text.rfind('\n') + 1);
  journal_taken_ += text.size();
  std::vector<SeenQuery> queries;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(line, ' ');
    SeenQuery query;
    const bool read = parts.size() == 4 && absl::SimpleAtoi(parts[1], &query.log_index);
    EXPECT_TRUE(read) << line;
    if (!read) continue;
    query.intent_id = parts[0];
    query.source_id = parts[2];
    query.attempt_id = parts[3];
    queries.push_back(std::move(query));
  }
  return queries;
}

int Departments::TakeQueriesTo(const std::string& source_id) {
  int queries = 0;
  for (const SeenQuery& query : TakeJournal()) queries += query.source_id == source_id ? 1 : 0;
  return queries;
}

}  // namespace hedui::testing
