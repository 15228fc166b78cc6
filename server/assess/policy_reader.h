// Reads one policy file into its declarations: shape, keys, dates and citations are checked here,
// meaning by the linker. Nothing is dropped silently: every defect becomes a finding.
// Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_POLICY_READER_H_
#define HEDUI_SERVER_ASSESS_POLICY_READER_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/assess/compiled_pack.h"
#include "server/base/yaml.h"

namespace hedui::assess {

// A text of the file and where it stands.
struct Located {
  std::string text;
  int line = 0;
};

// Of a row or band: the codes, or the range of numbers, days or months, that a key must be for it.
struct SourceRowKey {
  Located name;
  std::vector<Located> values;  // codes, or one number
  struct End {
    Located which;  // "from", "over", "to", "upto"
    Located value;
  };
  std::vector<End> ends;
  bool range = false;  // written as ends
};

// A key of a declaration: a symbol's name, or a name with a type of its own.
struct SourceKey {
  Located name;
  Located type;  // empty text: none
};

struct SourceRow {
  int line = 0;
  DayRange in_force;
  std::vector<SourceRowKey> keys;
  base::YamlNode value;
  int value_line = 0;
  Located document;
  std::string article;
  bool assumed = false;
};

struct SourceBand {
  int line = 0;
  DayRange in_force;
  Located min;  // empty text: none
  Located max;
  std::vector<SourceRowKey> keys;
  std::string clause;  // as written
};

// parameters, quantities and tests. Without `type` it only adds rows to a name declared above.
struct SourceSymbol {
  Located name;
  SymbolKind kind = SymbolKind::kParameter;
  bool declares = false;
  std::string label;
  Located type;
  bool per_person = false;
  std::vector<SourceKey> keys;
  Located min;
  Located max;
  bool delegates = false;   // there is a `delegate`
  bool narrows_to = false;  // which has a `to`
  std::vector<Located> delegate_to;
  std::vector<SourceBand> bands;   // binding
  std::vector<SourceBand> guides;  // leaving one warns
  std::vector<SourceRow> rows;
};

struct SourceField {
  Located name;
  std::string label;
  Located type;
  Located min;
  Located absent;  // `default`
};

struct SourceFactKind {
  Located name;
  std::string label;
  FactKind::By by = FactKind::By::kState;
  std::vector<Located> categories;
  std::vector<Located> evidence_by;
  std::vector<SourceField> fields;
};

struct SourceCodeList {
  Located name;
  std::string label;
  std::vector<std::pair<Located, std::string>> values;
  std::vector<Located> open;  // "true", or the levels that may add codes
  bool adds = false;          // `values` are added to a list declared above
};

struct SourceConstraint {
  Located name;
  std::string label;
  struct Rule {
    SourceRow row;  // value unused
    Located holds;
  };
  std::vector<Rule> rules;
};

struct SourceEvidence {
  Located kind;
  struct Rule {
    SourceRow row;  // value unused
    // Each a need, or several of which one suffices.
    std::vector<std::vector<Located>> complete_by;
    Located use;
    Located otherwise;
    Located manual;
    Located asked;
    Located presume;
    Located when;
    Located variant;
  };
  std::vector<Rule> rules;
};

struct SourceProgramme {
  Located name;
  std::string label;
  bool declares = false;  // otherwise rows are added to one declared above
  std::vector<Located> delegate_to;
  bool per_person = false;
  struct Rule {
    SourceRow row;  // value unused
    Located indication;
    Located amount;
    Located validity;
  };
  std::vector<Rule> rules;
};

struct SourceCalendarRow {
  SourceRow row;  // in_force: the days it speaks of; value unused
  std::vector<Located> off;
  std::vector<Located> work;
};

// Fields and the values meant.
using SourceConditions = std::vector<std::pair<Located, std::vector<Located>>>;

struct SourceFound {
  Located kind;
  SourceConditions only;
  SourceConditions except;
};

// Which of the keys a rule may have depends on its check. Empty texts: none.
struct SourceDiscrepancy {
  Located code;
  Located check;
  std::vector<SourceFound> found;
  Located of;
  Located from;
  Located until;
  Located declared_by;
  std::vector<Located> or_declared;
  Located matter;
  Located programme;
  Located division;
  std::optional<SourceFound> statement;
  Located since;
  Located months_back;
};

// A finding of the linter's that the author knows of: silent on the lines of what it stands in.
struct SourceAccept {
  Located code;
  std::string reason;
  int first_line = 0;
  int last_line = 0;
};

struct SourceFile {
  std::string path;    // as opened
  std::string shown;   // below the policy directory
  std::string digest;  // SHA-256
  std::string text;
  std::string division;  // from the folder
  std::vector<std::pair<Located, std::string>> documents;
  std::vector<SourceCodeList> codes;
  std::vector<std::pair<Located, std::string>> categories;
  std::vector<SourceFactKind> facts;
  std::vector<SourceDiscrepancy> discrepancies;
  std::vector<SourceSymbol> symbols;
  std::vector<SourceCalendarRow> calendar;
  std::vector<SourceEvidence> evidence;
  std::vector<SourceProgramme> programmes;
  std::vector<SourceConstraint> constraints;
  std::vector<SourceAccept> accepts;
};

// `division` is what the folder says; the file's own `division` must agree.
SourceFile ReadPolicyFile(absl::string_view path, absl::string_view shown,
                          absl::string_view division, absl::string_view text,
                          std::vector<PolicyFinding>* findings);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_READER_H_
