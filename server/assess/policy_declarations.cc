#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/assess/policy_link.h"
#include "server/assess/policy_values.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

// Words that mean something in every expression.
constexpr absl::string_view kReserved[] = {"p",    "persons", "members", "obligors",
                                           "true", "false",   "in"};
// What a case says of every fact (docs/case-format.md), so that it could not state such a field.
constexpr absl::string_view kOfEveryFact[] = {"kind", "possible", "doubtful"};

}  // namespace

void PolicyLink::Find(const SourceFile& file, int line, absl::string_view code,
                      absl::string_view text, bool warning) {
  findings_.push_back({file.path, line, std::string(code), std::string(text), warning});
}

int PolicyLink::Depth(const std::string& code) {
  const auto level = base::DivisionLevel(code);
  return level ? static_cast<int>(*level) : 0;
}

void PolicyLink::DeclareDivisions() {
  std::stable_sort(sources_.begin(), sources_.end(), [](const SourceFile* a, const SourceFile* b) {
    if (Depth(a->division) != Depth(b->division)) return Depth(a->division) < Depth(b->division);
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
      chains_.push_back(std::make_unique<ChainNames>(
          division.parent >= 0 ? chains_[static_cast<size_t>(division.parent)].get()
                               : &built_in_chain_));
      pack_->divisions.push_back(std::move(division));
    }
    file_division_.push_back(it->second);
    pack_->divisions[static_cast<size_t>(it->second)].own_files.push_back(static_cast<int32_t>(f));
    pack_->files.push_back({sources_[f]->shown, sources_[f]->digest});
    pack_->texts.push_back(sources_[f]->text);
    pack_->paths.push_back(sources_[f]->path);
  }
}

int PolicyLink::AddList(const std::string& name, const std::string& label,
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

void PolicyLink::AddBuiltIn(absl::string_view name, absl::string_view label, Intrinsic intrinsic,
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

// Codes stand in the order of the enums of base/household.h.
void PolicyLink::DeclareBuiltIns() {
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
  const int check_kind = AddList("check_kind", "核对事由",
                                 {{"new", "新申请"},
                                  {"review", "复核"},
                                  {"complaint", "投诉举报"},
                                  {"spot_check", "抽查"},
                                  {"objection", "异议"},
                                  {"assistance", "协查"},
                                  {"urgent", "急难"}});
  for (int list : {scope, role, relation, sex, check_kind})
    built_in_chain_.code_lists.Add(pack_->code_lists[static_cast<size_t>(list)].name, list);
  AddBuiltIn("policy_day", "政策适用日", Intrinsic::kPolicyDay, false, Type::Of(TypeKind::kDate));
  AddBuiltIn("application_day", "申请日", Intrinsic::kApplicationDay, false,
             Type::Of(TypeKind::kDate));
  AddBuiltIn("acceptance_day", "受理日", Intrinsic::kAcceptanceDay, false,
             Type::Of(TypeKind::kDate));
  AddBuiltIn("request_day", "核对请求日", Intrinsic::kRequestDay, false, Type::Of(TypeKind::kDate));
  AddBuiltIn("check_kind", "核对事由", Intrinsic::kCheckKind, false,
             Type::Of(TypeKind::kCode, check_kind));
  AddBuiltIn("staff_relative", "近亲属备案", Intrinsic::kStaffRelative, false, Type::Truth());
  AddBuiltIn("division", "行政区划", Intrinsic::kDivision, false, Type::Of(TypeKind::kDivision));
  AddBuiltIn("scope", "城乡", Intrinsic::kScope, false, Type::Of(TypeKind::kCode, scope));
  AddBuiltIn("role", "身份", Intrinsic::kRole, true, Type::Of(TypeKind::kCode, role));
  pack_->relation_list = relation;
  AddBuiltIn("relation", "与申请人关系", Intrinsic::kRelation, true,
             Type::Of(TypeKind::kCode, relation));
  AddBuiltIn("sex", "性别", Intrinsic::kSex, true, Type::Of(TypeKind::kCode, sex));
  AddBuiltIn("birth", "出生日期", Intrinsic::kBirth, true, Type::Of(TypeKind::kDate));
}

void PolicyLink::DeclareLists(const SourceFile& file) {
  for (const auto& [id, title] : file.documents) {
    NameTable& documents = ChainOf(file).documents;
    if (documents.Find(id.text) >= 0) {
      Find(file, id.line, "DUPLICATE_NAME",
           absl::StrCat("the document ", id.text, " is declared here or above already"));
    } else {
      documents.Add(id.text, static_cast<int>(pack_->documents.size()));
      pack_->documents.push_back({id.text, title});
    }
  }
  for (const SourceCodeList& source : file.codes) DeclareCodes(file, source);
  if (file.division != kNationCode && !file.categories.empty()) {
    Find(file, file.categories[0].first.line, "NATION_ONLY",
         "categories are declared in the national files");
  }
  for (const auto& [name, label] : file.categories) {
    const auto [it, added] =
        pack_->category_index.try_emplace(name.text, static_cast<int>(pack_->categories.size()));
    if (!added || name.text == kDeclarationNeed || name.text == kStatementNeed) {
      Find(file, name.line, "DUPLICATE_NAME",
           absl::StrCat("the category ", name.text, " is taken"));
      continue;
    }
    pack_->categories.push_back(name.text);
    pack_->labels[name.text] = label;
  }
}

void PolicyLink::DeclareCodes(const SourceFile& file, const SourceCodeList& source) {
  if (source.adds) return AddCodes(file, source);
  NameTable& lists = ChainOf(file).code_lists;
  if (lists.Find(source.name.text) >= 0) {
    Find(file, source.name.line, "DUPLICATE_NAME",
         absl::StrCat("the code list ", source.name.text, " is declared here or above already"));
    return;
  }
  if (source.values.empty() || source.values.size() > static_cast<size_t>(kCodesPerListMax)) {
    Find(file, source.name.line, "CODE_LIST_SIZE",
         absl::StrCat("a code list has 1 to ", kCodesPerListMax, " codes"));
    return;
  }
  std::vector<std::pair<std::string, std::string>> values;
  for (const auto& [code, label] : source.values) values.emplace_back(code.text, label);
  const int list = AddList(source.name.text, source.label, values);
  lists.Add(source.name.text, list);
  const bool everybody = source.open.size() == 1 && source.open[0].text == "true";
  pack_->code_lists[static_cast<size_t>(list)].open_to =
      everybody
          ? std::vector<base::Level>{base::Level::kRegion, base::Level::kCity, base::Level::kCounty}
          : Levels(file, source.open);
}

std::vector<base::Level> PolicyLink::Levels(const SourceFile& file,
                                            const std::vector<Located>& names) {
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

void PolicyLink::DeclareFacts(const SourceFile& file) {
  if (file.division != kNationCode && !file.facts.empty()) {
    Find(file, file.facts[0].name.line, "NATION_ONLY",
         "kinds of facts are declared in the national files");
    return;
  }
  for (const SourceFactKind& source : file.facts) {
    FactKind kind;
    kind.name = source.name.text;
    kind.label = source.label;
    kind.by = source.by;
    kind.monthly = source.by != FactKind::By::kState;
    for (const Located& name : source.categories) {
      const auto category = pack_->category_index.find(name.text);
      if (category == pack_->category_index.end()) {
        Find(file, name.line, "UNKNOWN_NAME", absl::StrCat("no category is named ", name.text));
      } else {
        kind.categories.push_back(category->second);
      }
    }
    kind.evidence_by = Levels(file, source.evidence_by);
    for (const SourceField& field : source.fields) DeclareField(file, field, &kind);
    const auto month = kind.field_index.find("month");
    const bool has_month =
        month != kind.field_index.end() &&
        kind.fields[static_cast<size_t>(month->second)].type.kind == TypeKind::kMonth;
    if (kind.by == FactKind::By::kMonth && !has_month) {
      Find(file, source.name.line, "MISSING_KEY",
           "a fact by month has a field \"month\" of type month");
    }
    kind.month_field = has_month ? month->second : -1;
    PlaceMonths(file, source, &kind);
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

// The fields that say of which day, or which months, a fact by day, year or period is.
void PolicyLink::PlaceMonths(const SourceFile& file, const SourceFactKind& source, FactKind* kind) {
  if (kind->by == FactKind::By::kState || kind->by == FactKind::By::kMonth) return;
  const auto field = [&](const char* name, const Type& type) {
    const auto it = kind->field_index.find(name);
    if (it != kind->field_index.end() &&
        kind->fields[static_cast<size_t>(it->second)].type == type) {
      return it->second;
    }
    Find(file, source.name.line, "MISSING_KEY",
         absl::StrCat("a fact of such a kind has a field \"", name, "\" of type ",
                      type.kind == TypeKind::kDate ? "date" : "count"));
    return -1;
  };
  if (kind->by == FactKind::By::kDay) {
    kind->day_field = field("day", Type::Of(TypeKind::kDate));
    return;
  }
  if (kind->by == FactKind::By::kYear) {
    kind->year_field = field("year", Type::Number(kUnitCount));
  } else {
    kind->from_field = field("from", Type::Of(TypeKind::kDate));
    kind->until_field = field("until", Type::Of(TypeKind::kDate));
  }
  for (const char* taken : {"span", "within"}) {
    if (kind->field_index.contains(taken)) {
      Find(file, source.name.line, "BAD_NAME",
           absl::StrCat("no field of a kind by year or period is called ", taken));
    }
  }
}

void PolicyLink::DeclareField(const SourceFile& file, const SourceField& source, FactKind* kind) {
  const std::optional<Type> type = ParseType(source.type.text, ChainOf(file).code_lists);
  if (!type || type->kind == TypeKind::kPeriod || type->kind == TypeKind::kCodeSet) {
    Find(file, source.type.line, "UNKNOWN_TYPE",
         absl::StrCat("\"", source.type.text, "\" is not a field's type"));
    return;
  }
  if (std::find(std::begin(kOfEveryFact), std::end(kOfEveryFact), source.name.text) !=
      std::end(kOfEveryFact)) {
    Find(file, source.name.line, "BAD_NAME",
         absl::StrCat("no field is called ", source.name.text, ": a case says that of every fact"));
  }
  FieldType field;
  field.name = source.name.text;
  field.label = source.label;
  field.type = *type;
  field.unknown = UnknownOf(*type, *pack_);
  // A register may hold what no list of ours has.
  if (type->kind == TypeKind::kCode) field.unknown.mask |= kOtherCode;
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

void PolicyLink::DeclareSymbols(size_t f) {
  const SourceFile& file = *sources_[f];
  for (const SourceSymbol& source : file.symbols) {
    if (source.declares) DeclareSymbol(file, f, source);
  }
}

bool PolicyLink::NameIsFree(const SourceFile& file, size_t f, const SourceSymbol& source) {
  const std::string& name = source.name.text;
  const bool reserved =
      std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
  if (!reserved && NamesOf(f).Find(name) < 0 && !pack_->fact_kind_index.contains(name)) return true;
  Find(file, source.name.line, "DUPLICATE_NAME",
       absl::StrCat("the name ", name, " is taken here or above"));
  return false;
}

void PolicyLink::DeclareSymbol(const SourceFile& file, size_t f, const SourceSymbol& source) {
  if (!NameIsFree(file, f, source) || !MayBeCalled(file, source)) return;
  const std::optional<Type> type = ParseType(source.type.text, ChainOf(file).code_lists);
  const bool constant = source.kind == SymbolKind::kParameter;
  if (!type || type->kind == TypeKind::kText || type->kind == TypeKind::kPerson ||
      type->kind == TypeKind::kMonth || (!constant && type->kind == TypeKind::kDivision) ||
      (constant && type->kind == TypeKind::kPeriod)) {
    Find(file, source.type.line, "UNKNOWN_TYPE",
         absl::StrCat("\"", source.type.text,
                      "\" is not a type for this; code lists must be declared"));
    return;
  }
  if (source.name.text == kReportValidity &&
      (!constant || !(*type == Type::Number(kUnitDays)) || !source.keys.empty())) {
    Find(file, source.name.line, "TYPE_MISMATCH",
         "how long reports are valid is a parameter in days, without keys");
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
  symbol.declared_at = absl::StrCat(file.shown, ":", source.name.line);
  if (!source.min.text.empty())
    SetBound(file, source.min, *type, &symbol.unknown.lo, &symbol.unknown.lo_infinite);
  if (!source.max.text.empty())
    SetBound(file, source.max, *type, &symbol.unknown.hi, &symbol.unknown.hi_infinite);
  if (type->kind != TypeKind::kNumber && (!source.bands.empty() || !source.guides.empty())) {
    Find(file, source.name.line, "TYPE_MISMATCH", "only numbers have bands");
  }
  const int index = static_cast<int>(pack_->symbols.size());
  pack_->symbols.push_back(std::move(symbol));
  if (source.delegates)
    delegations_[index].to.emplace_back(file_division_[f], Levels(file, source.delegate_to));
  NamesOf(f).Add(source.name.text, index);
}

void PolicyLink::SetBound(const SourceFile& file, const Located& text, const Type& type,
                          base::Rational* bound, bool* infinite) {
  const auto value = ParseValueText(text.text, type, *pack_);
  if (!value.ok() || type.kind != TypeKind::kNumber) {
    Find(file, text.line, "BAD_VALUE", "min and max are numbers in the parameter's unit");
    return;
  }
  *bound = value->lo;
  *infinite = false;
}

void PolicyLink::PlaceSymbols() {
  for (bool changed = true; changed;) {
    changed = false;
    for (Symbol& symbol : pack_->symbols) {
      for (const ParameterKey& key : symbol.keys) {
        if (key.symbol < 0 || symbol.per_person ||
            !pack_->symbols[static_cast<size_t>(key.symbol)].per_person) {
          continue;
        }
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

void PolicyLink::ShiftBelow(int division, bool per_person) {
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

}  // namespace hedui::assess
