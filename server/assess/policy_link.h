// The linker's state while it goes through the files. Split over files by theme:
// policy_declarations.cc gives names, types and places, policy_discrepancies.cc what is shown
// beside the rules, policy_evidence.cc what proves, policy_tables.cc keys, policy_bands.cc who may
// set what, policy_linker.cc rows and programmes, policy_constraints.cc what constants must be.
// Internal to them.
#ifndef HEDUI_SERVER_ASSESS_POLICY_LINK_H_
#define HEDUI_SERVER_ASSESS_POLICY_LINK_H_

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/assess/policy_linker.h"
#include "server/base/status.h"

namespace hedui::assess {

inline constexpr char kNationCode[] = "000000";
// What `complete_by` may name beside categories.
inline constexpr char kDeclarationNeed[] = "declaration";
inline constexpr char kStatementNeed[] = "statement";

class PolicyLink {
 public:
  PolicyLink(const std::vector<SourceFile>& files, size_t constants_work_max,
             std::vector<PolicyFinding>* findings);
  std::unique_ptr<CompiledPack> Link();

 private:
  void Find(const SourceFile& file, int line, absl::string_view code, absl::string_view text,
            bool warning = false);
  void Find(const SourceFile& file, int line, const absl::Status& status) {
    Find(file, line, base::ReasonOf(status), status.message());
  }
  Division& DivisionOf(size_t file) {
    return pack_->divisions[static_cast<size_t>(file_division_[file])];
  }
  NameTable& NamesOf(size_t file) { return *names_[static_cast<size_t>(file_division_[file])]; }
  static int Depth(const std::string& code);
  void DeclareDivisions();
  int AddList(const std::string& name, const std::string& label,
              const std::vector<std::pair<std::string, std::string>>& values);
  void AddBuiltIn(absl::string_view name, absl::string_view label, Intrinsic intrinsic,
                  bool per_person, Type type);

  // In the order of base::PersonRole, base::Relation and base::Sex.
  void DeclareBuiltIns();

  // Documents at every level; code lists at every level; categories nation-wide, so that catalogues
  // of all levels speak of the same.
  void DeclareLists(const SourceFile& file);
  void DeclareCodes(const SourceFile& file, const SourceCodeList& source);
  // Codes that a level adds to a list declared above. In policy_tables.cc.
  void AddCodes(const SourceFile& file, const SourceCodeList& source);
  std::vector<base::Level> Levels(const SourceFile& file, const std::vector<Located>& names);
  void DeclareFacts(const SourceFile& file);
  void PlaceMonths(const SourceFile& file, const SourceFactKind& source, FactKind* kind);
  void DeclareField(const SourceFile& file, const SourceField& source, FactKind* kind);

  // What the nation's file says of discrepancies, against the kinds, fields and codes it names. In
  // policy_discrepancies.cc.
  void DeclareDiscrepancies(const SourceFile& file);
  base::DiscrepancyRule LinkDiscrepancy(const SourceFile& file, const SourceDiscrepancy& source);
  void LinkStatement(const SourceFile& file, const SourceDiscrepancy& source,
                     base::DiscrepancyRule* rule);
  const FactKind* KindNamed(const SourceFile& file, const Located& name);
  base::FoundKind LinkFound(const SourceFile& file, const SourceFound& source);
  base::FieldName LinkFieldName(const SourceFile& file, const FactKind* kind, const Located& name,
                                std::initializer_list<TypeKind> types);
  base::FieldCondition LinkCondition(const SourceFile& file, const FactKind* kind,
                                     const Located& field, const std::vector<Located>& values);

  void DeclareSymbols(size_t f);
  bool NameIsFree(const SourceFile& file, size_t f, const SourceSymbol& source);
  void DeclareSymbol(const SourceFile& file, size_t f, const SourceSymbol& source);
  void SetBound(const SourceFile& file, const Located& text, const Type& type,
                base::Rational* bound, bool* infinite);
  // An expression over parameters only (docs/evaluation.md, C1 to C5).
  struct ConstantRule {
    CodeRange code;
    std::vector<int> symbols;  // parameters that it names
    std::string text;
  };
  struct Bound {
    std::optional<base::Rational> constant;
    std::optional<ConstantRule> rule;  // in place of the constant
  };
  struct Band {
    size_t file = 0;
    int line = 0;
    int division = -1;    // whose rows, and whose below, it binds
    bool guides = false;  // leaving it only warns
    DayRange in_force;
    KeyBox keys;
    Bound min;
    Bound max;
    std::string text;
  };

  struct Delegation {
    // By division: the levels below it that may give rows. The declaring one's first.
    std::vector<std::pair<int, std::vector<base::Level>>> to;
    std::vector<Band> bands;
  };

  // A row of a constraint.
  struct Constraint {
    size_t file = 0;
    int line = 0;
    std::string name;
    DayRange in_force;
    ConstantRule holds;
  };

  // What a file says in `delegate`. In policy_bands.cc, with what bands refuse.
  void LinkDelegations(size_t f);
  void NarrowDelegation(size_t f, int index, const SourceSymbol& source);
  void AddBand(size_t f, int index, const SourceBand& source, bool guides);
  Bound LinkBound(size_t f, const Located& source, const Type& type);
  std::optional<ConstantRule> LinkConstantRule(size_t f, const Located& source, const Type& type);
  void CheckBound(const SourceFile& file, int line, const Symbol& symbol, const Band& inner,
                  const Band& outer, const base::Rational& value, absl::string_view shown);
  // `division` stands at or below `above`.
  bool IsBelow(int division, int above) const;

  // In policy_constraints.cc.
  void LinkConstraint(size_t f, const SourceConstraint& source);
  // Constraints, and bounds that are expressions, once everything else is right.
  void CheckConstants();
  friend class ConstantsCheck;

  // Keys may name symbols of the same level declared in a later file, so they come after all
  // declarations.
  void LinkKeys(size_t f);
  std::optional<ParameterKey> LinkKey(size_t f, const SourceKey& source);
  // A parameter with a given key must not be called like a function.
  bool MayBeCalled(const SourceFile& file, const SourceSymbol& source);

  // A parameter chosen by something personal is personal, through any number of keys; then every
  // symbol gets its place in the value tables.
  void PlaceSymbols();

  // Levels below continue behind this one's symbols. Symbols are sorted by level.
  void ShiftBelow(int division, bool per_person);
  void LinkFile(size_t f);
  int32_t AddInfo(size_t f, const SourceRow& row, std::string id, std::string label,
                  std::string text);
  void LinkSymbol(size_t f, const SourceSymbol& source);
  // Whether the name is left to the division's level.
  bool MaySet(int symbol, int division) const;
  // The levels that may give rows, as `division` and those above it say; none: as declared.
  const std::vector<base::Level>& LevelsFor(int symbol, int division) const;

  // The row's place among the pack's; `row.in_force` and keys are checked against the level's other
  // rows.
  void AddRow(size_t f, int symbol, Row row, std::vector<int> used, int line);

  // "minimum_wage[area_class=I|II]" and the key sets, all of what is not named.
  std::string LinkRowKeys(const SourceFile& file, const Symbol& symbol,
                          const std::vector<SourceRowKey>& source, KeyBox* keys);
  KeySet LinkRowKey(const SourceFile& file, const Type& type, const SourceRowKey& source,
                    std::string* shown);
  NumberRange LinkRange(const SourceFile& file, const Type& type, const SourceRowKey& source);
  static std::string Shown(const base::YamlNode& node);
  void LinkConstant(size_t f, int index, const SourceRow& source);
  void CheckBands(size_t f, int index, const SourceRow& source, const Row& row);
  void LinkRule(size_t f, int index, const SourceRow& source);
  // In policy_calendar.cc.
  void LinkCalendar(size_t f, const SourceCalendarRow& source);
  std::vector<int32_t> LinkCalendarDays(const SourceFile& file, const DayRange& days,
                                        const std::vector<Located>& texts);
  void LinkEvidence(size_t f, const SourceEvidence& source);
  // In policy_evidence.cc. Variants of all files come first, so that an expression may ask for one
  // that a later file has.
  void DeclareVariants(const SourceFile& file);
  EvidenceRule LinkEvidenceRule(size_t f, const SourceEvidence& source, int kind,
                                const SourceEvidence::Rule& rule);
  std::optional<EvidenceRule::Need> LinkNeed(const SourceFile& file, const Located& need);
  static void LinkOrigins(const FactKind& kind, EvidenceRule* linked);
  void LinkWhom(size_t f, int kind, const SourceEvidence::Rule& rule, EvidenceRule* linked);
  void LinkProgramme(size_t f, const SourceProgramme& source);
  void AddProgrammeRows(size_t f, const SourceProgramme& source, int32_t known);
  std::vector<ProgrammeRow> LinkProgrammeRows(size_t f, const SourceProgramme& source,
                                              const Programme& programme);
  // -1 when no level of the file's chain declares one.
  int32_t ProgrammeAbove(size_t f, absl::string_view name) const;
  int LinkResult(size_t f, const Located& name, TypeKind kind, bool per_person);
  void LinkValidity(size_t f, const Located& text, bool per_person, ProgrammeRow* row);
  void LinkMembership(size_t d);
  std::string DigestOfFiles() const;

  std::vector<const SourceFile*> sources_;  // sorted by depth, then path
  std::vector<PolicyFinding>& findings_;
  std::unique_ptr<CompiledPack> pack_;
  NameTable built_in_names_{nullptr};
  std::vector<std::unique_ptr<NameTable>> names_;  // by division
  std::vector<int> file_division_;
  // Documents and code lists are seen by a chain, as symbols are: two counties may each declare one
  // of the same name.
  struct ChainNames {
    explicit ChainNames(const ChainNames* parent)
        : documents(parent == nullptr ? nullptr : &parent->documents),
          code_lists(parent == nullptr ? nullptr : &parent->code_lists),
          constraints(parent == nullptr ? nullptr : &parent->constraints) {}
    NameTable documents;
    NameTable code_lists;
    NameTable constraints;
  };
  ChainNames& ChainOf(const SourceFile& file) {
    return *chains_[static_cast<size_t>(pack_->division_index.at(file.division))];
  }
  ChainNames built_in_chain_{nullptr};
  std::vector<std::unique_ptr<ChainNames>> chains_;  // by division
  absl::flat_hash_map<int, Delegation> delegations_;
  absl::flat_hash_map<int32_t, std::vector<base::Level>> programme_levels_;  // left to
  std::vector<Constraint> constraints_;
  const size_t constants_work_max_;
  std::vector<std::vector<int>> uses_;  // by row
  int built_in_household_ = 0;
  int built_in_person_ = 0;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_LINK_H_
