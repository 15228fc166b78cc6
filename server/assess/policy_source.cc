#include "server/assess/policy_source.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/dates.h"

namespace hedui::assess {
namespace {

using base::YamlNode;

constexpr size_t kNameBytesMax = 64;
constexpr absl::string_view kAccept = "accept";

int LastLine(const YamlNode& node) {
  int last = node.line;
  for (const YamlNode& item : node.items) last = std::max(last, LastLine(item));
  for (const auto& [key, value] : node.entries) last = std::max({last, key.line, LastLine(value)});
  return last;
}

}  // namespace

bool IsName(absl::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || !(text[0] >= 'a' && text[0] <= 'z'))
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool SourceReader::CheckName(const Located& name) {
  if (IsName(name.text)) return true;
  Find(name.line, "BAD_NAME",
       absl::StrCat("\"", name.text, "\": a name is lower_snake, at most ", kNameBytesMax,
                    " bytes"));
  return false;
}

void SourceReader::Find(int line, absl::string_view code, absl::string_view text) {
  findings_.push_back({file_.path, line, std::string(code), std::string(text), false});
}

bool SourceReader::IsMapping(const YamlNode& node, absl::string_view what) {
  if (node.kind == YamlNode::Kind::kMapping) return true;
  Find(node.line, "WRONG_SHAPE", absl::StrCat(what, " is written as keys and values"));
  return false;
}

void SourceReader::Keys(const YamlNode& node, const std::vector<absl::string_view>& known,
                        const std::vector<absl::string_view>& required) {
  for (const auto& [key, value] : node.entries) {
    if (key.scalar == kAccept && &node != root_) {
      ReadAccepts(node, value);
      continue;
    }
    if (std::find(known.begin(), known.end(), key.scalar) == known.end()) {
      Find(key.line, "UNKNOWN_KEY",
           absl::StrCat("\"", key.scalar, "\" is not one of ", absl::StrJoin(known, ", ")));
    }
  }
  for (absl::string_view key : required) {
    if (node.Find(key) == nullptr)
      Find(node.line, "MISSING_KEY", absl::StrCat("\"", key, "\" is missing"));
  }
}

void SourceReader::ReadAccepts(const YamlNode& owner, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kSequence) return ReadAccept(owner, node);
  for (const YamlNode& item : node.items) ReadAccept(owner, item);
}

// What stands in a declaration or row accepts findings of its lines.
void SourceReader::ReadAccept(const YamlNode& owner, const YamlNode& node) {
  if (!IsMapping(node, kAccept)) return;
  for (const auto& [key, value] : node.entries) {
    if (key.scalar == "code" || key.scalar == "reason") continue;
    Find(key.line, "UNKNOWN_KEY", absl::StrCat("\"", key.scalar, "\" is not one of code, reason"));
  }
  SourceAccept accept{Optional(node, "code"), Optional(node, "reason").text, owner.line,
                      LastLine(owner)};
  if (accept.code.text.empty() || accept.reason.empty()) {
    Find(node.line, "MISSING_KEY", "what is accepted has a \"code\" and a \"reason\"");
  }
  if (&owner == entry_) accept.first_line = entry_line_;
  file_.accepts.push_back(std::move(accept));
}

std::string SourceReader::Text(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return node.scalar;
  Find(node.line, "WRONG_SHAPE", "a single text is needed here");
  return "";
}

Located SourceReader::Optional(const YamlNode& node, absl::string_view key) {
  const YamlNode* found = node.Find(key);
  if (found == nullptr) return {"", node.line};
  return {Text(*found), found->line};
}

std::vector<Located> SourceReader::List(const YamlNode& node, absl::string_view key) {
  std::vector<Located> result;
  const YamlNode* found = node.Find(key);
  if (found == nullptr) return result;
  return ListOf(*found);
}

// A single text counts as a list of one.
std::vector<Located> SourceReader::ListOf(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return {{node.scalar, node.line}};
  std::vector<Located> result;
  if (node.kind != YamlNode::Kind::kSequence) {
    Find(node.line, "WRONG_SHAPE", "a list is needed here");
    return result;
  }
  for (const YamlNode& item : node.items) result.push_back({Text(item), item.line});
  return result;
}

bool SourceReader::ReadDay(const YamlNode& row, absl::string_view key, int32_t* day) {
  const YamlNode* node = row.Find(key);
  if (node == nullptr) return true;
  const auto parsed = base::ParseDay(Text(*node));
  if (!parsed.ok()) {
    Find(node->line, "BAD_DATE",
         absl::StrCat("\"", node->scalar, "\" is not a day such as 2025-03-03"));
    return false;
  }
  *day = DayNumber(*parsed);
  return true;
}

DayRange SourceReader::ReadRange(const YamlNode& row) {
  DayRange range;
  const bool from = ReadDay(row, "from", &range.from), to = ReadDay(row, "to", &range.to);
  if (from && to && range.from >= range.to) {
    Find(row.line, "EMPTY_PERIOD", "\"to\" is the first day out of force and lies after \"from\"");
  }
  return range;
}

// What every dated row has. `own` are the row's further keys.
SourceRow SourceReader::ReadRow(const YamlNode& node, std::vector<absl::string_view> own,
                                std::vector<absl::string_view> own_required) {
  SourceRow row;
  row.line = node.line;
  if (!IsMapping(node, "a row")) return row;
  for (absl::string_view key : {"from", "to", "clause", "trust"}) own.push_back(key);
  for (absl::string_view key : {"from", "clause", "trust"}) own_required.push_back(key);
  Keys(node, own, own_required);
  row.in_force = ReadRange(node);
  const Located clause = Optional(node, "clause");
  const size_t blank = clause.text.find(' ');
  row.document = {clause.text.substr(0, blank), clause.line};
  row.article = blank == std::string::npos ? "" : clause.text.substr(blank + 1);
  if (node.Find("clause") != nullptr && row.article.empty()) {
    Find(clause.line, "BAD_CLAUSE", "a clause names a document and an article: \"A57 第十三条\"");
  }
  const Located trust = Optional(node, "trust");
  if (!trust.text.empty() && trust.text != "verified" && trust.text != "assumed") {
    Find(trust.line, "BAD_TRUST", "trust is \"verified\" (read in the text) or \"assumed\"");
  }
  row.assumed = trust.text != "verified";
  return row;
}

void SourceReader::ReadCodes(const Located& name, const YamlNode& node) {
  if (!IsMapping(node, "a code list")) return;
  SourceCodeList list;
  list.name = name;
  list.adds = node.Find("add") != nullptr;
  if (list.adds) {
    Keys(node, {"add"}, {});
  } else {
    Keys(node, {"label", "values", "open"}, {"label", "values"});
  }
  list.label = Optional(node, "label").text;
  list.open = List(node, "open");
  const absl::string_view section = list.adds ? "add" : "values";
  if (const YamlNode* values = node.Find(section);
      values != nullptr && IsMapping(*values, section)) {
    for (const auto& [key, value] : values->entries) {
      list.values.emplace_back(Located{key.scalar, key.line}, Text(value));
    }
  }
  file_.codes.push_back(std::move(list));
}

std::vector<SourceKey> SourceReader::ReadKeys(const YamlNode& node) {
  std::vector<SourceKey> keys;
  if (node.kind != YamlNode::Kind::kSequence) {
    for (const Located& name : ListOf(node)) keys.push_back({name, {}});
    return keys;
  }
  for (const YamlNode& item : node.items) {
    if (item.kind != YamlNode::Kind::kMapping) {
      keys.push_back({{Text(item), item.line}, {}});
      continue;
    }
    Keys(item, {"name", "type"}, {"name", "type"});
    SourceKey key{Optional(item, "name"), Optional(item, "type")};
    if (IsName(key.name.text)) {
      keys.push_back(std::move(key));
    } else if (item.Find("name") != nullptr) {
      Find(key.name.line, "BAD_NAME",
           absl::StrCat("\"", key.name.text, "\": a key's name is lower_snake"));
    }
  }
  return keys;
}

std::vector<SourceRowKey> SourceReader::ReadRowKeys(const YamlNode& row) {
  std::vector<SourceRowKey> keys;
  const YamlNode* node = row.Find("key");
  if (node == nullptr || !IsMapping(*node, "key")) return keys;
  for (const auto& [name, value] : node->entries) {
    SourceRowKey key;
    key.name = {name.scalar, name.line};
    if (value.kind != YamlNode::Kind::kMapping) {
      key.values = ListOf(value);
    } else {
      key.range = true;
      Keys(value, {"from", "over", "to", "upto"}, {});
      for (absl::string_view end : {"from", "over", "to", "upto"}) {
        if (const YamlNode* found = value.Find(end))
          key.ends.push_back({{std::string(end), found->line}, {Text(*found), found->line}});
      }
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<SourceBand> SourceReader::ReadBands(const YamlNode& node, absl::string_view key) {
  std::vector<SourceBand> bands;
  const YamlNode* list = node.Find(key);
  if (list == nullptr) return bands;
  if (list->kind != YamlNode::Kind::kSequence) {
    Find(list->line, "WRONG_SHAPE", "bands are written as a list");
    return bands;
  }
  for (const YamlNode& item : list->items) {
    const SourceRow row = ReadRow(item, {"min", "max", "key"}, {});
    SourceBand band{item.line,
                    row.in_force,
                    Optional(item, "min"),
                    Optional(item, "max"),
                    ReadRowKeys(item),
                    Optional(item, "clause").text};
    if (item.Find("min") == nullptr && item.Find("max") == nullptr) {
      Find(item.line, "MISSING_KEY", "a band has \"min\", \"max\" or both");
    }
    bands.push_back(std::move(band));
  }
  return bands;
}

void SourceReader::ReadConstraint(const Located& name, const YamlNode& node) {
  if (!IsMapping(node, "a constraint")) return;
  Keys(node, {"label", "rows"}, {"label", "rows"});
  SourceConstraint constraint{name, Optional(node, "label").text, {}};
  Rows(node, [&](const YamlNode& item) {
    SourceConstraint::Rule rule;
    rule.row = ReadRow(item, {"holds"}, {"holds"});
    rule.holds = Optional(item, "holds");
    constraint.rules.push_back(std::move(rule));
  });
  file_.constraints.push_back(std::move(constraint));
}

}  // namespace hedui::assess
