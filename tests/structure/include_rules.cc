#include "tests/structure/include_rules.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kSameFolder = "SAME_FOLDER";

std::string Folder(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(path.substr(0, slash == absl::string_view::npos ? 0 : slash));
}

bool IsProjectHeader(absl::string_view path) {
  return absl::StartsWith(path, "server/") || absl::StartsWith(path, "adapters/") ||
         absl::StartsWith(path, "clients/");
}

bool IsSource(const fs::path& path) {
  static const std::set<std::string>* const extensions =
      new std::set<std::string>{".h", ".cc", ".inc", ".hpp", ".cpp", ".cxx", ".c"};
  return extensions->count(path.extension().string()) > 0;
}

// The includes of the tree's files, read once.
class Tree {
 public:
  explicit Tree(const std::string& root) : root_(root) {
    for (const char* top : {"server", "adapters", "clients"}) {
      const fs::path folder = fs::path(root) / top;
      if (!fs::exists(folder)) continue;
      for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file() || !IsSource(entry.path())) continue;
        const std::string name = fs::relative(entry.path(), root).generic_string();
        const auto text = base::ReadFile(entry.path().string());
        files_[name] = text.ok() ? ReadIncludes(*text) : std::vector<Include>{};
      }
    }
  }

  const std::map<std::string, std::vector<Include>>& files() const { return files_; }

  // `header` and every project header it includes, directly or not.
  const std::set<std::string>& Reach(const std::string& header) {
    const auto [known, inserted] = reach_.try_emplace(header);
    if (!inserted) return known->second;
    std::vector<std::string> waiting{header};
    while (!waiting.empty()) {
      const std::string next = std::move(waiting.back());
      waiting.pop_back();
      if (!known->second.insert(next).second) continue;
      const auto file = files_.find(next);
      if (file == files_.end()) continue;
      for (const Include& include : file->second) {
        if (IsProjectHeader(include.path)) waiting.push_back(include.path);
      }
    }
    return known->second;
  }

  bool Exists(const std::string& path) const { return fs::exists(fs::path(root_) / path); }

 private:
  const std::string root_;
  std::map<std::string, std::vector<Include>> files_;
  std::map<std::string, std::set<std::string>> reach_;
};

bool IsAllowed(const IncludeRule& rule, const std::string& file, const std::string& include,
               Tree* tree) {
  for (const std::string& allowed : rule.allowed) {
    if (allowed == kSameFolder) {
      if (absl::StartsWith(include, Folder(file) + "/")) return true;
    } else if (allowed.front() == '+') {
      if (tree->Reach(allowed.substr(1)).count(include) > 0) return true;
    } else if (GlobMatches(allowed, include)) {
      return true;
    }
  }
  return false;
}

// What is wrong with the include, or "".
std::string Objection(const IncludeRule& rule, const std::string& file, const std::string& include,
                      Tree* tree) {
  for (const std::string& forbidden : rule.forbidden) {
    if (GlobMatches(forbidden, include)) {
      return absl::StrCat(rule.files, " may not include ", include);
    }
  }
  if (IsProjectHeader(include)) {
    if (IsAllowed(rule, file, include, tree)) return "";
    return absl::StrCat(rule.files, " may not include ", include);
  }
  if (absl::StartsWith(include, "tests/")) return absl::StrCat("product code includes ", include);
  // Any other path to a file of ours would go round the table.
  if (absl::StrContains(include, "..") || tree->Exists(absl::StrCat(Folder(file), "/", include))) {
    return absl::StrCat("write \"", include, "\" from the root of the repository");
  }
  return "";
}

std::vector<std::string> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

}  // namespace

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  while (!pattern.empty() && pattern.front() != '*') {
    if (text.empty() || text.front() != pattern.front()) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  if (pattern.empty()) return text.empty();
  const bool any_depth = absl::ConsumePrefix(&pattern, "**");
  if (!any_depth) pattern.remove_prefix(1);
  while (true) {
    if (GlobMatches(pattern, text)) return true;
    if (text.empty() || (!any_depth && text.front() == '/')) return false;
    text.remove_prefix(1);
  }
}

absl::StatusOr<std::vector<IncludeRule>> ParseIncludeRules(absl::string_view text) {
  std::vector<IncludeRule> rules;
  int number = 0;
  for (const std::string& raw : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty() || line.front() == '#') continue;
    const size_t colon = line.find(':');
    const size_t bang = std::min(line.find('!'), line.size());
    const std::vector<std::string> files =
        Words(line.substr(0, colon == absl::string_view::npos ? 0 : colon));
    if (files.size() != 1 || bang < colon) {
      return base::MakeError(absl::StatusCode::kInvalidArgument, "ROOMS",
                             absl::StrCat("line ", number, ": write FILES : ALLOWED ! FORBIDDEN"));
    }
    IncludeRule rule;
    rule.files = files.front();
    rule.allowed = Words(line.substr(colon + 1, bang - colon - 1));
    rule.forbidden = Words(line.substr(std::min(bang + 1, line.size())));
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::vector<Include> ReadIncludes(absl::string_view source) {
  std::vector<Include> includes;
  int number = 0;
  for (const std::string& raw : std::vector<std::string>(absl::StrSplit(source, '\n'))) {
    ++number;
    absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (!absl::ConsumePrefix(&line, "#")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "include")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (line.empty() || (line.front() != '"' && line.front() != '<')) continue;
    const char closing = line.front() == '"' ? '"' : '>';
    line.remove_prefix(1);
    const size_t end = line.find(closing);
    if (end != absl::string_view::npos)
      includes.push_back({std::string(line.substr(0, end)), number});
  }
  return includes;
}

std::vector<std::string> FindBreaches(const std::string& root,
                                      const std::vector<IncludeRule>& rules) {
  std::vector<std::string> breaches;
  Tree tree(root);
  for (const auto& [file, includes] : tree.files()) {
    const auto rule =
        std::find_if(rules.begin(), rules.end(),
                     [&file = file](const IncludeRule& r) { return GlobMatches(r.files, file); });
    if (rule == rules.end()) {
      breaches.push_back(absl::StrCat(file, ":1: no line of docs/rooms.txt fits this file"));
      continue;
    }
    for (const Include& include : includes) {
      const std::string objection = Objection(*rule, file, include.path, &tree);
      if (!objection.empty()) {
        breaches.push_back(absl::StrCat(file, ":", include.line, ": ", objection));
      }
    }
  }
  return breaches;
}

}  // namespace hedui::testing
