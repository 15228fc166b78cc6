#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/case_file.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

std::string BlameText(const Blame& blame) {
  if (!blame.policy.empty()) return blame.policy;
  if (!blame.category.empty()) return absl::StrCat(blame.source_id, "/", blame.category);
  return std::string(BlameKindName(blame.kind));
}

std::vector<std::string> Sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

std::vector<std::string> BlameTexts(const std::vector<Blame>& blames) {
  std::vector<std::string> texts;
  for (const Blame& blame : blames) texts.push_back(BlameText(blame));
  return Sorted(std::move(texts));
}

std::vector<std::string> MarkTexts(const Marks& marks) {
  std::vector<std::string> texts;
  if (marks.assumed) texts.push_back("assumed");
  if (marks.declared) texts.push_back("declared");
  if (marks.manual) texts.push_back("manual");
  if (marks.preliminary) texts.push_back("preliminary");
  if (marks.presumed) texts.push_back("presumed");
  if (marks.unproven) texts.push_back("unproven");
  return texts;
}

class Checker {
 public:
  explicit Checker(std::vector<std::string>* unmet) : unmet_(*unmet) {}

  void Check(const Expectation& e, const absl::StatusOr<Assessment>& result) {
    expectation_ = &e;
    if (!e.error.empty()) {
      Compare("error", e.error, result.ok() ? "no error" : base::ReasonOf(result.status()));
      return;
    }
    if (!result.ok()) {
      Compare("result", "an assessment", result.status().ToString());
      return;
    }
    if (e.next_change) {
      Compare("next_change", *e.next_change,
              result->next_change ? base::FormatDay(*result->next_change) : "never");
    } else if (!e.programme.empty()) {
      CheckIndication(*result);
    } else {
      CheckEntry(*result);
    }
  }

 private:
  void Compare(absl::string_view what, absl::string_view expected, absl::string_view actual) {
    if (expected == actual) return;
    const Expectation& e = *expectation_;
    unmet_.push_back(absl::StrCat("line ", e.line, ": ", e.id, e.programme,
                                  e.person_id.empty() ? "" : " of ", e.person_id, " ", what,
                                  ": expected ", expected, ", is ", actual));
  }
  void CompareSets(absl::string_view what, const std::optional<std::vector<std::string>>& expected,
                   const std::vector<std::string>& actual) {
    if (expected)
      Compare(what, absl::StrJoin(Sorted(*expected), ", "), absl::StrJoin(actual, ", "));
  }

  static const std::string& Programme(const Indication& indication) { return indication.programme; }
  static const std::string& Id(const TraceEntry& entry) { return entry.id; }

  // Of things that are a person's each, or the household's.
  template <typename Thing>
  std::string WhyNone(const std::vector<Thing>& things, const std::string& (*name)(const Thing&)) {
    const Expectation& e = *expectation_;
    std::vector<std::string> persons;
    bool households = false;
    for (const Thing& thing : things) {
      if (name(thing) != (e.programme.empty() ? e.id : e.programme)) continue;
      households |= thing.person_id.empty();
      persons.push_back(thing.person_id);
    }
    if (households) return "none of a person: it is the household's, leave out person";
    if (persons.empty()) return "none: nothing of this name is computed here on this day";
    return absl::StrCat(e.person_id.empty()
                            ? "none of the household: it is a person's, add person: "
                            : "none: it is of ",
                        absl::StrJoin(Sorted(std::move(persons)), " or "));
  }

  std::string WhyNoEntry(const Assessment& result) {
    const std::string& id = expectation_->id;
    const bool computed = std::any_of(result.entries.begin(), result.entries.end(),
                                      [&id](const TraceEntry& entry) { return entry.id == id; });
    if (computed) return WhyNone(result.entries, Id);
    for (const Shared<PolicyRow>& row : result.rows) {
      if (row->id == id || absl::StartsWith(row->id, absl::StrCat(id, "[")))
        return absl::StrCat("none: a parameter, whose row says ", row->value,
                            "; only quantities and tests can be expected");
    }
    return WhyNone(result.entries, Id);
  }

  void CheckIndication(const Assessment& result) {
    const Expectation& e = *expectation_;
    const Indication* indication = result.FindIndication(e.programme, e.person_id);
    if (indication == nullptr)
      return Compare("indication", "one", WhyNone(result.indications, Programme));
    if (e.value) Compare("result", *e.value, TruthName(indication->result));
    if (e.amount)
      Compare("amount", *e.amount, indication->amount ? indication->amount->text : "none");
    if (e.validity)
      Compare("validity", *e.validity,
              indication->validity
                  ? absl::StrCat(indication->validity->text, " ", indication->validity->unit)
                  : "none");
    if (e.robust)
      Compare("robust", *e.robust ? "true" : "false", indication->robust ? "true" : "false");
    CompareSets("blame", e.blame, BlameTexts(indication->blame));
    CompareSets("amount_blame", e.amount_blame, BlameTexts(indication->amount_blame));
    CompareSets("marks", e.marks, MarkTexts(indication->marks));
  }

  void CheckEntry(const Assessment& result) {
    const Expectation& e = *expectation_;
    const TraceEntry* entry = result.Find(e.id, e.person_id);
    if (entry == nullptr) return Compare("value", "one", WhyNoEntry(result));
    if (e.value) Compare("value", *e.value, entry->value.text);
    CompareSets("blame", e.blame, BlameTexts(entry->blame));
    CompareSets("marks", e.marks, MarkTexts(entry->marks));
  }

  const Expectation* expectation_ = nullptr;
  std::vector<std::string>& unmet_;
};

}  // namespace

std::vector<std::string> UnmetExpectations(const CaseFile& file,
                                           const absl::StatusOr<Assessment>& result) {
  std::vector<std::string> unmet;
  Checker checker(&unmet);
  for (const Expectation& expectation : file.expectations) checker.Check(expectation, result);
  return unmet;
}

}  // namespace hedui::assess
