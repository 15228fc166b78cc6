#include "server/assess/policy_linker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/expression_compiler.h"
#include "server/assess/policy_values.h"
#include "server/base/digest.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

constexpr char kNation[] = "000000";
constexpr char kDeclaration[] = "declaration";

// Words that mean something in every expression.
constexpr absl::string_view kReserved[] = {"p", "persons", "members", "obligors", "true", "false", "in"};

bool Overlap(const DayRange& a, const DayRange& b) { return a.from < b.to && b.from < a.to; }

class Linker {
 public:
  Linker(const std::vector<SourceFile>& files, std::vector<PolicyFinding>* findings)
      : findings_(*findings), pack_(std::make_unique<CompiledPack>()) {
    for (const SourceFile& file : files) sources_.push_back(&file);
  }

  std::unique_ptr<CompiledPack> Link() {
    DeclareDivisions();
    DeclareBuiltIns();
    for (Division& division : pack_->divisions) {
      division.household_values = built_in_household_;
      division.person_values = built_in_person_;
    }
    for (size_t f = 0; f < sources_.size(); ++f) DeclareLists(*sources_[f]);
    for (size_t f = 0; f < sources_.size(); ++f) DeclareFacts(*sources_[f]);
    // Sources are sorted by depth, so that a level's names are there when the next one's are
    // checked.
    for (size_t f = 0; f < sources_.size(); ++f) DeclareSymbols(f);
    for (size_t f = 0; f < sources_.size(); ++f) LinkKeys(f);
    PlaceSymbols();
    for (size_t f = 0; f < sources_.size(); ++f) LinkFile(f);
    for (size_t d = 0; d < pack_->divisions.size(); ++d) {
      OrderDivision(static_cast<int>(d), uses_, sources_, pack_.get(), &findings_);
      LinkMembership(d);
    }
    pack_->digest = DigestOfFiles();
    return std::move(pack_);
  }

 private:
  void Find(const SourceFile& file, int line, absl::string_view code, absl::string_view text,
            bool warning = false) {
    findings_.push_back({file.path, line, std::string(code), std::string(text), warning});
  }
  void Find(const SourceFile& file, int line, const absl::Status& status) {
    Find(file, line, base::ReasonOf(status), status.message());
  }

  Division& DivisionOf(size_t file) {
    return pack_->divisions[static_cast<size_t>(file_division_[file])];
  }
  NameTable& NamesOf(size_t file) { return *names_[static_cast<size_t>(file_division_[file])]; }

  static int Depth(const std::string& code) {
    const auto level = base::DivisionLevel(code);
    return level ? static_cast<int>(*level) : 0;
  }

  void DeclareDivisions() {
    std::stable_sort(sources_.begin(), sources_.end(),
                     [](const SourceFile* a, const SourceFile* b) {
                       if (Depth(a->division) != Depth(b->division))
                         return Depth(a->division) < Depth(b->division);
                       return a->shown < b->shown;
                     });
    for (size_t f = 0; f < sources_.size(); ++f) {
      const std::string& code = sources_[f]->division;
      auto [it, added] =
          pack_->division_index.try_emplace(code, static_cast<int>(pack_->divisions.size()));
      if (added) {
        Division division;
        division.code = code;
        for (auto above = base::DivisionParent(code); above; above = base::DivisionParent(*above)) {
          if (const auto found = pack_->division_index.find(*above);
              found != pack_->division_index.end()) {
            division.parent = found->second;
            break;
          }
        }
        names_.push_back(std::make_unique<NameTable>(
            division.parent >= 0 ? names_[static_cast<size_t>(division.parent)].get()
                                 : &built_in_names_));
        pack_->divisions.push_back(std::move(division));
      }
      file_division_.push_back(it->second);
      pack_->divisions[static_cast<size_t>(it->second)].own_files.push_back(
          static_cast<int32_t>(f));
      pack_->files.push_back({sources_[f]->shown, sources_[f]->digest});
    }
  }

  int AddList(const std::string& name, const std::string& label,
              const std::vector<std::pair<std::string, std::string>>& values) {
    CodeList list;
    list.name = name;
    list.label = label;
    for (const auto& [code, code_label] : values) {
      list.index[code] = static_cast<int>(list.codes.size());
      list.codes.push_back(code);
      list.labels.push_back(code_label);
    }
    pack_->code_lists.push_back(std::move(list));
    return static_cast<int>(pack_->code_lists.size()) - 1;
  }

  void AddBuiltIn(absl::string_view name, absl::string_view label, Intrinsic intrinsic,
                  bool per_person, Type type) {
    Symbol symbol;
    symbol.name = std::string(name);
    symbol.label = std::string(label);
    symbol.kind = SymbolKind::kIntrinsic;
    symbol.intrinsic = intrinsic;
    symbol.per_person = per_person;
    symbol.type = type;
    symbol.unknown = UnknownOf(type, *pack_);
    symbol.table = per_person ? built_in_person_++ : built_in_household_++;
    built_in_names_.Add(name, static_cast<int>(pack_->symbols.size()));
    pack_->symbols.push_back(std::move(symbol));
  }

  // In the order of base::PersonRole, base::Relation and base::Sex.
  void DeclareBuiltIns() {
    const int scope = AddList("scope", "城乡", {{"urban", "城镇"}, {"rural", "农村"}});
    const int role =
        AddList("role", "身份", {{"member", "家庭成员"}, {"obligor", "赡养抚养扶养义务人"}});
    const int relation = AddList("relation", "与申请人关系",
                                 {{"applicant", "申请人"},
                                  {"spouse", "配偶"},
                                  {"child", "子女"},
                                  {"parent", "父母"},
                                  {"grandchild", "孙子女"},
                                  {"grandparent", "祖父母"},
                                  {"sibling", "兄弟姐妹"},
                                  {"other", "其他"}});
    const int sex = AddList("sex", "性别", {{"male", "男"}, {"female", "女"}});
    AddBuiltIn("policy_day", "政策适用日", Intrinsic::kPolicyDay, false, Type::Of(TypeKind::kDate));
    AddBuiltIn("application_day", "申请日", Intrinsic::kApplicationDay, false,
               Type::Of(TypeKind::kDate));
    AddBuiltIn("scope", "城乡", Intrinsic::kScope, false, Type::Of(TypeKind::kCode, scope));
    AddBuiltIn("role", "身份", Intrinsic::kRole, true, Type::Of(TypeKind::kCode, role));
    AddBuiltIn("relation", "与申请人关系", Intrinsic::kRelation, true,
               Type::Of(TypeKind::kCode, relation));
    AddBuiltIn("sex", "性别", Intrinsic::kSex, true, Type::Of(TypeKind::kCode, sex));
    AddBuiltIn("birth", "出生日期", Intrinsic::kBirth, true, Type::Of(TypeKind::kDate));
  }

  // Documents at every level; code lists at every level; categories nation-wide, so that catalogues
  // of all levels speak of the same.
  void DeclareLists(const SourceFile& file) {
    for (const auto& [id, title] : file.documents) {
      const auto [it, added] =
          document_index_.try_emplace(id.text, static_cast<int>(pack_->documents.size()));
      if (!added) {
        Find(file, id.line, "DUPLICATE_NAME",
             absl::StrCat("the document ", id.text, " is declared twice"));
      } else {
        pack_->documents.push_back({id.text, title});
      }
    }
    for (const SourceCodeList& source : file.codes) DeclareCodes(file, source);
    if (file.division != kNation && !file.categories.empty()) {
      Find(file, file.categories[0].first.line, "NATION_ONLY",
           "categories are declared in the national files");
    }
    for (const auto& [name, label] : file.categories) {
      const auto [it, added] =
          pack_->category_index.try_emplace(name.text, static_cast<int>(pack_->categories.size()));
      if (!added || name.text == kDeclaration) {
        Find(file, name.line, "DUPLICATE_NAME",
             absl::StrCat("the category ", name.text, " is taken"));
        continue;
      }
      pack_->categories.push_back(name.text);
      pack_->labels[name.text] = label;
    }
  }

  void DeclareCodes(const SourceFile& file, const SourceCodeList& source) {
    for (const CodeList& known : pack_->code_lists) {
      if (known.name == source.name.text) {
        Find(file, source.name.line, "DUPLICATE_NAME",
             absl::StrCat("the code list ", known.name, " is declared twice"));
        return;
      }
    }
    if (source.values.empty() || source.values.size() > static_cast<size_t>(kCodesPerListMax)) {
      Find(file, source.name.line, "CODE_LIST_SIZE",
           absl::StrCat("a code list has 1 to ", kCodesPerListMax, " codes"));
      return;
    }
    std::vector<std::pair<std::string, std::string>> values;
    for (const auto& [code, label] : source.values) values.emplace_back(code.text, label);
    AddList(source.name.text, source.label, values);
  }

  std::vector<base::Level> Levels(const SourceFile& file, const std::vector<Located>& names) {
    std::vector<base::Level> levels;
    for (const Located& name : names) {
      const auto level = base::LevelFromName(name.text);
      if (level) {
        levels.push_back(*level);
      } else {
        Find(file, name.line, "BAD_VALUE",
             absl::StrCat("\"", name.text, "\" is not region, city or county"));
      }
    }
    return levels;
  }

  void DeclareFacts(const SourceFile& file) {
    if (file.division != kNation && !file.facts.empty()) {
      Find(file, file.facts[0].name.line, "NATION_ONLY",
           "kinds of facts are declared in the national files");
      return;
    }
    for (const SourceFactKind& source : file.facts) {
      FactKind kind;
      kind.name = source.name.text;
      kind.label = source.label;
      kind.monthly = source.monthly;
      kind.evidence_by = Levels(file, source.evidence_by);
      for (const SourceField& field : source.fields) DeclareField(file, field, &kind);
      const auto month = kind.field_index.find("month");
      const bool has_month =
          month != kind.field_index.end() &&
          kind.fields[static_cast<size_t>(month->second)].type.kind == TypeKind::kMonth;
      if (kind.monthly && !has_month) {
        Find(file, source.name.line, "MISSING_KEY",
             "a fact by month has a field \"month\" of type month");
      }
      kind.month_field = has_month ? month->second : -1;
      const auto [it, added] =
          pack_->fact_kind_index.try_emplace(kind.name, static_cast<int>(pack_->fact_kinds.size()));
      if (!added) {
        Find(file, source.name.line, "DUPLICATE_NAME",
             absl::StrCat("the fact ", kind.name, " is declared twice"));
        continue;
      }
      pack_->labels.try_emplace(kind.name, kind.label);
      pack_->fact_kinds.push_back(std::move(kind));
    }
  }

  void DeclareField(const SourceFile& file, const SourceField& source, FactKind* kind) {
    const std::optional<Type> type = ParseType(source.type.text, *pack_);
    if (!type || type->kind == TypeKind::kPeriod || type->kind == TypeKind::kCodeSet) {
      Find(file, source.type.line, "UNKNOWN_TYPE",
           absl::StrCat("\"", source.type.text, "\" is not a field's type"));
      return;
    }
    FieldType field;
    field.name = source.name.text;
    field.label = source.label;
    field.type = *type;
    field.unknown = UnknownOf(*type, *pack_);
    if (!source.min.text.empty()) {
      const auto min = ParseValueText(source.min.text, *type, *pack_);
      if (!min.ok() || type->kind != TypeKind::kNumber) {
        Find(file, source.min.line, "BAD_VALUE", "min is a number in the field's unit");
      } else {
        field.unknown.lo = min->lo;
        field.unknown.lo_infinite = false;
      }
    }
    if (!source.absent.text.empty()) {
      const auto absent = ParseValueText(source.absent.text, *type, *pack_);
      if (absent.ok()) {
        field.absent = *absent;
      } else {
        Find(file, source.absent.line, absent.status());
      }
    }
    kind->field_index[field.name] = static_cast<int>(kind->fields.size());
    kind->fields.push_back(std::move(field));
  }

  void DeclareSymbols(size_t f) {
    const SourceFile& file = *sources_[f];
    for (const SourceSymbol& source : file.symbols) {
      if (source.declares) DeclareSymbol(file, f, source);
    }
  }

  bool NameIsFree(const SourceFile& file, size_t f, const SourceSymbol& source) {
    const std::string& name = source.name.text;
    const bool reserved =
        std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
    if (!reserved && NamesOf(f).Find(name) < 0 && !pack_->fact_kind_index.contains(name))
      return true;
    Find(file, source.name.line, "DUPLICATE_NAME",
         absl::StrCat("the name ", name, " is taken here or above"));
    return false;
  }

  void DeclareSymbol(const SourceFile& file, size_t f, const SourceSymbol& source) {
    if (!NameIsFree(file, f, source)) return;
    const std::optional<Type> type = ParseType(source.type.text, *pack_);
    const bool constant = source.kind == SymbolKind::kParameter;
    if (!type || type->kind == TypeKind::kText || type->kind == TypeKind::kPerson ||
        type->kind == TypeKind::kMonth || (constant && type->kind == TypeKind::kPeriod) ||
        (!constant && type->kind == TypeKind::kCodeSet)) {
      Find(file, source.type.line, "UNKNOWN_TYPE",
           absl::StrCat("\"", source.type.text,
                        "\" is not a type for this; code lists must be declared"));
      return;
    }
    Symbol symbol;
    symbol.name = source.name.text;
    symbol.label = source.label;
    symbol.kind = source.kind;
    symbol.per_person = source.per_person;
    symbol.type = *type;
    symbol.unknown = UnknownOf(*type, *pack_);
    symbol.division = file_division_[f];
    if (!source.min.text.empty())
      SetBound(file, source.min, *type, &symbol.unknown.lo, &symbol.unknown.lo_infinite);
    if (!source.max.text.empty())
      SetBound(file, source.max, *type, &symbol.unknown.hi, &symbol.unknown.hi_infinite);
    Delegation delegation;
    delegation.to = Levels(file, source.delegate_to);
    if (type->kind != TypeKind::kNumber && (!source.bands.empty() || !source.guides.empty())) {
      Find(file, source.name.line, "TYPE_MISMATCH", "only numbers have bands");
    }
    for (const SourceBand& band : source.bands) AddBand(file, band, *type, &delegation.bands);
    for (const SourceBand& guide : source.guides) AddBand(file, guide, *type, &delegation.guides);
    const int index = static_cast<int>(pack_->symbols.size());
    pack_->symbols.push_back(std::move(symbol));
    delegations_[index] = std::move(delegation);
    NamesOf(f).Add(source.name.text, index);
  }

  void SetBound(const SourceFile& file, const Located& text, const Type& type,
                base::Rational* bound, bool* infinite) {
    const auto value = ParseValueText(text.text, type, *pack_);
    if (!value.ok() || type.kind != TypeKind::kNumber) {
      Find(file, text.line, "BAD_VALUE", "min and max are numbers in the parameter's unit");
      return;
    }
    *bound = value->lo;
    *infinite = false;
  }

  struct Band {
    DayRange in_force;
    std::optional<base::Rational> min;
    std::optional<base::Rational> max;
    std::string text;
  };
  struct Delegation {
    std::vector<base::Level> to;
    std::vector<Band> bands;
    std::vector<Band> guides;
  };

  void AddBand(const SourceFile& file, const SourceBand& source, const Type& type,
               std::vector<Band>* bands) {
    if (type.kind != TypeKind::kNumber) return;
    Band band{source.in_force, {}, {}, absl::StrCat(source.min.text, " to ", source.max.text)};
    for (auto [text, bound] :
         {std::pair(&source.min, &band.min), std::pair(&source.max, &band.max)}) {
      if (text->text.empty()) continue;
      const auto value = ParseValueText(text->text, type, *pack_);
      if (value.ok()) {
        *bound = value->lo;
      } else {
        Find(file, text->line, value.status());
      }
    }
    bands->push_back(std::move(band));
  }

  // Keys may name symbols of the same level declared in a later file, so they come after all
  // declarations.
  void LinkKeys(size_t f) {
    const SourceFile& file = *sources_[f];
    for (const SourceSymbol& source : file.symbols) {
      const int index = NamesOf(f).Find(source.name.text);
      if (!source.declares || index < 0 || source.keys.empty()) continue;
      Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
      if (!symbol.keys.empty()) continue;  // declared twice, and reported
      if (source.keys.size() > static_cast<size_t>(kKeysMax)) {
        Find(file, source.keys[0].line, "KEY_LIMIT", absl::StrCat("more than ", kKeysMax, " keys"));
        continue;
      }
      for (const Located& key : source.keys) {
        const int key_symbol = NamesOf(f).Find(key.text);
        if (key_symbol < 0 ||
            pack_->symbols[static_cast<size_t>(key_symbol)].type.kind != TypeKind::kCode) {
          Find(file, key.line, key_symbol < 0 ? "UNKNOWN_NAME" : "TYPE_MISMATCH",
               absl::StrCat("the key ", key.text, " must name a value that is a code"));
          continue;
        }
        symbol.keys.push_back(key_symbol);
      }
    }
  }

  // A parameter chosen by something personal is personal, through any number of keys; then every
  // symbol gets its place in the value tables.
  void PlaceSymbols() {
    for (bool changed = true; changed;) {
      changed = false;
      for (Symbol& symbol : pack_->symbols) {
        for (int key : symbol.keys) {
          if (symbol.per_person || !pack_->symbols[static_cast<size_t>(key)].per_person) continue;
          symbol.per_person = true;
          changed = true;
        }
      }
    }
    for (Symbol& symbol : pack_->symbols) {
      if (symbol.division < 0) continue;
      Division& division = pack_->divisions[static_cast<size_t>(symbol.division)];
      symbol.table = symbol.per_person ? division.person_values++ : division.household_values++;
      ShiftBelow(symbol.division, symbol.per_person);
    }
  }

  // Levels below continue behind this one's symbols. Symbols are sorted by level.
  void ShiftBelow(int division, bool per_person) {
    for (size_t d = static_cast<size_t>(division) + 1; d < pack_->divisions.size(); ++d) {
      bool below = false;
      for (int above = pack_->divisions[d].parent; above >= 0;
           above = pack_->divisions[static_cast<size_t>(above)].parent) {
        below |= above == division;
      }
      if (!below) continue;
      Division& lower = pack_->divisions[d];
      (per_person ? lower.person_values : lower.household_values)++;
    }
  }

  void LinkFile(size_t f) {
    const SourceFile& file = *sources_[f];
    for (const SourceSymbol& source : file.symbols) LinkSymbol(f, source);
    for (const SourceEvidence& source : file.evidence) LinkEvidence(f, source);
    for (const SourceProgramme& source : file.programmes) LinkProgramme(f, source);
  }

  int32_t AddInfo(size_t f, const SourceRow& row, std::string id, std::string label,
                  std::string text) {
    const SourceFile& file = *sources_[f];
    RowInfo info;
    info.id = std::move(id);
    info.label = std::move(label);
    info.text = std::move(text);
    info.article = row.article;
    info.file = static_cast<int>(f);
    info.line = row.line;
    info.division = file_division_[f];
    const auto document = document_index_.find(row.document.text);
    if (document != document_index_.end()) {
      info.document = document->second;
    } else if (!row.document.text.empty()) {
      Find(file, row.document.line, "UNKNOWN_DOCUMENT",
           absl::StrCat("no file declares the document ", row.document.text));
    }
    pack_->row_infos.push_back(std::move(info));
    return static_cast<int32_t>(pack_->row_infos.size()) - 1;
  }

  void LinkSymbol(size_t f, const SourceSymbol& source) {
    const SourceFile& file = *sources_[f];
    const int index = NamesOf(f).Find(source.name.text);
    if (index < 0) {
      if (!source.declares) {
        Find(file, source.name.line, "UNKNOWN_NAME",
             absl::StrCat("no level above declares ", source.name.text));
      }
      return;
    }
    const Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
    if (symbol.kind != source.kind) {
      if (!source.declares) {
        Find(file, source.name.line, "TYPE_MISMATCH",
             absl::StrCat(source.name.text, " is declared in another section"));
      }
      return;
    }
    if (symbol.division != file_division_[f] && !MaySet(index, file.division)) {
      Find(file, source.name.line, "DELEGATION_BREACH",
           absl::StrCat(source.name.text, " is not left to this level by ",
                        pack_->divisions[static_cast<size_t>(symbol.division)].code));
      return;
    }
    for (const SourceRow& row : source.rows) {
      if (symbol.kind == SymbolKind::kParameter) {
        LinkConstant(f, index, row);
      } else {
        LinkRule(f, index, row);
      }
    }
  }

  bool MaySet(int symbol, const std::string& division) const {
    const auto it = delegations_.find(symbol);
    const auto level = base::DivisionLevel(division);
    return it != delegations_.end() && level &&
           std::find(it->second.to.begin(), it->second.to.end(), *level) != it->second.to.end();
  }

  // The row's place among the pack's; `row.in_force` and keys are checked against the level's other
  // rows.
  void AddRow(size_t f, int symbol, Row row, std::vector<int> used, int line) {
    Division& division = DivisionOf(f);
    for (int32_t other_index : division.own_rows) {
      const Row& other = pack_->rows[static_cast<size_t>(other_index)];
      if (other.symbol != symbol || !Overlap(other.in_force, row.in_force)) continue;
      bool same_keys = true;
      for (size_t k = 0; k < row.keys.size() && k < other.keys.size(); ++k) {
        same_keys &= (row.keys[k] & other.keys[k]) != 0;
      }
      if (!same_keys) continue;
      const RowInfo& info = pack_->row_infos[static_cast<size_t>(other.info)];
      Find(*sources_[f], line, "PERIOD_OVERLAP",
           absl::StrCat("in force together with the row of ",
                        sources_[static_cast<size_t>(info.file)]->shown, ":", info.line));
      break;
    }
    row.symbol = symbol;
    division.own_rows.push_back(static_cast<int32_t>(pack_->rows.size()));
    pack_->rows.push_back(std::move(row));
    uses_.push_back(std::move(used));
  }

  // "minimum_wage[area_class=I|II]" and the key sets.
  std::string LinkRowKeys(const SourceFile& file, const Symbol& symbol, const SourceRow& source,
                          Row* row) {
    std::vector<std::string> shown;
    for (int key : symbol.keys) {
      const Symbol& key_symbol = pack_->symbols[static_cast<size_t>(key)];
      const CodeList& list = pack_->code_lists[static_cast<size_t>(key_symbol.type.codes)];
      uint64_t mask = 0;
      std::vector<std::string> codes;
      for (const auto& [name, values] : source.keys) {
        if (name.text != key_symbol.name) continue;
        for (const Located& value : values) {
          const auto bit = ParseCode(value.text, list);
          if (!bit.ok()) Find(file, value.line, bit.status());
          mask |= bit.value_or(0);
          codes.push_back(value.text);
        }
      }
      if (!codes.empty())
        shown.push_back(absl::StrCat(key_symbol.name, "=", absl::StrJoin(codes, "|")));
      row->keys.push_back(codes.empty() ? list.All() : mask);
    }
    for (const auto& [name, values] : source.keys) {
      const bool known =
          std::any_of(symbol.keys.begin(), symbol.keys.end(), [&, n = name.text](int key) {
            return pack_->symbols[static_cast<size_t>(key)].name == n;
          });
      if (!known)
        Find(file, name.line, "UNKNOWN_KEY",
             absl::StrCat(symbol.name, " is not chosen by ", name.text));
    }
    return shown.empty() ? symbol.name
                         : absl::StrCat(symbol.name, "[", absl::StrJoin(shown, ","), "]");
  }

  static std::string Shown(const base::YamlNode& node) {
    if (node.kind != base::YamlNode::Kind::kSequence) return node.scalar;
    return absl::StrJoin(node.items, ", ", [](std::string* out, const base::YamlNode& item) {
      absl::StrAppend(out, item.scalar);
    });
  }

  void LinkConstant(size_t f, int index, const SourceRow& source) {
    const SourceFile& file = *sources_[f];
    const Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
    Row row;
    row.in_force = source.in_force;
    row.assumed = source.assumed;
    const std::string id = LinkRowKeys(file, symbol, source, &row);
    row.info = AddInfo(f, source, id, symbol.label, Shown(source.value));
    if (source.value_line == 0) return;  // reported as missing
    const auto value = ParseValue(source.value, symbol.type, *pack_);
    if (!value.ok()) {
      Find(file, source.value_line, value.status());
      return;
    }
    row.constant = *value;
    if (row.assumed) row.constant.marks = kMarkAssumed;
    const bool low =
        !symbol.unknown.lo_infinite && base::Rational::Compare(value->lo, symbol.unknown.lo) < 0;
    const bool high =
        !symbol.unknown.hi_infinite && base::Rational::Compare(value->hi, symbol.unknown.hi) > 0;
    if (symbol.type.kind == TypeKind::kNumber && (low || high)) {
      Find(file, source.value_line, "BAD_VALUE",
           absl::StrCat(symbol.name, " lies outside its min and max"));
    }
    CheckBands(file, index, source, row.constant.lo);
    AddRow(f, index, std::move(row), {}, source.line);
  }

  void CheckBands(const SourceFile& file, int index, const SourceRow& source,
                  const base::Rational& value) {
    const auto it = delegations_.find(index);
    if (it == delegations_.end()) return;
    auto outside = [&](const Band& band) {
      return Overlap(band.in_force, source.in_force) &&
             ((band.min && base::Rational::Compare(value, *band.min) < 0) ||
              (band.max && base::Rational::Compare(value, *band.max) > 0));
    };
    for (const Band& band : it->second.bands) {
      if (outside(band)) {
        Find(file, source.value_line, "BAND_BREACH",
             absl::StrCat(Shown(source.value), " lies outside the binding band ", band.text));
      }
    }
    for (const Band& guide : it->second.guides) {
      if (outside(guide)) {
        Find(file, source.value_line, "GUIDANCE_LEFT",
             absl::StrCat(Shown(source.value), " lies outside the guidance ", guide.text), true);
      }
    }
  }

  void LinkRule(size_t f, int index, const SourceRow& source) {
    const SourceFile& file = *sources_[f];
    const Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
    Row row;
    row.in_force = source.in_force;
    row.assumed = source.assumed;
    row.info = AddInfo(f, source, symbol.name, symbol.label, Shown(source.value));
    if (source.value_line == 0) return;
    const absl::StatusOr<Node> tree = ParseExpression(source.value.scalar);
    if (!tree.ok()) {
      Find(file, source.value_line, tree.status());
      return;
    }
    CompileScope scope;
    const NameTable& names = NamesOf(f);
    scope.find_symbol = [&names](absl::string_view name) { return names.Find(name); };
    scope.per_person = symbol.per_person;
    scope.expected = symbol.type;
    const auto compiled = CompileExpression(*tree, scope, pack_.get());
    if (!compiled.ok()) {
      Find(file, source.value_line, compiled.status());
      return;
    }
    row.code = compiled->code;
    AddRow(f, index, std::move(row), compiled->symbols, source.line);
  }

  void LinkEvidence(size_t f, const SourceEvidence& source) {
    const SourceFile& file = *sources_[f];
    const auto kind = pack_->fact_kind_index.find(source.kind.text);
    if (kind == pack_->fact_kind_index.end()) {
      Find(file, source.kind.line, "UNKNOWN_NAME",
           absl::StrCat("there is no kind of fact called ", source.kind.text));
      return;
    }
    const std::vector<base::Level>& by =
        pack_->fact_kinds[static_cast<size_t>(kind->second)].evidence_by;
    const auto level = base::DivisionLevel(file.division);
    if (file.division != kNation &&
        (!level || std::find(by.begin(), by.end(), *level) == by.end())) {
      Find(file, source.kind.line, "DELEGATION_BREACH",
           absl::StrCat("what proves ", source.kind.text, " is not left to this level"));
      return;
    }
    Division& division = DivisionOf(f);
    for (const SourceEvidence::Rule& rule : source.rules) {
      EvidenceRule linked = LinkEvidenceRule(f, source, rule);
      for (const auto& [other_kind, other] : division.own_evidence) {
        if (other_kind == kind->second &&
            Overlap(pack_->evidence[static_cast<size_t>(other)].in_force, linked.in_force)) {
          Find(file, rule.row.line, "PERIOD_OVERLAP",
               "in force together with another rule of this level");
        }
      }
      division.own_evidence.emplace_back(kind->second,
                                         static_cast<int32_t>(pack_->evidence.size()));
      pack_->evidence.push_back(std::move(linked));
    }
  }

  EvidenceRule LinkEvidenceRule(size_t f, const SourceEvidence& source,
                                const SourceEvidence::Rule& rule) {
    const SourceFile& file = *sources_[f];
    EvidenceRule linked;
    linked.in_force = rule.row.in_force;
    linked.assumed = rule.row.assumed;
    std::vector<std::string> shown;
    for (const Located& need : rule.complete_by) {
      shown.push_back(need.text);
      EvidenceRule::Need linked_need;
      if (need.text != kDeclaration) {
        const size_t at = need.text.find('@');
        const auto category = pack_->category_index.find(need.text.substr(0, at));
        if (category == pack_->category_index.end()) {
          Find(file, need.line, "UNKNOWN_NAME",
               absl::StrCat("there is no category ", need.text.substr(0, at)));
          continue;
        }
        linked_need.category = category->second;
        if (at != std::string::npos) linked_need.source_id = need.text.substr(at + 1);
      }
      linked.complete_by.push_back(std::move(linked_need));
    }
    if (rule.complete_by.empty()) {
      Find(file, rule.row.line, "BAD_VALUE",
           "complete_by names at least one category, or \"declaration\"");
    }
    using Use = EvidenceRule::Use;
    using Otherwise = EvidenceRule::Otherwise;
    const std::string& use = rule.use.text;
    linked.use = use == "found" ? Use::kFound : use == "declared" ? Use::kDeclared : Use::kHigher;
    if (!use.empty() && use != "found" && use != "declared" && use != "higher") {
      Find(file, rule.use.line, "BAD_VALUE", "use is found, declared or higher");
    }
    const std::string& otherwise = rule.otherwise.text;
    linked.otherwise = otherwise == "found"      ? Otherwise::kFound
                       : otherwise == "declared" ? Otherwise::kDeclared
                                                 : Otherwise::kUnknown;
    if (!otherwise.empty() && otherwise != "unknown" && otherwise != "found" &&
        otherwise != "declared") {
      Find(file, rule.otherwise.line, "BAD_VALUE", "otherwise is unknown, found or declared");
    }
    const std::string text = absl::StrCat("complete_by ", absl::StrJoin(shown, "+"), ", use ",
                                          use.empty() ? "higher" : use, ", otherwise ",
                                          otherwise.empty() ? "unknown" : otherwise);
    linked.info = AddInfo(f, rule.row, absl::StrCat("evidence.", source.kind.text),
                          absl::StrCat("举证规则：", pack_->labels[source.kind.text]), text);
    return linked;
  }

  void LinkProgramme(size_t f, const SourceProgramme& source) {
    const SourceFile& file = *sources_[f];
    for (int d = file_division_[f]; d >= 0; d = pack_->divisions[static_cast<size_t>(d)].parent) {
      for (int32_t p : pack_->divisions[static_cast<size_t>(d)].own_programmes) {
        if (pack_->programmes[static_cast<size_t>(p)].name == source.name.text) {
          Find(file, source.name.line, "DUPLICATE_NAME",
               absl::StrCat("the programme ", source.name.text, " is declared here or above"));
          return;
        }
      }
    }
    Programme programme{source.name.text, source.label, {}};
    for (const SourceProgramme::Rule& rule : source.rules) {
      ProgrammeRow row;
      row.in_force = rule.row.in_force;
      row.assumed = rule.row.assumed;
      row.indication = LinkResult(f, rule.indication, TypeKind::kTruth);
      if (!rule.amount.text.empty()) row.amount = LinkResult(f, rule.amount, TypeKind::kNumber);
      row.info = AddInfo(f, rule.row, absl::StrCat("programme.", source.name.text), source.label,
                         rule.amount.text.empty()
                             ? rule.indication.text
                             : absl::StrCat(rule.indication.text, ", ", rule.amount.text));
      for (const ProgrammeRow& other : programme.rows) {
        if (Overlap(other.in_force, row.in_force)) {
          Find(file, rule.row.line, "PERIOD_OVERLAP",
               "in force together with another row of this programme");
        }
      }
      programme.rows.push_back(row);
    }
    DivisionOf(f).own_programmes.push_back(static_cast<int32_t>(pack_->programmes.size()));
    pack_->programmes.push_back(std::move(programme));
  }

  int LinkResult(size_t f, const Located& name, TypeKind kind) {
    const int symbol = NamesOf(f).Find(name.text);
    bool fits = false;
    if (symbol >= 0) {
      const Symbol& s = pack_->symbols[static_cast<size_t>(symbol)];
      const bool computed = s.kind == SymbolKind::kQuantity || s.kind == SymbolKind::kTest;
      fits = computed && !s.per_person && s.type.kind == kind;
    }
    if (!fits) {
      Find(*sources_[f], name.line, symbol < 0 ? "UNKNOWN_NAME" : "TYPE_MISMATCH",
           absl::StrCat("\"", name.text, "\" is not a household's ",
                        kind == TypeKind::kTruth ? "test" : "amount"));
    }
    return fits ? symbol : 0;
  }

  void LinkMembership(size_t d) {
    Division& division = pack_->divisions[d];
    const int member = names_[d]->Find("is_member");
    const int complete = names_[d]->Find("members_complete");
    const auto is = [this](int symbol, bool per_person) {
      if (symbol < 0) return true;
      const Symbol& s = pack_->symbols[static_cast<size_t>(symbol)];
      return s.per_person == per_person && s.type.kind == TypeKind::kTruth;
    };
    if (!is(member, true) || !is(complete, false)) {
      findings_.push_back(
          {sources_[static_cast<size_t>(division.files.empty() ? 0 : division.files[0])]->path, 1,
           "TYPE_MISMATCH", "is_member is a person's test and members_complete the household's",
           false});
      return;
    }
    division.member = member;
    division.members_complete = complete;
  }

  std::string DigestOfFiles() const {
    std::vector<PolicyFile> files = pack_->files;
    std::sort(files.begin(), files.end(),
              [](const PolicyFile& a, const PolicyFile& b) { return a.path < b.path; });
    base::Hasher hasher;
    for (const PolicyFile& file : files)
      hasher.Update(file.path).Update(absl::string_view("\0", 1)).Update(file.digest);
    return hasher.Finish();
  }

  std::vector<const SourceFile*> sources_;  // sorted by depth, then path
  std::vector<PolicyFinding>& findings_;
  std::unique_ptr<CompiledPack> pack_;
  NameTable built_in_names_{nullptr};
  std::vector<std::unique_ptr<NameTable>> names_;  // by division
  std::vector<int> file_division_;
  absl::flat_hash_map<std::string, int> document_index_;
  absl::flat_hash_map<int, Delegation> delegations_;
  std::vector<std::vector<int>> uses_;  // by row
  int built_in_household_ = 0;
  int built_in_person_ = 0;
};

}  // namespace

std::unique_ptr<CompiledPack> LinkPolicies(const std::vector<SourceFile>& files,
                                           std::vector<PolicyFinding>* findings) {
  return Linker(files, findings).Link();
}

}  // namespace hedui::assess
