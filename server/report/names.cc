#include "server/report/names.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/report/display_text.h"
#include "server/report/words.h"

namespace hedui::report {
namespace {

using assess::BlameKind;

// A reader of one line sees that there is more.
constexpr size_t kBlamesShownMax = 6;

std::string FieldText(const base::Field& field) {
  struct Visitor {
    const base::Field& field;
    std::string operator()(const std::string& text) const {
      return IsIdentityNumberField(field.name) ? base::MaskNumber(text)
                                               : ValueWord(field.name, text);
    }
    std::string operator()(base::Money money) const { return money.ToString() + " 元"; }
    std::string operator()(absl::CivilDay day) const { return base::FormatDay(day); }
    std::string operator()(absl::CivilMonth month) const { return base::FormatMonth(month); }
    std::string operator()(int64_t count) const { return absl::StrCat(count); }
    std::string operator()(bool flag) const { return flag ? "是" : "否"; }
  };
  return absl::StrCat(FieldWord(field.name), " ", std::visit(Visitor{field}, field.value));
}

}  // namespace

bool IsIdentityNumberField(absl::string_view name) {
  return name == "number" || name == "spouse_number";
}

Names::Names(const ReportInput& input) {
  for (const base::Person& person : input.household.persons) persons_.emplace(person.id, &person);
  for (const SourceName& source : input.frame.sources) sources_.emplace(source.id, &source);
  for (const CodeLabel& label : input.frame.labels) labels_.emplace(label.code, &label);
}

std::string Names::Person(absl::string_view id) const {
  const auto person = persons_.find(id);
  if (person == persons_.end() || person->second->identity.name.empty()) return std::string(id);
  return person->second->identity.name;
}

std::string Names::Source(absl::string_view id) const {
  const auto source = sources_.find(id);
  return source == sources_.end() || source->second->name.empty() ? std::string(id)
                                                                  : source->second->name;
}

std::string Names::Level(absl::string_view source_id) const {
  const auto source = sources_.find(source_id);
  return source == sources_.end() ? "" : source->second->level;
}

std::string Names::Code(absl::string_view code) const {
  const auto label = labels_.find(code);
  return label == labels_.end() ? std::string(code) : label->second->label;
}

std::string Names::Record(const base::Record& record) const {
  std::vector<std::string> parts;
  parts.reserve(record.fields.size());
  for (const base::Field& field : record.fields) parts.push_back(FieldText(field));
  return parts.empty() ? "有记录" : absl::StrJoin(parts, "，");
}

std::string Names::Blame(const assess::Blame& blame) const {
  return BlameOf(blame, Person(blame.person_id));
}

std::string Names::BlameOf(const assess::Blame& blame, const std::string& people) const {
  switch (blame.kind) {
    case BlameKind::kPolicyRow:
      return absl::StrCat("政策缺失：", blame.policy);
    case BlameKind::kArithmetic:
      return "除数为零，无法计算";
    case BlameKind::kDeclaration:
      return absl::StrCat("申报缺项：", people, blame.detail.empty() ? "" : " ",
                          FieldWord(blame.detail));
    case BlameKind::kSource:
    case BlameKind::kAuthorization:
    case BlameKind::kIdentity:
      break;
  }
  std::string text;
  if (blame.kind == BlameKind::kIdentity) text = "身份或家庭成员关系不明：";
  absl::StrAppend(&text, blame.source_id.empty() ? "" : Source(blame.source_id),
                  blame.category.empty() ? "" : absl::StrCat("（", Code(blame.category), "）"));
  absl::StrAppend(&text, people.empty() ? "" : absl::StrCat("对", people));
  // An answer that came and does not suffice is told by what it lacks.
  const bool came = blame.answer == base::AnswerKind::kFound ||
                    blame.answer == base::AnswerKind::kConfirmedNone;
  if (came && !blame.detail.empty()) {
    return absl::StrCat(text, BlameDetailWord(blame.detail));
  }
  const std::string reason = ReasonWord(base::ReasonName(blame.reason));
  absl::StrAppend(&text, AnswerKindWord(base::AnswerKindName(blame.answer)),
                  reason.empty() ? "" : absl::StrCat("（", reason, "）"));
  return text;
}

// One source silent about a whole family is one cause, not one for each of them.
std::string Names::Blames(const std::vector<assess::Blame>& blames) const {
  struct Cause {
    assess::Blame blame;  // without its person
    std::vector<std::string> people;
  };
  std::vector<Cause> causes;
  for (const assess::Blame& blame : blames) {
    assess::Blame cause = blame;
    cause.person_id.clear();
    auto known = std::find_if(causes.begin(), causes.end(),
                              [&cause](const Cause& other) { return other.blame == cause; });
    if (known == causes.end()) known = causes.insert(causes.end(), Cause{std::move(cause), {}});
    if (blame.person_id.empty()) continue;
    std::string name = Person(blame.person_id);
    std::vector<std::string>& people = known->people;
    if (std::find(people.begin(), people.end(), name) == people.end()) {
      people.push_back(std::move(name));
    }
  }
  std::vector<std::string> texts;
  for (const Cause& cause : causes) {
    if (texts.size() == kBlamesShownMax) break;
    texts.push_back(BlameOf(cause.blame, absl::StrJoin(cause.people, "、")));
  }
  std::string joined = absl::StrJoin(texts, "；");
  if (causes.size() > kBlamesShownMax) absl::StrAppend(&joined, "；等 ", causes.size(), " 项");
  return joined;
}

}  // namespace hedui::report
