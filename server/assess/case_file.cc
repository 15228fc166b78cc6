#include "server/assess/case_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/case_field.h"
#include "server/assess/compiled_pack.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::assess {
namespace {

using base::YamlNode;

// Those that a case names, and the key of a field that no kind has. Others may be anything.
bool IsName(absl::string_view key) {
  return !key.empty() && key.size() <= base::kIdentifierBytesMax &&
         std::all_of(key.begin(), key.end(),
                     [](char c) {
                       return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                              absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
                     }) &&
         !absl::ascii_isdigit(static_cast<unsigned char>(key[0]));
}

class CaseReader {
 public:
  CaseReader(const PolicyPack& pack, std::vector<CaseDefect>* defects)
      : pack_(pack.compiled()), defects_(*defects) {}

  CaseFile Read(const YamlNode& root) {
    if (!IsMapping(root, "case")) return std::move(out_);
    Keys(root, "case",
         {"division", "scope", "check_kind", "staff_relative", "programme", "dates", "persons",
          "answers", "expect"},
         {"division", "dates", "persons"});
    Case& c = out_.value;
    c.division = Text(root, "division", "division");
    if (root.Find("division") != nullptr && !base::DivisionLevel(c.division)) {
      Defect(root.Find("division")->line, "BAD_VALUE", "division", "a division has six digits");
    }
    c.scope = Text(root, "scope", "scope");
    if (!c.scope.empty() && c.scope != "urban" && c.scope != "rural") {
      Defect(root.Find("scope")->line, "BAD_VALUE", "scope", "urban or rural");
    }
    base::CheckKind check_kind{};
    ReadCode(root, "check_kind", "case", &base::CheckKindFromName, &check_kind);
    if (check_kind != base::CheckKind{}) c.check_kind = check_kind;
    if (root.Find("staff_relative") != nullptr)
      c.staff_relative = Flag(root, "staff_relative", "case", false);
    c.programme = Text(root, "programme", "programme");
    if (const YamlNode* dates = root.Find("dates"); dates != nullptr && IsMapping(*dates, "dates"))
      ReadDates(*dates);
    Items(root, "persons",
          [this](const YamlNode& node, const std::string& path) { ReadPerson(node, path); });
    if (const YamlNode* persons = root.Find("persons"); persons != nullptr && c.persons.empty()) {
      Defect(persons->line, "MISSING_KEY", "persons", "a case has at least one person");
    }
    Items(root, "answers",
          [this](const YamlNode& node, const std::string& path) { ReadAnswers(node, path); });
    // Found facts come first, then the declared ones.
    c.facts.facts.insert(c.facts.facts.end(), std::make_move_iterator(declared_.begin()),
                         std::make_move_iterator(declared_.end()));
    Items(root, "expect",
          [this](const YamlNode& node, const std::string& path) { ReadExpectation(node, path); });
    return std::move(out_);
  }

 private:
  // `text` repeats nothing of the case; `said` is what stands there.
  void Defect(int line, absl::string_view code, absl::string_view field, absl::string_view text,
              absl::string_view said = "") {
    if (defects_.size() >= kCaseDefectsMax) return;
    defects_.push_back(
        {line, std::string(code), std::string(field), std::string(text), std::string(said)});
    if (code == "LIMIT" || defects_.size() == kCaseDefectsMax) stop_ = true;
  }

  bool IsMapping(const YamlNode& node, absl::string_view path) {
    if (node.kind == YamlNode::Kind::kMapping) return true;
    Defect(node.line, "WRONG_SHAPE", path, "written as keys and values");
    return false;
  }

  void Keys(const YamlNode& node, absl::string_view path,
            const std::vector<absl::string_view>& known,
            const std::vector<absl::string_view>& required) {
    for (const auto& [key, value] : node.entries) {
      if (std::find(known.begin(), known.end(), key.scalar) == known.end()) {
        Defect(key.line, "UNKNOWN_KEY", path,
               absl::StrCat("is not one of ", absl::StrJoin(known, ", ")), key.scalar);
      }
    }
    for (absl::string_view key : required) {
      if (node.Find(key) == nullptr)
        Defect(node.line, "MISSING_KEY", path, absl::StrCat("\"", key, "\" is missing"));
    }
  }

  template <typename F>
  void Items(const YamlNode& node, absl::string_view key, F&& f, absl::string_view above = "") {
    const YamlNode* list = node.Find(key);
    if (list == nullptr) return;
    const std::string path = above.empty() ? std::string(key) : absl::StrCat(above, ".", key);
    if (list->kind != YamlNode::Kind::kSequence) {
      Defect(list->line, "WRONG_SHAPE", path, "written as a list");
      return;
    }
    for (size_t i = 0; i < list->items.size() && !stop_; ++i)
      f(list->items[i], absl::StrCat(path, "[", i, "]"));
  }

  std::string Text(const YamlNode& node, absl::string_view key, absl::string_view path) {
    const YamlNode* found = node.Find(key);
    if (found == nullptr) return "";
    if (found->kind != YamlNode::Kind::kScalar) {
      Defect(found->line, "WRONG_SHAPE", path, "a single text is needed");
      return "";
    }
    return found->scalar;
  }

  std::vector<std::string> Texts(const YamlNode& node, absl::string_view path) {
    std::vector<std::string> texts;
    if (node.kind == YamlNode::Kind::kScalar) return {node.scalar};
    if (node.kind != YamlNode::Kind::kSequence)
      Defect(node.line, "WRONG_SHAPE", path, "a text or a list of texts");
    for (const YamlNode& item : node.items) texts.push_back(item.scalar);
    return texts;
  }

  std::optional<absl::CivilDay> Day(const YamlNode& node, absl::string_view key,
                                    absl::string_view path) {
    const YamlNode* found = node.Find(key);
    if (found == nullptr) return std::nullopt;
    const auto day = base::ParseDay(found->scalar);
    if (day.ok()) return *day;
    Defect(found->line, "BAD_DATE", absl::StrCat(path, ".", key), "not a day such as 2025-03-03");
    return std::nullopt;
  }

  bool Flag(const YamlNode& node, absl::string_view key, absl::string_view path, bool absent) {
    const YamlNode* found = node.Find(key);
    if (found == nullptr) return absent;
    if (found->scalar != "true" && found->scalar != "false") {
      Defect(found->line, "BAD_VALUE", absl::StrCat(path, ".", key), "true or false");
    }
    return found->scalar == "true";
  }

  void ReadDates(const YamlNode& node) {
    Keys(node, "dates", {"application", "acceptance", "request", "policy"},
         {"application", "policy"});
    base::CaseDates& dates = out_.value.dates;
    dates.application = Day(node, "application", "dates").value_or(absl::CivilDay());
    dates.acceptance = Day(node, "acceptance", "dates");
    out_.value.request_day = Day(node, "request", "dates");
    dates.policy = Day(node, "policy", "dates").value_or(absl::CivilDay());
  }

  // Codes are written lower_snake in files and upper case everywhere else.
  template <typename T>
  void ReadCode(const YamlNode& node, absl::string_view key, absl::string_view path,
                std::optional<T> (*from_name)(absl::string_view), T* out) {
    const YamlNode* found = node.Find(key);
    if (found == nullptr) return;
    const std::optional<T> value = from_name(absl::AsciiStrToUpper(found->scalar));
    if (value) {
      *out = *value;
    } else {
      Defect(found->line, "UNKNOWN_CODE", absl::StrCat(path, ".", key), "is not known",
             found->scalar);
    }
  }

  void ReadPerson(const YamlNode& node, const std::string& path) {
    if (out_.value.persons.size() >= size_t{base::kMembersMax} + base::kObligorsMax) {
      Defect(node.line, "LIMIT", path,
             absl::StrCat("more than ", base::kMembersMax + base::kObligorsMax, " persons"));
      return;
    }
    if (!IsMapping(node, path)) return;
    Keys(node, path, {"id", "role", "relation", "number", "birth", "sex", "declared"},
         {"id", "relation"});
    Person person;
    person.id = Text(node, "id", path);
    if (const YamlNode* id = node.Find("id"); id != nullptr && person.id.empty()) {
      Defect(id->line, "BAD_VALUE", absl::StrCat(path, ".id"), "what a person is called here");
    }
    for (const Person& other : out_.value.persons) {
      if (other.id == person.id)
        Defect(node.line, "DUPLICATE_PERSON", absl::StrCat(path, ".id"),
               "two persons have this id");
    }
    ReadCode(node, "role", path, &base::PersonRoleFromName, &person.role);
    ReadCode(node, "relation", path, &base::RelationFromName, &person.relation);
    person.number = Text(node, "number", path);
    person.birth = Day(node, "birth", path);
    const std::string sex = Text(node, "sex", path);
    person.sex = sex == "male"     ? base::Sex::kMale
                 : sex == "female" ? base::Sex::kFemale
                                   : base::Sex::kUnknown;
    if (!sex.empty() && person.sex == base::Sex::kUnknown) {
      Defect(node.Find("sex")->line, "UNKNOWN_CODE", absl::StrCat(path, ".sex"), "male or female");
    }
    Items(
        node, "declared",
        [&](const YamlNode& item, const std::string& item_path) {
          base::Fact fact;
          fact.person_id = person.id;
          fact.declared = true;
          ReadRecord(item, item_path, &fact);
          if (IsRoom(item, item_path)) declared_.push_back(std::move(fact));
        },
        path);
    out_.value.persons.push_back(std::move(person));
  }

  // For one more fact.
  bool IsRoom(const YamlNode& node, const std::string& path) {
    if (++facts_ <= kCaseFactsMax) return true;
    Defect(node.line, "LIMIT", path, absl::StrCat("more than ", kCaseFactsMax, " facts"));
    return false;
  }

  void ReadRecord(const YamlNode& node, const std::string& path, base::Fact* fact) {
    if (!IsMapping(node, path)) return;
    const YamlNode* kind_node = node.Find("kind");
    const auto kind = kind_node == nullptr ? pack_.fact_kind_index.end()
                                           : pack_.fact_kind_index.find(kind_node->scalar);
    if (kind == pack_.fact_kind_index.end()) {
      Defect(node.line, "UNKNOWN_KIND", absl::StrCat(path, ".kind"),
             "not a kind of fact of these policies");
      return;
    }
    const FactKind& type = pack_.fact_kinds[static_cast<size_t>(kind->second)];
    fact->record.kind = type.name;
    for (const auto& [key, value] : node.entries) {
      if (key.scalar == "kind") continue;
      const std::string field_path =
          absl::StrCat(path, ".", IsName(key.scalar) ? absl::string_view(key.scalar) : "?");
      if (fact->answer >= 0 && key.scalar == "possible") {
        fact->possible = Flag(node, "possible", path, false);
        continue;
      }
      if (fact->answer >= 0 && key.scalar == "doubtful") {
        fact->doubtful = Texts(value, field_path);
        for (const std::string& name : fact->doubtful) {
          if (type.field_index.contains(name)) continue;
          Defect(value.line, "UNKNOWN_FIELD", field_path,
                 absl::StrCat("is not a field of a ", type.name), name);
        }
        continue;
      }
      const auto field = type.field_index.find(key.scalar);
      if (field == type.field_index.end()) {
        Defect(key.line, "UNKNOWN_FIELD", field_path,
               absl::StrCat("a ", type.name, " has no such field"));
        continue;
      }
      const Type& field_type = type.fields[static_cast<size_t>(field->second)].type;
      if (value.kind != YamlNode::Kind::kScalar) {
        Defect(value.line, "WRONG_SHAPE", field_path, "a single value is needed");
      } else if (const auto read = ReadCaseField(field_type, value.scalar)) {
        fact->record.fields.push_back({key.scalar, *read});
      } else {
        Defect(value.line, "BAD_VALUE", field_path,
               absl::StrCat("is not a ", CaseFieldName(field_type)), value.scalar);
      }
    }
  }

  // `person` and `category` may be lists, or `person: all`: every combination answers alike.
  void ReadAnswers(const YamlNode& node, const std::string& path) {
    if (!IsMapping(node, path)) return;
    Keys(node, path,
         {"person", "category", "source", "kind", "reason", "complete", "data_day", "covered",
          "superseded", "manual", "digest", "authorization", "facts"},
         {"person", "category", "source", "kind"});
    const base::AnswerState state = ReadState(node, path);
    // Read once, also where it is nobody's: what is wrong with them is to be told too.
    std::vector<base::Fact> told;
    Items(
        node, "facts",
        [&](const YamlNode& item, const std::string& item_path) {
          base::Fact fact;
          fact.answer = 0;
          fact.manual = state.manual;
          ReadRecord(item, item_path, &fact);
          told.push_back(std::move(fact));
        },
        path);
    const std::vector<std::string> persons = ReadPersons(node, path);
    const std::vector<std::string> categories = ReadCategories(node, path);
    for (const std::string& person : persons) {
      for (const std::string& category : categories) {
        if (stop_) return;
        AddAnswer(node, path, person, category, state, told);
      }
    }
  }

  std::vector<std::string> ReadPersons(const YamlNode& node, const std::string& path) {
    const YamlNode* found = node.Find("person");
    if (found == nullptr) return {};
    std::vector<std::string> ids;
    for (const Person& person : out_.value.persons) ids.push_back(person.id);
    const std::string field = absl::StrCat(path, ".person");
    std::vector<std::string> persons = Texts(*found, field);
    if (persons.size() == 1 && persons[0] == "all") return ids;
    return Known(
        *found, field, std::move(persons), "UNKNOWN_PERSON", "is the id of nobody listed",
        [&](const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); });
  }

  std::vector<std::string> ReadCategories(const YamlNode& node, const std::string& path) {
    const YamlNode* found = node.Find("category");
    if (found == nullptr) return {};
    const std::string field = absl::StrCat(path, ".category");
    return Known(*found, field, Texts(*found, field), "UNKNOWN_CATEGORY",
                 "is not a category of these policies",
                 [&](const std::string& name) { return pack_.category_index.contains(name); });
  }

  template <typename IsKnown>
  std::vector<std::string> Known(const YamlNode& node, const std::string& field,
                                 std::vector<std::string> names, absl::string_view code,
                                 absl::string_view text, IsKnown is_known) {
    std::vector<std::string> known;
    for (std::string& name : names) {
      if (is_known(name)) {
        known.push_back(std::move(name));
      } else {
        Defect(node.line, code, field, text, name);
      }
    }
    return known;
  }

  void AddAnswer(const YamlNode& node, const std::string& path, const std::string& person,
                 const std::string& category, base::AnswerState state,
                 const std::vector<base::Fact>& told) {
    base::Facts& facts = out_.value.facts;
    if (facts.answers.size() >= kCaseAnswersMax) {
      Defect(node.line, "LIMIT", path, absl::StrCat("more than ", kCaseAnswersMax, " answers"));
      return;
    }
    state.person_id = person;
    state.category = category;
    const int32_t index = static_cast<int32_t>(facts.answers.size());
    facts.answers.push_back(std::move(state));
    for (const base::Fact& fact : told) {
      if (!IsRoom(node, path)) return;
      facts.facts.push_back(fact);
      facts.facts.back().person_id = person;
      facts.facts.back().answer = index;
    }
  }

  base::AnswerState ReadState(const YamlNode& node, const std::string& path) {
    base::AnswerState state;
    state.source_id = Text(node, "source", path);
    ReadCode(node, "kind", path, &base::AnswerKindFromName, &state.kind);
    ReadCode(node, "reason", path, &base::ReasonFromName, &state.reason);
    // A case is written by hand: what was found is all there is, unless it says otherwise.
    state.complete = Flag(node, "complete", path, state.kind == base::AnswerKind::kFound);
    state.superseded = Flag(node, "superseded", path, false);
    state.manual = Flag(node, "manual", path, state.source_id == base::kManualSourceId);
    state.data_day = Day(node, "data_day", path);
    if (const YamlNode* covered = node.Find("covered");
        covered != nullptr && IsMapping(*covered, absl::StrCat(path, ".covered"))) {
      const std::string covered_path = absl::StrCat(path, ".covered");
      Keys(*covered, covered_path, {"from", "to"}, {});
      state.covered.from = Day(*covered, "from", covered_path);
      state.covered.to = Day(*covered, "to", covered_path);
      if (state.covered.from && state.covered.to && *state.covered.to < *state.covered.from) {
        Defect(covered->line, "BAD_VALUE", covered_path, "ends before it begins");
      }
    }
    const std::string digest = Text(node, "digest", path);
    const auto bytes = base::HexDecode(digest);
    if (bytes.ok() && (bytes->empty() || bytes->size() == base::kDigestBytes)) {
      state.digest = *bytes;
    } else {
      Defect(node.Find("digest")->line, "BAD_VALUE", absl::StrCat(path, ".digest"),
             "64 lower-case hexadecimal digits");
    }
    state.authorization = Text(node, "authorization", path);
    return state;
  }

  void ReadExpectation(const YamlNode& node, const std::string& path) {
    if (!IsMapping(node, path)) return;
    Keys(node, path,
         {"id", "person", "programme", "error", "value", "result", "amount", "validity", "robust",
          "blame", "amount_blame", "marks", "next_change"},
         {});
    Expectation expectation;
    expectation.line = node.line;
    expectation.id = Text(node, "id", path);
    expectation.person_id = Text(node, "person", path);
    expectation.programme = Text(node, "programme", path);
    expectation.error = Text(node, "error", path);
    for (absl::string_view key : {"value", "result"}) {
      if (node.Find(key) != nullptr) expectation.value = Text(node, key, path);
    }
    if (node.Find("amount") != nullptr) expectation.amount = Text(node, "amount", path);
    if (node.Find("validity") != nullptr) expectation.validity = Text(node, "validity", path);
    if (node.Find("robust") != nullptr) expectation.robust = Flag(node, "robust", path, false);
    if (const YamlNode* blame = node.Find("blame"))
      expectation.blame = Texts(*blame, absl::StrCat(path, ".blame"));
    if (const YamlNode* blame = node.Find("amount_blame"))
      expectation.amount_blame = Texts(*blame, absl::StrCat(path, ".amount_blame"));
    if (const YamlNode* marks = node.Find("marks"))
      expectation.marks = Texts(*marks, absl::StrCat(path, ".marks"));
    if (node.Find("next_change") != nullptr)
      expectation.next_change = Text(node, "next_change", path);
    const int kinds = !expectation.id.empty() + !expectation.programme.empty() +
                      !expectation.error.empty() + expectation.next_change.has_value();
    if (kinds != 1)
      Defect(node.line, "MISSING_KEY", path, "exactly one of id, programme, error and next_change");
    for (absl::string_view key : {"amount", "amount_blame", "robust", "validity"}) {
      const YamlNode* own = node.Find(key);
      if (own != nullptr && expectation.programme.empty())
        Defect(own->line, "UNKNOWN_FIELD", absl::StrCat(path, ".", key), "only a programme has it");
    }
    out_.expectations.push_back(std::move(expectation));
  }

  const CompiledPack& pack_;
  std::vector<CaseDefect>& defects_;
  CaseFile out_;
  std::vector<base::Fact> declared_;
  size_t facts_ = 0;
  // Lists of persons, categories and facts multiply: past a limit nothing is read any more.
  bool stop_ = false;
};

}  // namespace

std::string CaseDefect::ToString(absl::string_view file) const {
  return absl::StrCat(file, ":", line, ": ", code, ": ", field.empty() ? "" : field + ": ",
                      said.empty() ? "" : absl::StrCat("\"", said, "\" "), text);
}

std::optional<CaseFile> ParseCase(absl::string_view text, const PolicyPack& pack,
                                  std::vector<CaseDefect>* defects) {
  std::vector<base::YamlDefect> yaml;
  const std::optional<YamlNode> root = base::ParseYamlListing("", text, &yaml);
  for (base::YamlDefect& defect : yaml) {
    if (defects->size() >= kCaseDefectsMax) break;
    // Its own text repeats the key.
    const bool key = defect.code == "YAML_DUPLICATE_KEY";
    defects->push_back({defect.line, std::move(defect.code), "",
                        key ? "a key is given twice" : std::move(defect.text), ""});
  }
  CaseFile result;
  if (root.has_value()) result = CaseReader(pack, defects).Read(*root);
  std::stable_sort(defects->begin(), defects->end(),
                   [](const CaseDefect& a, const CaseDefect& b) { return a.line < b.line; });
  if (!defects->empty()) return std::nullopt;
  return result;
}

absl::StatusOr<CaseFile> ParseCaseFile(absl::string_view file, absl::string_view text,
                                       const PolicyPack& pack) {
  std::vector<CaseDefect> defects;
  std::optional<CaseFile> result = ParseCase(text, pack, &defects);
  if (result.has_value()) return *std::move(result);
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CASE_FILE",
                         absl::StrJoin(defects, "\n", [&](std::string* out, const auto& defect) {
                           absl::StrAppend(out, defect.ToString(file));
                         }));
}

absl::StatusOr<CaseFile> ReadCaseFile(const std::string& path, const PolicyPack& pack) {
  HEDUI_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  return ParseCaseFile(path, text, pack);
}

}  // namespace hedui::assess
