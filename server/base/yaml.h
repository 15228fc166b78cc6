// Strict YAML: one document of mappings, sequences and scalars, every node with its line. Duplicate
// keys, aliases, tags and second documents are refused; scalars are text, never numbers, so that no
// float can appear. Immutable after parsing, thread-compatible.
#ifndef HEDUI_SERVER_BASE_YAML_H_
#define HEDUI_SERVER_BASE_YAML_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::base {

// A configuration file larger than this is a mistake or an attack.
inline constexpr size_t kYamlBytesMax = 8 << 20;
inline constexpr int kYamlDepthMax = 64;

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };
  Kind kind = Kind::kNull;
  int line = 0;    // from 1
  int column = 0;  // from 1
  bool quoted = false;
  std::string scalar;
  std::vector<YamlNode> items;     // kSequence
  std::vector<YamlEntry> entries;  // kMapping: scalar keys, in file order

  // nullptr when absent or not a mapping.
  const YamlNode* Find(absl::string_view key) const;
};

// A pair would be shorter, but clang 14 cannot hold a pair of a type that is not complete yet.
struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

// A defect of a file: "file:line: CODE: text".
struct YamlDefect {
  std::string file;
  int line = 0;
  std::string code;  // stable UPPER_SNAKE: YAML_SYNTAX, YAML_DUPLICATE_KEY, …
  std::string text;
  std::string ToString() const;
};

// INVALID_ARGUMENT (reason YAML) naming file and line; every duplicate key on a line of its own.
absl::StatusOr<YamlNode> ParseYaml(absl::string_view file, absl::string_view text);
// For readers that list everything wrong at once: the tree as far as it could be read, with every
// defect appended to `defects`. A duplicate key's first value stands; any other defect ends the
// reading, and the result is nullopt.
std::optional<YamlNode> ParseYamlListing(absl::string_view file, absl::string_view text,
                                         std::vector<YamlDefect>* defects);
// One defect a line, in the order found.
std::string JoinDefects(const std::vector<YamlDefect>& defects);

// The file's text and its tree. NOT_FOUND, or as above.
absl::StatusOr<YamlNode> ReadYamlFile(const std::string& path);

// The whole file. NOT_FOUND, RESOURCE_EXHAUSTED past `bytes_max`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max = kYamlBytesMax);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_YAML_H_
