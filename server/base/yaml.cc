#include "server/base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/base/status.h"
#include "server/base/utf8.h"

namespace hedui::base {
namespace {

// A node takes some hundred bytes, so that 8 MiB of "[a,a,…" would take 400 MB without this bound.
constexpr size_t kYamlNodesMax = 1 << 20;

// Leaves the parser from inside one of its calls; never leaves this file.
struct Refused {
  int line;
  const char* code;
  std::string text;
};

// Builds the tree from the parser's events. Open containers form a stack; a finished node goes to
// the one above it, first as key, then as value.
class TreeBuilder final : public YAML::EventHandler {
 public:
  // `marked_text` is what the parser reads: `text` and the end mark.
  TreeBuilder(absl::string_view file, absl::string_view text, absl::string_view marked_text,
              std::vector<YamlDefect>* defects)
      : file_(file), text_(text), marked_text_(marked_text), defects_(defects) {}

  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      throw Refused{mark.line + 1, "YAML_SECOND_DOCUMENT",
                    "only one document is allowed in a file"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node = NewNode(YamlNode::Kind::kNull, mark, "?", anchor);
    PlaceMissing(mark, &node);
    Add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{mark.line + 1, "YAML_ALIAS", "aliases (*name) are not allowed"};
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = NewNode(YamlNode::Kind::kScalar, mark, tag, anchor);
    node.quoted = tag == "!";
    node.scalar = value;
    Add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(NewNode(YamlNode::Kind::kSequence, mark, tag, anchor));
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(NewNode(YamlNode::Kind::kMapping, mark, tag, anchor));
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Container {
    YamlNode node;
    std::optional<YamlNode> key;  // of a mapping: waiting for its value
    std::unordered_set<std::string> keys;
  };

  YamlNode NewNode(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                   YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      throw Refused{mark.line + 1, "YAML_ANCHOR", "anchors (&name) are not allowed"};
    }
    // The parser itself says "?" for plain and "!" for quoted scalars; an explicit "!" is told by
    // the text.
    const bool explicit_tag = mark.pos >= 0 && static_cast<size_t>(mark.pos) < text_.size() &&
                              text_[static_cast<size_t>(mark.pos)] == '!';
    if (explicit_tag || (!tag.empty() && tag != "?" && tag != "!")) {
      throw Refused{mark.line + 1, "YAML_TAG", "tags (!name) are not allowed"};
    }
    if (++nodes_ > kYamlNodesMax) {
      throw Refused{mark.line + 1, "YAML_SIZE",
                    absl::StrCat("more than ", kYamlNodesMax, " values")};
    }
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  // The parser gives what is missing the place of whatever follows it, be that the end mark. It is
  // missed on the line of the last thing written before: a dash, a comma, a comment. Looks at
  // blanks only, since a file may miss a million items.
  void PlaceMissing(const YAML::Mark& mark, YamlNode* node) const {
    const absl::string_view before = marked_text_.substr(0, static_cast<size_t>(mark.pos));
    const size_t last = before.substr(0, text_.size()).find_last_not_of(" \t\r\n");
    if (last == absl::string_view::npos) {  // nothing at all
      node->line = node->column = 1;
      return;
    }
    const auto breaks = static_cast<int>(std::count(before.begin() + last, before.end(), '\n'));
    node->line -= breaks;
    if (breaks > 0) node->column = 1;
  }

  void Open(YamlNode node) {
    if (stack_.size() >= static_cast<size_t>(kYamlDepthMax)) {
      throw Refused{node.line, "YAML_DEPTH", absl::StrCat("nested deeper than ", kYamlDepthMax)};
    }
    stack_.push_back(Container{std::move(node), std::nullopt, {}});
  }

  void Close() {
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Container& top = stack_.back();
    if (top.node.kind == YamlNode::Kind::kSequence) {
      top.node.items.push_back(std::move(node));
    } else if (!top.key.has_value()) {
      AddKey(&top, std::move(node));
    } else {
      AddValue(&top, std::move(node));
    }
  }

  void AddKey(Container* mapping, YamlNode key) {
    if (key.kind != YamlNode::Kind::kScalar) {
      throw Refused{key.line, "YAML_KEY", "a key must be a text"};
    }
    mapping->key = std::move(key);
  }

  void AddValue(Container* mapping, YamlNode value) {
    YamlNode key = *std::move(mapping->key);
    mapping->key.reset();
    if (value.kind == YamlNode::Kind::kNull) {
      value.line = key.line;
      value.column = key.column;
    }
    if (mapping->keys.insert(key.scalar).second) {
      mapping->node.entries.push_back({std::move(key), std::move(value)});
    } else {
      defects_->push_back({file_, key.line, "YAML_DUPLICATE_KEY",
                           absl::StrCat("key \"", key.scalar, "\" is given twice")});
    }
  }

  const std::string file_;
  const absl::string_view text_;
  const absl::string_view marked_text_;
  std::vector<YamlDefect>* const defects_;
  std::vector<Container> stack_;
  YamlNode root_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

// The parser takes a quote that is never closed for closed at the end of the file. With an end mark
// there it sees the mark inside the quotes, and refuses.
std::string WithEndMark(absl::string_view text) {
  const bool whole_line = text.empty() || text.back() == '\n';
  return absl::StrCat(text, whole_line ? "" : "\n", "...\n");
}

int LineCount(absl::string_view text) {
  const auto breaks = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  return std::max(1, text.empty() || text.back() == '\n' ? breaks : breaks + 1);
}

int LineOfFirstBadByte(absl::string_view text) {
  int line = 1;
  char32_t code_point = 0;
  while (!text.empty() && TakeCodePoint(&text, &code_point) && code_point != 0) {
    if (code_point == '\n') ++line;
  }
  return line;
}

}  // namespace

const YamlNode* YamlNode::Find(absl::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.scalar == key) return &value;
  }
  return nullptr;
}

std::string YamlDefect::ToString() const {
  return absl::StrCat(file, ":", line, ": ", code, ": ", text);
}

std::string JoinDefects(const std::vector<YamlDefect>& defects) {
  return absl::StrJoin(defects, "\n", [](std::string* out, const YamlDefect& defect) {
    absl::StrAppend(out, defect.ToString());
  });
}

std::optional<YamlNode> ParseYamlListing(absl::string_view file, absl::string_view text,
                                         std::vector<YamlDefect>* defects) {
  const auto refuse = [&](int line, absl::string_view code, absl::string_view why) {
    defects->push_back({std::string(file), line, std::string(code), std::string(why)});
    return std::nullopt;
  };
  if (text.size() > kYamlBytesMax) {
    return refuse(1, "YAML_SIZE", absl::StrCat("larger than ", kYamlBytesMax, " bytes"));
  }
  // Editors of one large vendor put a byte order mark before UTF-8.
  constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
  absl::ConsumePrefix(&text, kByteOrderMark);
  // The parser would take a second one for its own and count every place from behind it.
  if (absl::StartsWith(text, kByteOrderMark)) {
    return refuse(1, "YAML_ENCODING", "the file begins with two byte order marks");
  }
  // The parser would guess at UTF-16 and replace what it cannot read.
  if (!IsUtf8(text) || text.find('\0') != absl::string_view::npos) {
    return refuse(LineOfFirstBadByte(text), "YAML_ENCODING", "the file is not UTF-8 text");
  }
  // What is missing at the end is missed on the last line, not on the end mark's.
  const auto line_of = [lines = LineCount(text)](int line) { return std::clamp(line, 1, lines); };
  try {
    const std::string marked_text = WithEndMark(text);
    TreeBuilder builder(file, text, marked_text, defects);
    std::istringstream stream(marked_text);
    YAML::Parser parser(stream);
    // The second call finds nothing, or the builder refuses the second document.
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
    return builder.TakeRoot();
  } catch (const Refused& refused) {
    return refuse(line_of(refused.line), refused.code, refused.text);
  } catch (const YAML::Exception& error) {
    return refuse(line_of(error.mark.line + 1), "YAML_SYNTAX", error.msg);
  } catch (const std::exception& error) {
    return refuse(1, "YAML_SYNTAX", error.what());
  }
}

absl::StatusOr<YamlNode> ParseYaml(absl::string_view file, absl::string_view text) {
  std::vector<YamlDefect> defects;
  std::optional<YamlNode> root = ParseYamlListing(file, text, &defects);
  if (!root.has_value() || !defects.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "YAML", JoinDefects(defects),
                     Visibility::kOperator);
  }
  return *std::move(root);
}

absl::StatusOr<YamlNode> ReadYamlFile(const std::string& path) {
  HEDUI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseYaml(path, text);
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  const auto fail = [&path](absl::StatusCode code, absl::string_view reason,
                            absl::string_view why) {
    return MakeError(code, reason, absl::StrCat(path, ": ", why), Visibility::kOperator);
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                       &std::fclose);
  if (file == nullptr) {
    return fail(absl::StatusCode::kNotFound, "FILE_NOT_FOUND", std::strerror(errno));
  }
  std::string content;
  char part[1 << 14];
  size_t size = 0;
  while ((size = std::fread(part, 1, sizeof(part), file.get())) > 0) {
    content.append(part, size);
    if (content.size() > bytes_max) {
      return fail(absl::StatusCode::kResourceExhausted, "FILE_SIZE",
                  absl::StrCat("larger than ", bytes_max, " bytes"));
    }
  }
  if (std::ferror(file.get()) != 0) {
    return fail(absl::StatusCode::kNotFound, "FILE_UNREADABLE", std::strerror(errno));
  }
  return content;
}

}  // namespace hedui::base
