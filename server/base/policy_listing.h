// What a policy set says, for people and other systems to read: its files, what is in force on a
// day, and the names it declares. Plain values, thread-compatible; assess fills them
// (assess/policy_listing.h).
#ifndef HEDUI_SERVER_BASE_POLICY_LISTING_H_
#define HEDUI_SERVER_BASE_POLICY_LISTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "server/base/dates.h"

namespace hedui::base {

struct PolicyCitation {
  std::string document;   // "A57"
  std::string title;      // 《最低生活保障审核确认办法》(民发〔2021〕57号)
  std::string article;    // "第十三条"
  bool verified = false;  // read in the text; otherwise assumed
};

// The numbers of the API.
enum class PolicyKind : uint8_t {
  kParameter = 1,
  kQuantity,
  kTest,
  kEvidence,   // what suffices for a kind of fact to be known in full
  kProgramme,  // when a programme is indicated, and with what amount
  kIntrinsic,  // known to the engine itself: a person's age
};

struct PolicyRowListed {
  PolicyKind kind = PolicyKind::kParameter;
  std::string id;     // "minimum_wage[area_class=I]"
  std::string label;  // 最低工资标准
  std::string value;  // as written: a constant, or an expression
  std::string type;   // "money/month"; "calendar" of the parameter that a calendar is; empty for
                      // evidence and programmes
  std::string division;
  Period in_force;
  PolicyCitation citation;
  std::string file;  // below the policy directory
  int line = 0;
  bool overridden = false;  // a row of the same id stands at a lower level, which counts
};

struct PolicyNameListed {
  PolicyKind kind = PolicyKind::kQuantity;
  std::string name;
  std::string label;        // Chinese
  std::string type;         // docs/policy-format.md: "money/month", "code(area_class)"
  bool per_person = false;  // else of the household
  // By which a parameter's rows are chosen: names, "stage: code(school_stage)" for what is given.
  std::vector<std::string> keys;
  std::string division;  // that declares it; empty: the engine
};

struct PolicyFieldListed {
  std::string name;
  std::string label;
  std::string type;
};

struct PolicyFactListed {
  std::string name;
  std::string label;
  std::string by;                       // "state", "month", "day", "year", "period"
  std::vector<std::string> categories;  // in whose answers it comes; none: only ever declared
  std::vector<PolicyFieldListed> fields;
};

struct PolicyCodeListed {
  std::string code;
  std::string label;
};

struct PolicyCodesListed {
  std::string name;
  std::string label;
  std::vector<PolicyCodeListed> codes;
};

struct PolicyFileListed {
  std::string path;    // below the policy directory
  std::string sha256;  // 32 bytes
  std::string text;    // where it was asked for
};

// One division's set: its files and those of the divisions above.
struct PolicySetListed {
  std::string division;                      // six digits
  std::string name;                          // Chinese, where the division table has one
  std::string sha256;                        // over `files`, 32 bytes: names the set
  std::vector<PolicyCodeListed> programmes;  // with a row in force on the day, in the set's order
  std::vector<PolicyFileListed> files;       // sorted by path
};

struct PolicyListing {
  PolicySetListed set;
  std::vector<PolicyRowListed> rows;    // in force on the day, inputs before what uses them
  std::vector<PolicyNameListed> names;  // that the set declares or knows
  std::vector<PolicyFactListed> facts;
  std::vector<PolicyCodeListed> categories;
  std::vector<PolicyCodesListed> code_lists;  // of names and fields
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_POLICY_LISTING_H_
