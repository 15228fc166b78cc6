#include "server/report/names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/report/words.h"

namespace hedui::report {
namespace {

using assess::BlameKind;

// A reader of one line sees that there is more.
constexpr size_t kBlamesShownMax = 6;

// Alike in everything but whom it concerns.
bool SameCause(const assess::Blame& a, const assess::Blame& b) {
  return a.kind == b.kind && a.source_id == b.source_id && a.category == b.category &&
         a.answer == b.answer && a.reason == b.reason && a.detail == b.detail &&
         a.policy == b.policy;
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

absl::string_view Names::Person(absl::string_view id) const {
  const auto person = persons_.find(id);
  if (person == persons_.end() || person->second->identity.name.empty()) return id;
  return person->second->identity.name;
}

absl::string_view Names::Source(absl::string_view id) const {
  const auto source = sources_.find(id);
  if (source == sources_.end() || source->second->name.empty()) return id;
  return source->second->name;
}

absl::string_view Names::Level(absl::string_view source_id) const {
  const auto source = sources_.find(source_id);
  return source == sources_.end() ? absl::string_view() : source->second->level;
}

absl::string_view Names::LabelOr(absl::string_view key, absl::string_view fallback) const {
  const auto label = labels_.find(key);
  return label == labels_.end() ? fallback : label->second->label;
}

absl::string_view Names::Code(absl::string_view code) const { return LabelOr(code, code); }

absl::string_view Names::Field(absl::string_view kind, absl::string_view field) const {
  const absl::string_view word = FieldWord(field);
  return word == field ? LabelOr(FieldKey(kind, field), field) : word;
}

absl::string_view Names::FieldValue(absl::string_view kind, absl::string_view field,
                                    absl::string_view code) const {
  const absl::string_view word = ValueWord(field, code);
  return word == code ? LabelOr(CodeKey(FieldKey(kind, field), code), code) : word;
}

absl::string_view Names::QuantityValue(absl::string_view quantity, absl::string_view code) const {
  return LabelOr(CodeKey(quantity, code), code);
}

void Names::AppendField(absl::string_view kind, const base::Field& field, std::string* out) const {
  struct Visitor {
    const Names& names;
    absl::string_view kind;
    const base::Field& field;
    std::string* out;
    void operator()(const std::string& text) const {
      if (IsIdentityNumberField(field.name)) {
        absl::StrAppend(out, base::MaskNumber(text));
      } else {
        absl::StrAppend(out, names.FieldValue(kind, field.name, text));
      }
    }
    void operator()(base::Money money) const { absl::StrAppend(out, money.ToString(), " 元"); }
    void operator()(absl::CivilDay day) const { absl::StrAppend(out, base::FormatDay(day)); }
    void operator()(absl::CivilMonth month) const {
      absl::StrAppend(out, base::FormatMonth(month));
    }
    void operator()(int64_t count) const { absl::StrAppend(out, count); }
    void operator()(bool flag) const { absl::StrAppend(out, flag ? "是" : "否"); }
  };
  absl::StrAppend(out, Field(kind, field.name), " ");
  std::visit(Visitor{*this, kind, field, out}, field.value);
}

std::string Names::Record(const base::Record& record) const {
  if (record.fields.empty()) return "有记录";
  std::string text;
  for (const base::Field& field : record.fields) {
    if (!text.empty()) absl::StrAppend(&text, "，");
    AppendField(record.kind, field, &text);
  }
  return text;
}

std::string Names::ToldBy(const base::AnswerState& answer) const {
  return absl::StrCat(Source(answer.source_id), "（数据日 ",
                      answer.data_day.has_value() ? base::FormatDay(*answer.data_day) : "未载明",
                      "）");
}

std::string Names::Discrepancy(const match::Discrepancy& discrepancy,
                               const base::Facts& facts) const {
  std::string text = absl::StrCat(discrepancy.text, "；", ToldBy(facts.answers[discrepancy.answer]),
                                  "：", Record(discrepancy.record));
  if (!discrepancy.other.has_value()) return text;
  const int32_t other = discrepancy.other_answer;
  absl::StrAppend(&text, "；", other == -1 ? "申报" : ToldBy(facts.answers[other]), "：",
                  Record(*discrepancy.other));
  return text;
}

std::string Names::Blame(const assess::Blame& blame) const {
  return BlameOf(blame, Person(blame.person_id));
}

std::string Names::BlameOf(const assess::Blame& blame, absl::string_view people) const {
  switch (blame.kind) {
    case BlameKind::kPolicyRow:
      return absl::StrCat("政策缺失：", blame.policy);
    case BlameKind::kArithmetic:
      return "除数为零、没有可计的项，或日期超出历法范围，无法计算";
    case BlameKind::kDeclaration: {
      // "co_residence.support_duty": a kind, and a field of it.
      const std::pair<absl::string_view, absl::string_view> what =
          absl::StrSplit(blame.detail, absl::MaxSplits('.', 1));
      const absl::string_view kind = Code(what.first);
      return absl::StrCat(
          "申报缺项：", people, what.first.empty() ? "" : " ",
          kind == what.first ? FieldWord(kind) : kind,
          what.second.empty() ? "" : absl::StrCat("（", Field(what.first, what.second), "）"));
    }
    case BlameKind::kSource:
    case BlameKind::kAuthorization:
    case BlameKind::kIdentity:
      break;
  }
  std::string text;
  if (blame.kind == BlameKind::kIdentity) text = "身份或家庭成员关系不明：";
  absl::StrAppend(&text, Source(blame.source_id));
  if (!blame.category.empty()) absl::StrAppend(&text, "（", Code(blame.category), "）");
  if (!people.empty()) absl::StrAppend(&text, "对", people);
  // An answer that came and does not suffice is told by what it lacks.
  const bool came =
      blame.answer == base::AnswerKind::kFound || blame.answer == base::AnswerKind::kConfirmedNone;
  if (came && !blame.detail.empty()) {
    absl::StrAppend(&text, BlameDetailWord(blame.detail));
    return text;
  }
  const absl::string_view reason = ReasonWord(base::ReasonName(blame.reason));
  absl::StrAppend(&text, AnswerKindWord(base::AnswerKindName(blame.answer)));
  if (!reason.empty()) absl::StrAppend(&text, "（", reason, "）");
  return text;
}

// One source silent about a whole family is one cause, not one for each of them.
std::string Names::Blames(const std::vector<assess::Blame>& blames) const {
  struct Cause {
    const assess::Blame* blame;  // but for its person
    std::vector<absl::string_view> people;
  };
  std::vector<Cause> causes;
  for (const assess::Blame& blame : blames) {
    auto known = std::find_if(causes.begin(), causes.end(), [&blame](const Cause& other) {
      return SameCause(*other.blame, blame);
    });
    if (known == causes.end()) known = causes.insert(causes.end(), Cause{&blame, {}});
    if (blame.person_id.empty()) continue;
    const absl::string_view name = Person(blame.person_id);
    std::vector<absl::string_view>& people = known->people;
    if (std::find(people.begin(), people.end(), name) == people.end()) people.push_back(name);
  }
  std::vector<std::string> texts;
  for (const Cause& cause : causes) {
    if (texts.size() == kBlamesShownMax) break;
    texts.push_back(BlameOf(*cause.blame, absl::StrJoin(cause.people, "、")));
  }
  std::string joined = absl::StrJoin(texts, "；");
  if (causes.size() > kBlamesShownMax) absl::StrAppend(&joined, "；等 ", causes.size(), " 项");
  return joined;
}

}  // namespace hedui::report
