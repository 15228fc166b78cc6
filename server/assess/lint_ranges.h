// What a parameter with keys may be by the rows that a day has in force: of whatever keys, or of
// some. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_RANGES_H_
#define HEDUI_SERVER_ASSESS_LINT_RANGES_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "server/assess/key_sets.h"
#include "server/assess/lint_model.h"
#include "server/assess/value.h"

namespace hedui::assess {

// Of values of the household that are codes, which they are taken to be: a mask by symbol.
using LintCodes = std::map<int, uint64_t>;

class LintRanges {
 public:
  LintRanges(const LintChain& chain, int32_t day, LintCodes codes)
      : chain_(chain), day_(day), codes_(std::move(codes)) {}

  struct Range {
    bool found = false;  // some row in force is for these keys
    // A level below may have the rows that are missing here, so that nothing follows from the
    // others.
    bool is_left = false;
    Value value;
  };
  // Of an ordered parameter; `given` are the keys that stand where it is called, in their order.
  // Where a row is missing, the others speak for it: what has no row is not known, and what holds
  // of nobody with a row is then never settled for anybody without one.
  Range Of(int symbol, const std::vector<KeySet>& given = {}) const;
  // What the symbol, a code of the household, is; all codes where nothing says.
  uint64_t CodesOf(int symbol) const;
  // Codes of the household by which rows in force give parameters different values.
  std::vector<int> DecidingCodes() const;
  const LintCodes& codes() const { return codes_; }

 private:
  const LintChain& chain_;
  const int32_t day_;
  const LintCodes codes_;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_RANGES_H_
