#include "server/assess/policy_linker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/assess/expression_compiler.h"
#include "server/assess/policy_link.h"
#include "server/assess/policy_values.h"
#include "server/base/digest.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

bool Overlap(const DayRange& a, const DayRange& b) { return a.Overlaps(b); }

}  // namespace

PolicyLink::PolicyLink(const std::vector<SourceFile>& files, size_t constants_work_max,
                       std::vector<PolicyFinding>* findings)
    : findings_(*findings),
      pack_(std::make_unique<CompiledPack>()),
      constants_work_max_(constants_work_max) {
  for (const SourceFile& file : files) sources_.push_back(&file);
}

std::unique_ptr<CompiledPack> PolicyLink::Link() {
  DeclareDivisions();
  DeclareBuiltIns();
  for (Division& division : pack_->divisions) {
    division.household_values = built_in_household_;
    division.person_values = built_in_person_;
  }
  for (size_t f = 0; f < sources_.size(); ++f) DeclareLists(*sources_[f]);
  for (size_t f = 0; f < sources_.size(); ++f) DeclareFacts(*sources_[f]);
  for (size_t f = 0; f < sources_.size(); ++f) DeclareDiscrepancies(*sources_[f]);
  // Sources are sorted by depth, so that a level's names are there when the next one's are
  // checked.
  for (size_t f = 0; f < sources_.size(); ++f) DeclareSymbols(f);
  for (size_t f = 0; f < sources_.size(); ++f) LinkKeys(f);
  PlaceSymbols();
  for (size_t f = 0; f < sources_.size(); ++f) DeclareVariants(*sources_[f]);
  for (size_t f = 0; f < sources_.size(); ++f) LinkDelegations(f);
  for (size_t f = 0; f < sources_.size(); ++f) LinkFile(f);
  for (size_t d = 0; d < pack_->divisions.size(); ++d) {
    OrderDivision(static_cast<int>(d), uses_, sources_, pack_.get(), &findings_);
    LinkMembership(d);
  }
  pack_->digest = DigestOfFiles();
  CheckConstants();
  pack_->row_uses = std::move(uses_);
  return std::move(pack_);
}

void PolicyLink::LinkFile(size_t f) {
  const SourceFile& file = *sources_[f];
  for (const SourceSymbol& source : file.symbols) LinkSymbol(f, source);
  for (const SourceCalendarRow& source : file.calendar) LinkCalendar(f, source);
  for (const SourceEvidence& source : file.evidence) LinkEvidence(f, source);
  for (const SourceProgramme& source : file.programmes) LinkProgramme(f, source);
  for (const SourceConstraint& source : file.constraints) LinkConstraint(f, source);
}

int32_t PolicyLink::AddInfo(size_t f, const SourceRow& row, std::string id, std::string label,
                            std::string text) {
  const SourceFile& file = *sources_[f];
  PolicyRow shown;
  shown.id = std::move(id);
  shown.label = std::move(label);
  shown.value = std::move(text);
  shown.division = pack_->divisions[static_cast<size_t>(file_division_[f])].code;
  shown.in_force = PeriodOf(row.in_force);
  shown.citation.article = row.article;
  shown.citation.verified = !row.assumed;
  shown.file = pack_->files[f].path;
  shown.line = row.line;
  shown.file_digest = pack_->files[f].digest;
  if (const int document = ChainOf(file).documents.Find(row.document.text); document >= 0) {
    const Document& cited = pack_->documents[static_cast<size_t>(document)];
    shown.citation.document = cited.id;
    shown.citation.title = cited.title;
  } else if (!row.document.text.empty()) {
    Find(file, row.document.line, "UNKNOWN_DOCUMENT",
         absl::StrCat("no file of this division or above declares the document ",
                      row.document.text));
  }
  RowInfo info{std::move(shown), static_cast<int>(f)};
  pack_->row_infos.push_back(std::move(info));
  return static_cast<int32_t>(pack_->row_infos.size()) - 1;
}

void PolicyLink::LinkSymbol(size_t f, const SourceSymbol& source) {
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
  if (symbol.division != file_division_[f] && !MaySet(index, file_division_[f])) {
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

void PolicyLink::AddRow(size_t f, int symbol, Row row, std::vector<int> used, int line) {
  Division& division = DivisionOf(f);
  for (int32_t other_index : division.own_rows) {
    const Row& other = pack_->rows[static_cast<size_t>(other_index)];
    if (other.symbol != symbol || !Overlap(other.in_force, row.in_force)) continue;
    KeyBox common;
    const std::vector<Type>& types = pack_->symbols[static_cast<size_t>(symbol)].key_types;
    if (!Meet(types, row.keys, other.keys, &common)) continue;
    const RowInfo& info = pack_->row_infos[static_cast<size_t>(other.info)];
    Find(*sources_[f], line, "PERIOD_OVERLAP",
         absl::StrCat("in force together with the row of ", info.shown->file, ":",
                      info.shown->line));
    break;
  }
  row.symbol = symbol;
  division.own_rows.push_back(static_cast<int32_t>(pack_->rows.size()));
  pack_->rows.push_back(std::move(row));
  uses_.push_back(std::move(used));
}

std::string PolicyLink::Shown(const base::YamlNode& node) {
  if (node.kind != base::YamlNode::Kind::kSequence) return node.scalar;
  return absl::StrJoin(node.items, ", ", [](std::string* out, const base::YamlNode& item) {
    absl::StrAppend(out, item.scalar);
  });
}

void PolicyLink::LinkConstant(size_t f, int index, const SourceRow& source) {
  const SourceFile& file = *sources_[f];
  const Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
  Row row;
  row.in_force = source.in_force;
  row.assumed = source.assumed;
  const std::string id = LinkRowKeys(file, symbol, source.keys, &row.keys);
  row.info = AddInfo(f, source, id, symbol.label, Shown(source.value));
  if (source.value_line == 0) return;  // reported as missing
  const auto value = ParseValue(source.value, symbol.type, *pack_, &DivisionOf(f));
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
  CheckBands(f, index, source, row);
  AddRow(f, index, std::move(row), {}, source.line);
}

void PolicyLink::LinkRule(size_t f, int index, const SourceRow& source) {
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
  scope.division = &DivisionOf(f);
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

int32_t PolicyLink::ProgrammeAbove(size_t f, absl::string_view name) const {
  for (int d = file_division_[f]; d >= 0; d = pack_->divisions[static_cast<size_t>(d)].parent) {
    for (int32_t p : pack_->divisions[static_cast<size_t>(d)].own_programmes) {
      if (pack_->programmes[static_cast<size_t>(p)].name == name) return p;
    }
  }
  return -1;
}

void PolicyLink::LinkProgramme(size_t f, const SourceProgramme& source) {
  const SourceFile& file = *sources_[f];
  const int32_t known = ProgrammeAbove(f, source.name.text);
  if (!source.declares) return AddProgrammeRows(f, source, known);
  if (known >= 0) {
    Find(file, source.name.line, "DUPLICATE_NAME",
         absl::StrCat("the programme ", source.name.text, " is declared here or above"));
    return;
  }
  Programme programme{source.name.text, source.label, source.per_person, {}};
  programme.rows = LinkProgrammeRows(f, source, programme);
  const auto index = static_cast<int32_t>(pack_->programmes.size());
  DivisionOf(f).own_programmes.push_back(index);
  pack_->programmes.push_back(std::move(programme));
  programme_levels_[index] = Levels(file, source.delegate_to);
}

void PolicyLink::AddProgrammeRows(size_t f, const SourceProgramme& source, int32_t known) {
  const SourceFile& file = *sources_[f];
  const auto to = programme_levels_.find(known);
  if (to == programme_levels_.end()) {
    Find(file, source.name.line, "UNKNOWN_NAME",
         absl::StrCat("no level above declares the programme ", source.name.text));
    return;
  }
  const auto level = base::DivisionLevel(file.division);
  const std::vector<int32_t>& own = DivisionOf(f).own_programmes;
  if (!level || std::find(own.begin(), own.end(), known) != own.end() ||
      std::find(to->second.begin(), to->second.end(), *level) == to->second.end()) {
    Find(file, source.name.line, "DELEGATION_BREACH",
         absl::StrCat("the programme ", source.name.text, " is not left to this level"));
    return;
  }
  const Programme& programme = pack_->programmes[static_cast<size_t>(known)];
  std::vector<std::pair<int32_t, ProgrammeRow>>& rows = DivisionOf(f).own_programme_rows;
  for (ProgrammeRow& row : LinkProgrammeRows(f, source, programme)) {
    for (const auto& [of, other] : rows) {
      if (of == known && Overlap(other.in_force, row.in_force) &&
          pack_->row_infos[static_cast<size_t>(other.info)].file != static_cast<int>(f)) {
        Find(file, source.name.line, "PERIOD_OVERLAP",
             "in force together with a row of another file of this level");
      }
    }
    rows.emplace_back(known, std::move(row));
  }
}

std::vector<ProgrammeRow> PolicyLink::LinkProgrammeRows(size_t f, const SourceProgramme& source,
                                                        const Programme& programme) {
  std::vector<ProgrammeRow> rows;
  for (const SourceProgramme::Rule& rule : source.rules) {
    ProgrammeRow row;
    row.in_force = rule.row.in_force;
    row.assumed = rule.row.assumed;
    row.indication = LinkResult(f, rule.indication, TypeKind::kTruth, programme.per_person);
    if (!rule.amount.text.empty())
      row.amount = LinkResult(f, rule.amount, TypeKind::kNumber, programme.per_person);
    if (!rule.validity.text.empty()) LinkValidity(f, rule.validity, programme.per_person, &row);
    row.info = AddInfo(f, rule.row, absl::StrCat("programme.", programme.name), programme.label,
                       rule.amount.text.empty()
                           ? rule.indication.text
                           : absl::StrCat(rule.indication.text, ", ", rule.amount.text));
    for (const ProgrammeRow& other : rows) {
      if (Overlap(other.in_force, row.in_force)) {
        Find(*sources_[f], rule.row.line, "PERIOD_OVERLAP",
             "in force together with another row of this programme");
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// "12 months", or a parameter or quantity in months, years or days.
void PolicyLink::LinkValidity(size_t f, const Located& text, bool per_person, ProgrammeRow* row) {
  const std::pair<absl::string_view, absl::string_view> written =
      absl::StrSplit(text.text, absl::MaxSplits(' ', 1));
  const auto is_span = [](const Unit& unit) {
    return unit == kUnitMonths || unit == kUnitYears || unit == kUnitDays;
  };
  if (const auto unit = UnitFromName(written.second); unit && is_span(*unit)) {
    int64_t count = 0;
    if (absl::SimpleAtoi(written.first, &count) && count > 0 && written.first.size() <= 6) {
      row->validity_type = Type::Number(*unit);
      row->validity_written = Point(base::Rational(count));
      return;
    }
  }
  const int symbol = NamesOf(f).Find(text.text);
  const Symbol* const found = symbol < 0 ? nullptr : &pack_->symbols[static_cast<size_t>(symbol)];
  if (found != nullptr &&
      (found->kind == SymbolKind::kQuantity || found->kind == SymbolKind::kParameter) &&
      (per_person || !found->per_person) && found->type.kind == TypeKind::kNumber &&
      is_span(found->type.unit)) {
    row->validity = symbol;
    row->validity_type = found->type;
    return;
  }
  Find(*sources_[f], text.line, "BAD_VALUE",
       absl::StrCat("\"", text.text,
                    "\" is neither a number of months, years or days, nor a parameter or quantity "
                    "in them that the programme can have"));
}

int PolicyLink::LinkResult(size_t f, const Located& name, TypeKind kind, bool per_person) {
  const int symbol = NamesOf(f).Find(name.text);
  bool fits = false;
  if (symbol >= 0) {
    const Symbol& s = pack_->symbols[static_cast<size_t>(symbol)];
    const bool computed = s.kind == SymbolKind::kQuantity || s.kind == SymbolKind::kTest;
    fits = computed && s.per_person == per_person && s.type.kind == kind;
  }
  if (!fits) {
    Find(*sources_[f], name.line, symbol < 0 ? "UNKNOWN_NAME" : "TYPE_MISMATCH",
         absl::StrCat("\"", name.text, "\" is not a ", per_person ? "person's " : "household's ",
                      kind == TypeKind::kTruth ? "test" : "amount"));
  }
  return fits ? symbol : 0;
}

void PolicyLink::LinkMembership(size_t d) {
  Division& division = pack_->divisions[d];
  const int member = names_[d]->Find(kIsMember);
  const int complete = names_[d]->Find(kMembersComplete);
  const int obligors_complete = names_[d]->Find(kObligorsComplete);
  const auto is = [this](int symbol, bool per_person) {
    if (symbol < 0) return true;
    const Symbol& s = pack_->symbols[static_cast<size_t>(symbol)];
    return s.per_person == per_person && s.type.kind == TypeKind::kTruth;
  };
  if (!is(member, true) || !is(complete, false) || !is(obligors_complete, false)) {
    findings_.push_back(
        {sources_[static_cast<size_t>(division.files.empty() ? 0 : division.files[0])]->path, 1,
         "TYPE_MISMATCH",
         "is_member is a person's test, members_complete and obligors_complete the household's",
         false});
    return;
  }
  division.member = member;
  division.members_complete = complete;
  division.obligors_complete = obligors_complete;
}

std::string PolicyLink::DigestOfFiles() const {
  std::vector<PolicyFile> files = pack_->files;
  std::sort(files.begin(), files.end(),
            [](const PolicyFile& a, const PolicyFile& b) { return a.path < b.path; });
  base::Hasher hasher;
  for (const PolicyFile& file : files)
    hasher.Update(file.path).Update(absl::string_view("\0", 1)).Update(file.digest);
  return hasher.Finish();
}

std::unique_ptr<CompiledPack> LinkPolicies(const std::vector<SourceFile>& files,
                                           size_t constants_work_max,
                                           std::vector<PolicyFinding>* findings) {
  return PolicyLink(files, constants_work_max, findings).Link();
}

}  // namespace hedui::assess
