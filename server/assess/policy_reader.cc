#include "server/assess/policy_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/dates.h"
#include "server/base/digest.h"

namespace hedui::assess {
namespace {

using base::YamlNode;

constexpr size_t kNameBytesMax = 64;

bool IsName(absl::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || !(text[0] >= 'a' && text[0] <= 'z'))
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

class Reader {
 public:
  Reader(SourceFile* file, std::vector<PolicyFinding>* findings)
      : file_(*file), findings_(*findings) {}

  void ReadRoot(const YamlNode& root) {
    if (!IsMapping(root, "a policy file")) return;
    Keys(root,
         {"division", "documents", "codes", "categories", "facts", "discrepancies", "parameters",
          "quantities", "tests", "evidence", "programmes"},
         {"division"});
    if (const YamlNode* division = root.Find("division");
        division != nullptr && division->scalar != file_.division) {
      Find(division->line, "DIVISION_MISMATCH",
           absl::StrCat("the file says ", division->scalar, ", its folder ", file_.division));
    }
    Each(root, "documents",
         [this](const Located& name, const YamlNode& node) { ReadDocument(name, node); });
    EachNamed(root, "codes",
              [this](const Located& name, const YamlNode& node) { ReadCodes(name, node); });
    EachNamed(root, "categories", [this](const Located& name, const YamlNode& node) {
      file_.categories.emplace_back(name, Text(node));
    });
    EachNamed(root, "facts",
              [this](const Located& name, const YamlNode& node) { ReadFact(name, node); });
    Each(root, "discrepancies",
         [this](const Located& code, const YamlNode& node) { ReadDiscrepancy(code, node); });
    for (auto [section, kind] :
         {std::pair("parameters", SymbolKind::kParameter),
          std::pair("quantities", SymbolKind::kQuantity), std::pair("tests", SymbolKind::kTest)}) {
      EachNamed(root, section, [this, kind = kind](const Located& name, const YamlNode& node) {
        ReadSymbol(name, kind, node);
      });
    }
    EachNamed(root, "evidence",
              [this](const Located& name, const YamlNode& node) { ReadEvidence(name, node); });
    EachNamed(root, "programmes",
              [this](const Located& name, const YamlNode& node) { ReadProgramme(name, node); });
  }

 private:
  void Find(int line, absl::string_view code, absl::string_view text) {
    findings_.push_back({file_.path, line, std::string(code), std::string(text), false});
  }

  bool IsMapping(const YamlNode& node, absl::string_view what) {
    if (node.kind == YamlNode::Kind::kMapping) return true;
    Find(node.line, "WRONG_SHAPE", absl::StrCat(what, " is written as keys and values"));
    return false;
  }

  void Keys(const YamlNode& node, const std::vector<absl::string_view>& known,
            const std::vector<absl::string_view>& required) {
    for (const auto& [key, value] : node.entries) {
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

  template <typename F>
  void Each(const YamlNode& root, absl::string_view section, F&& f) {
    const YamlNode* node = root.Find(section);
    if (node == nullptr || !IsMapping(*node, section)) return;
    for (const auto& [key, value] : node->entries) f(Located{key.scalar, key.line}, value);
  }

  template <typename F>
  void EachNamed(const YamlNode& root, absl::string_view section, F&& f) {
    Each(root, section, [&](const Located& name, const YamlNode& node) {
      if (!IsName(name.text)) {
        Find(name.line, "BAD_NAME",
             absl::StrCat("\"", name.text, "\": a name is lower_snake, at most ", kNameBytesMax,
                          " bytes"));
        return;
      }
      f(name, node);
    });
  }

  std::string Text(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::kScalar) return node.scalar;
    Find(node.line, "WRONG_SHAPE", "a single text is needed here");
    return "";
  }

  Located Optional(const YamlNode& node, absl::string_view key) {
    const YamlNode* found = node.Find(key);
    if (found == nullptr) return {"", node.line};
    return {Text(*found), found->line};
  }

  std::vector<Located> List(const YamlNode& node, absl::string_view key) {
    std::vector<Located> result;
    const YamlNode* found = node.Find(key);
    if (found == nullptr) return result;
    return ListOf(*found);
  }

  // A single text counts as a list of one.
  std::vector<Located> ListOf(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::kScalar) return {{node.scalar, node.line}};
    std::vector<Located> result;
    if (node.kind != YamlNode::Kind::kSequence) {
      Find(node.line, "WRONG_SHAPE", "a list is needed here");
      return result;
    }
    for (const YamlNode& item : node.items) result.push_back({Text(item), item.line});
    return result;
  }

  bool ReadDay(const YamlNode& row, absl::string_view key, int32_t* day) {
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

  DayRange ReadRange(const YamlNode& row) {
    DayRange range;
    const bool from = ReadDay(row, "from", &range.from), to = ReadDay(row, "to", &range.to);
    if (from && to && range.from >= range.to) {
      Find(row.line, "EMPTY_PERIOD",
           "\"to\" is the first day out of force and lies after \"from\"");
    }
    return range;
  }

  // What every dated row has. `own` are the row's further keys.
  SourceRow ReadRow(const YamlNode& node, std::vector<absl::string_view> own,
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

  template <typename F>
  void Rows(const YamlNode& node, F&& f) {
    const YamlNode* rows = node.Find("rows");
    if (rows == nullptr) return;
    if (rows->kind != YamlNode::Kind::kSequence) {
      Find(rows->line, "WRONG_SHAPE", "rows are written as a list");
      return;
    }
    for (const YamlNode& row : rows->items) f(row);
  }

  void ReadDocument(const Located& name, const YamlNode& node) {
    if (!IsMapping(node, "a document")) return;
    Keys(node, {"title", "number"}, {"title"});
    const std::string number = Optional(node, "number").text;
    file_.documents.emplace_back(
        name, absl::StrCat(Optional(node, "title").text, number.empty() ? "" : "（", number,
                           number.empty() ? "" : "）"));
  }

  void ReadCodes(const Located& name, const YamlNode& node) {
    if (!IsMapping(node, "a code list")) return;
    Keys(node, {"label", "values"}, {"label", "values"});
    SourceCodeList list{name, Optional(node, "label").text, {}};
    if (const YamlNode* values = node.Find("values");
        values != nullptr && IsMapping(*values, "values")) {
      for (const auto& [key, value] : values->entries) {
        list.values.emplace_back(Located{key.scalar, key.line}, Text(value));
      }
    }
    file_.codes.push_back(std::move(list));
  }

  void ReadFact(const Located& name, const YamlNode& node) {
    if (!IsMapping(node, "a kind of fact")) return;
    Keys(node, {"label", "by", "categories", "evidence_by", "fields"}, {"label", "by", "fields"});
    SourceFactKind kind;
    kind.name = name;
    kind.label = Optional(node, "label").text;
    const Located by = Optional(node, "by");
    kind.monthly = by.text == "month";
    if (node.Find("by") != nullptr && by.text != "month" && by.text != "state") {
      Find(by.line, "BAD_VALUE", "by is \"month\" or \"state\"");
    }
    kind.categories = List(node, "categories");
    kind.evidence_by = List(node, "evidence_by");
    EachNamed(node, "fields", [this, &kind](const Located& field_name, const YamlNode& field) {
      if (!IsMapping(field, "a field")) return;
      Keys(field, {"label", "type", "min", "default"}, {"label", "type"});
      kind.fields.push_back({field_name, Optional(field, "label").text, Optional(field, "type"),
                             Optional(field, "min"), Optional(field, "default")});
    });
    file_.facts.push_back(std::move(kind));
  }

  SourceConditions ReadConditions(const YamlNode& node, absl::string_view key) {
    SourceConditions conditions;
    Each(node, key, [this, &conditions](const Located& field, const YamlNode& values) {
      conditions.emplace_back(field, ListOf(values));
    });
    return conditions;
  }

  // A kind alone, or with what its records must say and must not.
  SourceFound ReadFound(const YamlNode& node, std::vector<absl::string_view> more) {
    SourceFound found;
    if (node.kind == YamlNode::Kind::kScalar) {
      found.kind = {node.scalar, node.line};
      return found;
    }
    found.kind.line = node.line;
    if (!IsMapping(node, "what is looked at")) return found;
    for (absl::string_view key : {"kind", "only", "except"}) more.push_back(key);
    Keys(node, more, {"kind"});
    found.kind = Optional(node, "kind");
    found.only = ReadConditions(node, "only");
    found.except = ReadConditions(node, "except");
    return found;
  }

  void ReadDiscrepancy(const Located& code, const YamlNode& node) {
    if (!IsMapping(node, "a discrepancy")) return;
    const Located check = Optional(node, "check");
    std::vector<absl::string_view> known = {"check", "found", "of"};
    std::vector<absl::string_view> required = {"check", "found"};
    if (check.text == "undeclared") {
      known.insert(known.end(), {"from", "until", "declared_by", "or_declared", "own"});
    }
    if (check.text == "against_statement") {
      known.insert(known.end(), {"statement", "months_back"});
      required.push_back("statement");
    }
    Keys(node, known, required);
    SourceDiscrepancy rule;
    rule.code = code;
    rule.check = check;
    if (const YamlNode* found = node.Find("found"); found != nullptr) {
      if (found->kind != YamlNode::Kind::kSequence) {
        Find(found->line, "WRONG_SHAPE", "found is written as a list");
      }
      for (const YamlNode& item : found->items) rule.found.push_back(ReadFound(item, {}));
    }
    rule.of = Optional(node, "of");
    rule.from = Optional(node, "from");
    rule.until = Optional(node, "until");
    rule.declared_by = Optional(node, "declared_by");
    rule.or_declared = List(node, "or_declared");
    if (const YamlNode* own = node.Find("own"); own != nullptr && IsMapping(*own, "own")) {
      Keys(*own, {"matter", "programme", "division"}, {"matter"});
      rule.matter = Optional(*own, "matter");
      rule.programme = Optional(*own, "programme");
      rule.division = Optional(*own, "division");
    }
    if (const YamlNode* statement = node.Find("statement");
        statement != nullptr && IsMapping(*statement, "statement")) {
      rule.statement = ReadFound(*statement, {"since"});
      rule.since = Optional(*statement, "since");
    }
    rule.months_back = Optional(node, "months_back");
    file_.discrepancies.push_back(std::move(rule));
  }

  std::vector<SourceBand> ReadBands(const YamlNode& node, absl::string_view key) {
    std::vector<SourceBand> bands;
    const YamlNode* list = node.Find(key);
    if (list == nullptr) return bands;
    if (list->kind != YamlNode::Kind::kSequence) {
      Find(list->line, "WRONG_SHAPE", "bands are written as a list");
      return bands;
    }
    for (const YamlNode& item : list->items) {
      const SourceRow row = ReadRow(item, {"min", "max"}, {});
      SourceBand band{item.line, row.in_force, Optional(item, "min"), Optional(item, "max")};
      if (item.Find("min") == nullptr && item.Find("max") == nullptr) {
        Find(item.line, "MISSING_KEY", "a band has \"min\", \"max\" or both");
      }
      bands.push_back(std::move(band));
    }
    return bands;
  }

  // Whether something is a person's, or the household's.
  bool ReadOf(const YamlNode& node) {
    const Located of = Optional(node, "of");
    if (node.Find("of") != nullptr && of.text != "person" && of.text != "household") {
      Find(of.line, "BAD_VALUE", "of is \"person\" or \"household\"");
    }
    return of.text == "person";
  }

  void ReadSymbol(const Located& name, SymbolKind kind, const YamlNode& node) {
    if (!IsMapping(node, "a declaration")) return;
    std::vector<absl::string_view> known = {"label", "delegate", "rows"};
    if (kind == SymbolKind::kParameter) known.insert(known.end(), {"type", "keys", "min", "max"});
    if (kind == SymbolKind::kQuantity) known.insert(known.end(), {"type", "of"});
    if (kind == SymbolKind::kTest) known.insert(known.end(), {"of"});
    Keys(node, known, {});
    SourceSymbol symbol;
    symbol.name = name;
    symbol.kind = kind;
    // A label declares; rows alone are added to what a level above declares.
    symbol.declares = node.Find("label") != nullptr;
    symbol.label = Optional(node, "label").text;
    symbol.type = Optional(node, "type");
    if (kind == SymbolKind::kTest) symbol.type.text = "bool";
    if (symbol.declares && symbol.type.text.empty())
      Find(node.line, "MISSING_KEY", "\"type\" is missing");
    if (!symbol.declares && node.Find("rows") == nullptr)
      Find(node.line, "MISSING_KEY", "\"label\" or \"rows\" is missing");
    if (!symbol.declares) {
      for (absl::string_view key : {"type", "keys", "min", "max", "of", "delegate"}) {
        if (const YamlNode* found = node.Find(key)) {
          Find(found->line, "MISSING_KEY",
               absl::StrCat("\"", key, "\" belongs to a declaration, which has a \"label\""));
        }
      }
    }
    symbol.per_person = ReadOf(node);
    if (const YamlNode* keys = node.Find("keys")) symbol.keys = ReadKeys(*keys);
    symbol.min = Optional(node, "min");
    symbol.max = Optional(node, "max");
    if (const YamlNode* delegate = node.Find("delegate");
        delegate != nullptr && IsMapping(*delegate, "delegate")) {
      Keys(*delegate, {"to", "bands", "guides"}, {"to"});
      symbol.delegate_to = List(*delegate, "to");
      symbol.bands = ReadBands(*delegate, "bands");
      symbol.guides = ReadBands(*delegate, "guides");
    }
    Rows(node, [this, &symbol](const YamlNode& item) { ReadSymbolRow(item, &symbol); });
    file_.symbols.push_back(std::move(symbol));
  }

  std::vector<SourceKey> ReadKeys(const YamlNode& node) {
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

  std::vector<SourceRowKey> ReadRowKeys(const YamlNode& row) {
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

  void ReadSymbolRow(const YamlNode& item, SourceSymbol* symbol) {
    std::vector<absl::string_view> own = {"value"};
    if (symbol->kind == SymbolKind::kParameter) own.push_back("key");
    SourceRow row = ReadRow(item, own, {"value"});
    if (const YamlNode* value = item.Find("value")) {
      row.value = *value;
      row.value_line = value->line;
    }
    row.keys = ReadRowKeys(item);
    symbol->rows.push_back(std::move(row));
  }

  // [tax, {any: [employment, provident_fund]}]
  std::vector<std::vector<Located>> ReadNeeds(const YamlNode& row) {
    std::vector<std::vector<Located>> needs;
    const YamlNode* list = row.Find("complete_by");
    if (list == nullptr) return needs;
    if (list->kind != YamlNode::Kind::kSequence) {
      for (Located& need : ListOf(*list)) needs.push_back({std::move(need)});
      return needs;
    }
    for (const YamlNode& item : list->items) {
      if (item.kind != YamlNode::Kind::kMapping) {
        needs.push_back({{Text(item), item.line}});
        continue;
      }
      Keys(item, {"any"}, {"any"});
      if (std::vector<Located> any = List(item, "any"); !any.empty())
        needs.push_back(std::move(any));
    }
    return needs;
  }

  void ReadEvidence(const Located& kind, const YamlNode& node) {
    if (!IsMapping(node, "an evidence rule")) return;
    Keys(node, {"rows"}, {"rows"});
    SourceEvidence evidence{kind, {}};
    Rows(node, [&](const YamlNode& item) {
      SourceEvidence::Rule rule;
      rule.row =
          ReadRow(item, {"complete_by", "use", "otherwise", "manual", "presume", "when", "variant"},
                  {"complete_by"});
      rule.complete_by = ReadNeeds(item);
      rule.presume = Optional(item, "presume");
      rule.when = Optional(item, "when");
      rule.variant = Optional(item, "variant");
      if (!rule.variant.text.empty() && !IsName(rule.variant.text))
        Find(rule.variant.line, "BAD_NAME", "a variant is named as everything else is");
      rule.use = Optional(item, "use");
      rule.otherwise = Optional(item, "otherwise");
      rule.manual = Optional(item, "manual");
      evidence.rules.push_back(std::move(rule));
    });
    file_.evidence.push_back(std::move(evidence));
  }

  void ReadProgramme(const Located& name, const YamlNode& node) {
    if (!IsMapping(node, "a programme")) return;
    Keys(node, {"label", "of", "rows"}, {"label", "rows"});
    SourceProgramme programme{name, Optional(node, "label").text, ReadOf(node), {}};
    Rows(node, [&](const YamlNode& item) {
      SourceProgramme::Rule rule;
      rule.row = ReadRow(item, {"indication", "amount", "validity"}, {"indication"});
      rule.validity = Optional(item, "validity");
      rule.indication = Optional(item, "indication");
      rule.amount = Optional(item, "amount");
      programme.rules.push_back(std::move(rule));
    });
    file_.programmes.push_back(std::move(programme));
  }

  SourceFile& file_;
  std::vector<PolicyFinding>& findings_;
};

}  // namespace

SourceFile ReadPolicyFile(absl::string_view path, absl::string_view shown,
                          absl::string_view division, absl::string_view text,
                          std::vector<PolicyFinding>* findings) {
  SourceFile file;
  file.path = std::string(path);
  file.shown = std::string(shown);
  file.division = std::string(division);
  file.digest = base::Sha256(text);
  file.text = std::string(text);
  std::vector<base::YamlDefect> defects;
  const std::optional<YamlNode> root = base::ParseYamlListing(path, text, &defects);
  for (const base::YamlDefect& defect : defects) {
    findings->push_back({defect.file, defect.line, defect.code, defect.text, false});
  }
  if (root.has_value()) Reader(&file, findings).ReadRoot(*root);
  return file;
}

}  // namespace hedui::assess
