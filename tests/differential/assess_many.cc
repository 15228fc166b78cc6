// Assesses many cases in one process, for tests/differential: reads lines, and answers each with
// one line of JSON.
//   policies<TAB>DIR<TAB>DIR…  loads a pack: {"loaded": true, "warnings": [CODE, …]}, or
//                              {"defects": [[FILE, CODE], …]}
//   matched<TAB>SAID<TAB>CASE  a case file with what matching says of its facts besides
//   any other line             is a case file by itself (JSON is YAML): what the pack makes of it
// Parts that are empty are left out. SAID are items between blanks, of facts and answers by their
// place in the case: `held:FACT:EARLIER`, FACT is the same thing as an earlier one of another
// person; `also:FACT:ANSWER`, the answer tells it too; `other:FACT:ANSWER:FEN`, with that amount.
// A test program; it is not installed.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/facts.h"
#include "server/base/money.h"
#include "server/base/status.h"

namespace hedui {
namespace {

using assess::AbstractValue;
using assess::Blame;

// Objects and arrays with their commas; texts are escaped as JSON wants them.
class Line {
 public:
  Line& Open(char bracket) {
    Comma();
    text_ += bracket;
    fresh_ = true;
    return *this;
  }
  Line& Close(char bracket) {
    text_ += bracket;
    fresh_ = false;
    return *this;
  }
  Line& Key(absl::string_view key) {
    Text(key);
    text_ += ':';
    fresh_ = true;
    return *this;
  }
  Line& Text(absl::string_view value) {
    Comma();
    text_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        static constexpr char kDigits[] = "0123456789abcdef";
        absl::StrAppend(&text_, "\\u00", std::string(1, kDigits[c >> 4]),
                        std::string(1, kDigits[c & 15]));
      } else {
        text_ += c;
      }
    }
    text_ += '"';
    return *this;
  }
  Line& True(absl::string_view key) {
    Key(key);
    text_ += "true";
    fresh_ = false;
    return *this;
  }
  Line& Pair(absl::string_view key, absl::string_view value) {
    return value.empty() ? *this : Key(key).Text(value);
  }
  std::string Take() {
    fresh_ = true;
    return std::move(text_);
  }

 private:
  void Comma() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }

  std::string text_;
  bool fresh_ = true;  // nothing before in this bracket
};

void WriteBlame(absl::string_view key, const std::vector<Blame>& blames, Line* line) {
  if (blames.empty()) return;
  line->Key(key).Open('[');
  for (const Blame& blame : blames) {
    line->Open('[').Text(assess::BlameKindName(blame.kind)).Text(blame.person_id);
    line->Text(blame.source_id).Text(blame.category);
    // Without a category no answer is meant.
    const bool answer = !blame.category.empty();
    line->Text(answer ? base::AnswerKindName(blame.answer) : "");
    line->Text(answer && blame.reason != base::Reason::kNone ? base::ReasonName(blame.reason) : "");
    line->Text(blame.detail).Text(blame.policy).Close(']');
  }
  line->Close(']');
}

void WriteMarks(const assess::Marks& marks, Line* line) {
  line->Key("marks").Open('[');
  if (marks.presumed) line->Text("presumed");
  if (marks.assumed) line->Text("assumed");
  if (marks.manual) line->Text("manual");
  if (marks.declared) line->Text("declared");
  if (marks.unproven) line->Text("unproven");
  if (marks.preliminary) line->Text("preliminary");
  line->Close(']');
}

void WriteValue(absl::string_view prefix, const AbstractValue& value, Line* line) {
  static constexpr const char* kKinds[] = {"", "number", "truth", "code", "date", "period"};
  line->Pair(absl::StrCat(prefix, "kind"), kKinds[static_cast<size_t>(value.kind)]);
  line->Pair(absl::StrCat(prefix, "text"), value.text);
  line->Pair(absl::StrCat(prefix, "exact_text"), value.exact_text);
  if (value.kind == assess::ValueKind::kNumber) {
    if (value.low) line->Pair(absl::StrCat(prefix, "low"), value.low->ToString());
    if (value.high) line->Pair(absl::StrCat(prefix, "high"), value.high->ToString());
    if (value.undefined) line->True(absl::StrCat(prefix, "undefined"));
  } else if (value.kind == assess::ValueKind::kDate) {
    if (value.from) line->Pair(absl::StrCat(prefix, "low"), base::FormatDay(*value.from));
    if (value.to) line->Pair(absl::StrCat(prefix, "high"), base::FormatDay(*value.to));
  }
  if (value.exact) line->True(absl::StrCat(prefix, "exact"));
}

std::string AssessmentLine(const assess::Assessment& assessment) {
  Line line;
  line.Open('{').Key("entries").Open('[');
  for (const assess::TraceEntry& entry : assessment.entries) {
    line.Open('{').Pair("id", entry.id).Pair("person", entry.person_id);
    WriteValue("", entry.value, &line);
    WriteBlame("blame", entry.blame, &line);
    WriteMarks(entry.marks, &line);
    line.Close('}');
  }
  line.Close(']').Key("indications").Open('[');
  for (const assess::Indication& indication : assessment.indications) {
    line.Open('{').Pair("programme", indication.programme).Pair("person", indication.person_id);
    line.Pair("result", assess::TruthName(indication.result));
    if (indication.robust) line.True("robust");
    WriteBlame("blame", indication.blame, &line);
    WriteMarks(indication.marks, &line);
    if (indication.amount) {
      WriteValue("amount_", *indication.amount, &line);
      WriteBlame("amount_blame", indication.amount_blame, &line);
    }
    if (indication.validity) {
      WriteValue("validity_", *indication.validity, &line);
      WriteBlame("validity_blame", indication.validity_blame, &line);
    }
    line.Close('}');
  }
  line.Close(']');
  if (assessment.next_change) line.Pair("next_change", base::FormatDay(*assessment.next_change));
  line.Close('}');
  return line.Take();
}

std::string ErrorLine(const absl::Status& status) {
  Line line;
  line.Open('{').Pair("error", base::ReasonOf(status)).Pair("message", status.message()).Close('}');
  return line.Take();
}

// Adds what matching says of facts to a case; false where an item cannot be read.
bool AddMatched(absl::string_view said, base::Facts* facts) {
  for (const absl::string_view item : absl::StrSplit(said, ' ')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(item, ':');
    std::vector<int64_t> numbers(parts.size() - 1);
    for (size_t i = 1; i < parts.size(); ++i) {
      if (!absl::SimpleAtoi(parts[i], &numbers[i - 1])) return false;
    }
    const size_t wanted = parts[0] == "other" ? 3 : 2;
    if (numbers.size() != wanted || numbers[0] < 0 || numbers[1] < 0) return false;
    const auto of = static_cast<size_t>(numbers[0]), to = static_cast<size_t>(numbers[1]);
    const bool held = parts[0] == "held";
    if (of >= facts->facts.size() || to >= (held ? of : facts->answers.size())) return false;
    base::Fact& fact = facts->facts[of];
    const auto place = static_cast<int32_t>(to);
    if (held) {
      fact.held_with = place;
      continue;
    }
    if (parts[0] != "also" && parts[0] != "other") return false;
    fact.also_answers.push_back(place);
    if (parts[0] == "other") fact.otherwise.push_back({place, base::Money::FromFen(numbers[2])});
  }
  return true;
}

// The pack that is loaded, if any; a refused one leaves none.
class Assessments {
 public:
  std::string Load(const std::vector<std::string>& directories) {
    pack_ = nullptr;
    absl::StatusOr<assess::PolicyPack::Ptr> pack = assess::PolicyPack::Load(directories);
    Line line;
    if (pack.ok()) {
      pack_ = *std::move(pack);
      line.Open('{').True("loaded").Key("warnings").Open('[');
      for (const assess::PolicyFinding& finding : pack_->warnings()) line.Text(finding.code);
      line.Close(']').Close('}');
      return line.Take();
    }
    line.Open('{').Key("defects").Open('[');
    for (const assess::PolicyFinding& finding : assess::PolicyPack::Check(directories)) {
      if (finding.warning) continue;
      line.Open('[').Text(finding.file).Text(finding.code).Text(finding.text).Close(']');
    }
    line.Close(']').Close('}');
    return line.Take();
  }

  std::string Assess(const std::string& text, const std::string& said = "") const {
    if (pack_ == nullptr) {
      return ErrorLine(absl::FailedPreconditionError("no pack is loaded"));
    }
    absl::StatusOr<assess::CaseFile> file = assess::ParseCaseFile("case", text, *pack_);
    if (!file.ok()) return ErrorLine(file.status());
    if (!said.empty() && !AddMatched(said, &file->value.facts)) {
      return ErrorLine(absl::InvalidArgumentError("what matching says cannot be read"));
    }
    const absl::StatusOr<assess::Assessment> assessment = assess::Assess(*pack_, file->value);
    return assessment.ok() ? AssessmentLine(*assessment) : ErrorLine(assessment.status());
  }

 private:
  assess::PolicyPack::Ptr pack_;
};

}  // namespace
}  // namespace hedui

int main() {
  hedui::Assessments assessments;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::vector<std::string> words = absl::StrSplit(line, '\t');
    if (words[0] == "policies") {
      words.erase(words.begin());
      std::cout << assessments.Load(words) << std::endl;
    } else if (words[0] == "matched" && words.size() == 3) {
      std::cout << assessments.Assess(words[2], words[1]) << std::endl;
    } else {
      std::cout << assessments.Assess(line) << std::endl;
    }
  }
  return 0;
}
