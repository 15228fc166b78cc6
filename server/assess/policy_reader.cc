#include "server/assess/policy_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/policy_source.h"
#include "server/base/digest.h"

namespace hedui::assess {
namespace {

using base::YamlNode;

class Reader : public SourceReader {
 public:
  using SourceReader::SourceReader;

  void ReadRoot(const YamlNode& root) {
    root_ = &root;
    if (!IsMapping(root, "a policy file")) return;
    Keys(root,
         {"division", "documents", "codes", "categories", "facts", "discrepancies", "parameters",
          "quantities", "tests", "calendar", "evidence", "programmes", "constraints"},
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
    ReadCalendar(root);
    EachNamed(root, "evidence",
              [this](const Located& name, const YamlNode& node) { ReadEvidence(name, node); });
    EachNamed(root, "programmes",
              [this](const Located& name, const YamlNode& node) { ReadProgramme(name, node); });
    EachNamed(root, "constraints",
              [this](const Located& name, const YamlNode& node) { ReadConstraint(name, node); });
  }

 private:
  void ReadDocument(const Located& name, const YamlNode& node) {
    if (!IsMapping(node, "a document")) return;
    Keys(node, {"title", "number"}, {"title"});
    const std::string number = Optional(node, "number").text;
    file_.documents.emplace_back(
        name, absl::StrCat(Optional(node, "title").text, number.empty() ? "" : "（", number,
                           number.empty() ? "" : "）"));
  }

  void ReadFact(const Located& name, const YamlNode& node) {
    if (!IsMapping(node, "a kind of fact")) return;
    Keys(node, {"label", "by", "categories", "evidence_by", "fields"}, {"label", "by", "fields"});
    SourceFactKind kind;
    kind.name = name;
    kind.label = Optional(node, "label").text;
    const Located by = Optional(node, "by");
    const auto* const known =
        std::find(std::begin(FactKind::kByNames), std::end(FactKind::kByNames), by.text);
    if (known != std::end(FactKind::kByNames)) {
      kind.by = static_cast<FactKind::By>(known - std::begin(FactKind::kByNames));
    } else if (node.Find("by") != nullptr) {
      Find(by.line, "BAD_VALUE",
           absl::StrCat("by is one of ", absl::StrJoin(FactKind::kByNames, ", ")));
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
    if (!symbol.declares && node.Find("rows") == nullptr && node.Find("delegate") == nullptr)
      Find(node.line, "MISSING_KEY", "\"label\", \"rows\" or \"delegate\" is missing");
    if (!symbol.declares) {
      for (absl::string_view key : {"type", "keys", "min", "max", "of"}) {
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
      // Without "to" a level below leaves what levels above say as it is.
      std::vector<absl::string_view> required;
      if (symbol.declares) required.push_back("to");
      Keys(*delegate, {"to", "bands", "guides"}, required);
      symbol.delegates = true;
      symbol.narrows_to = delegate->Find("to") != nullptr;
      symbol.delegate_to = List(*delegate, "to");
      symbol.bands = ReadBands(*delegate, "bands");
      symbol.guides = ReadBands(*delegate, "guides");
    }
    Rows(node, [this, &symbol](const YamlNode& item) { ReadSymbolRow(item, &symbol); });
    file_.symbols.push_back(std::move(symbol));
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

  void ReadCalendar(const YamlNode& root) {
    const YamlNode* node = root.Find("calendar");
    if (node == nullptr || !IsMapping(*node, "the calendar")) return;
    Keys(*node, {"rows"}, {"rows"});
    Rows(*node, [this](const YamlNode& item) {
      file_.calendar.push_back(
          {ReadRow(item, {"off", "work"}, {"to"}), List(item, "off"), List(item, "work")});
    });
  }

  void ReadEvidence(const Located& kind, const YamlNode& node) {
    if (!IsMapping(node, "an evidence rule")) return;
    Keys(node, {"rows"}, {"rows"});
    SourceEvidence evidence{kind, {}};
    Rows(node, [&](const YamlNode& item) {
      SourceEvidence::Rule rule;
      rule.row = ReadRow(
          item,
          {"complete_by", "use", "otherwise", "manual", "asked", "presume", "when", "variant"},
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
      rule.asked = Optional(item, "asked");
      evidence.rules.push_back(std::move(rule));
    });
    file_.evidence.push_back(std::move(evidence));
  }

  void ReadProgramme(const Located& name, const YamlNode& node) {
    if (!IsMapping(node, "a programme")) return;
    SourceProgramme programme;
    programme.name = name;
    programme.declares = node.Find("label") != nullptr;
    if (programme.declares) {
      Keys(node, {"label", "of", "delegate", "rows"}, {"label", "rows"});
    } else {
      Keys(node, {"rows"}, {"rows"});
    }
    programme.label = Optional(node, "label").text;
    programme.per_person = ReadOf(node);
    if (const YamlNode* delegate = node.Find("delegate");
        delegate != nullptr && IsMapping(*delegate, "delegate")) {
      Keys(*delegate, {"to"}, {"to"});
      programme.delegate_to = List(*delegate, "to");
    }
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
