#include "server/assess/policy_pack.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/policy_linker.h"
#include "server/assess/policy_reader.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

constexpr char kNationalFolder[] = "national";
constexpr char kNation[] = "000000";
constexpr char kExtension[] = ".yaml";
constexpr char kFolders[] = "folders are called \"national\" or by a division's six digits";
constexpr char kOnlyYaml[] = "only files called *.yaml are read here; rename it, or take it away";
// A nation's counties with a few files each.
constexpr size_t kFilesMax = 20'000;

struct FoundFile {
  std::string path;
  std::string shown;
  std::string division;
};

// Sorted entries, so that the same files give the same pack on every machine. False when
// unreadable.
bool ListFolder(const std::string& path, std::vector<fs::directory_entry>* entries) {
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    entries->push_back(*it);
  }
  std::sort(entries->begin(), entries->end(),
            [](const auto& a, const auto& b) { return a.path() < b.path(); });
  return !error;
}

// A file that nobody reads may hold a rule that somebody believes to be in force.
void NotAPolicy(const fs::directory_entry& entry, std::string text,
                std::vector<PolicyFinding>* findings) {
  findings->push_back({entry.path().string(), 1, "NOT_A_POLICY", std::move(text), false});
}

void ListDivision(const fs::directory_entry& folder, const std::string& division,
                  std::vector<FoundFile>* files, std::vector<PolicyFinding>* findings) {
  std::vector<fs::directory_entry> entries;
  if (!ListFolder(folder.path().string(), &entries)) {
    findings->push_back(
        {folder.path().string(), 1, "UNREADABLE", "the folder cannot be read", false});
  }
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    std::error_code error;
    if (entry.path().extension() != kExtension || entry.is_directory(error)) {
      NotAPolicy(entry, kOnlyYaml, findings);
      continue;
    }
    files->push_back({entry.path().string(),
                      absl::StrCat(folder.path().filename().string(), "/", name), division});
  }
}

absl::Status ListFiles(const std::string& directory, std::vector<FoundFile>* files,
                       std::vector<PolicyFinding>* findings) {
  std::vector<fs::directory_entry> folders;
  if (!ListFolder(directory, &folders)) {
    return base::MakeError(
        absl::StatusCode::kNotFound, "POLICY_DIRECTORY",
        absl::StrCat(directory, ": there is no such directory, or it cannot be read"),
        base::Visibility::kOperator);
  }
  const size_t found_before = files->size();
  for (const fs::directory_entry& folder : folders) {
    std::error_code error;
    const std::string name = folder.path().filename().string();
    if (!folder.is_directory(error)) {
      if (name != "README.md") {
        NotAPolicy(folder,
                   "files stand in a folder called \"national\" or by a division's six digits; "
                   "move it there, or take it away",
                   findings);
      }
      continue;
    }
    const std::string division = name == kNationalFolder ? kNation : name;
    if (name == kNation || !base::DivisionLevel(division)) {
      findings->push_back({folder.path().string(), 1, "UNKNOWN_FOLDER", kFolders, false});
      continue;
    }
    ListDivision(folder, division, files, findings);
  }
  if (files->size() == found_before) {
    findings->push_back({directory, 1, "NO_POLICY",
                         "there is no policy file in national/*.yaml or in <six digits>/*.yaml of "
                         "this directory",
                         false});
  }
  return absl::OkStatus();
}

struct Loaded {
  std::unique_ptr<CompiledPack> pack;
  std::vector<PolicyFinding> findings;
};

absl::Status CheckCount(size_t files) {
  if (files <= kFilesMax) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kResourceExhausted, "POLICY_FILES",
                         absl::StrCat("more than ", kFilesMax, " policy files"),
                         base::Visibility::kOperator);
}

void Link(const std::vector<SourceFile>& sources, size_t constants_work_max, Loaded* loaded) {
  loaded->pack = LinkPolicies(sources, constants_work_max, &loaded->findings);
  std::stable_sort(loaded->findings.begin(), loaded->findings.end(),
                   [](const PolicyFinding& a, const PolicyFinding& b) {
                     return a.file != b.file ? a.file < b.file : a.line < b.line;
                   });
}

absl::StatusOr<Loaded> LoadAll(const std::vector<std::string>& directories) {
  Loaded loaded;
  std::vector<FoundFile> found;
  for (const std::string& directory : directories) {
    HEDUI_RETURN_IF_ERROR(ListFiles(directory, &found, &loaded.findings));
  }
  HEDUI_RETURN_IF_ERROR(CheckCount(found.size()));
  std::vector<SourceFile> sources;
  for (const FoundFile& file : found) {
    const absl::StatusOr<std::string> text = base::ReadFile(file.path);
    if (!text.ok()) {
      loaded.findings.push_back(
          {file.path, 1, "UNREADABLE", std::string(text.status().message()), false});
      continue;
    }
    sources.push_back(
        ReadPolicyFile(file.path, file.shown, file.division, *text, &loaded.findings));
  }
  Link(sources, kConstantsWorkMax, &loaded);
  return loaded;
}

// The division that `path` names, or nothing: then a finding says why.
std::optional<std::string> DivisionOfPath(const std::string& path,
                                          std::vector<PolicyFinding>* findings) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::string_view(path), absl::MaxSplits('/', 1));
  const std::string folder(parts.first);
  const absl::string_view name = parts.second;
  const bool national = folder == kNationalFolder;
  if (!national && (folder == kNation || !base::DivisionLevel(folder))) {
    findings->push_back({path, 1, "UNKNOWN_FOLDER", kFolders, false});
    return std::nullopt;
  }
  if (name.find('/') != absl::string_view::npos || !absl::EndsWith(name, kExtension) ||
      name.size() == absl::string_view(kExtension).size()) {
    findings->push_back({path, 1, "NOT_A_POLICY", kOnlyYaml, false});
    return std::nullopt;
  }
  return national ? kNation : folder;
}

absl::StatusOr<Loaded> LoadTexts(const std::vector<PolicyText>& files, size_t constants_work_max) {
  HEDUI_RETURN_IF_ERROR(CheckCount(files.size()));
  Loaded loaded;
  std::vector<SourceFile> sources;
  for (const PolicyText& file : files) {
    const auto division = DivisionOfPath(file.path, &loaded.findings);
    if (!division) continue;
    sources.push_back(ReadPolicyFile(file.path, file.path, *division, file.text, &loaded.findings));
  }
  if (files.empty()) {
    loaded.findings.push_back({"", 1, "NO_POLICY", "there is no policy file", false});
  }
  Link(sources, constants_work_max, &loaded);
  return loaded;
}

absl::StatusOr<PolicyPack::Ptr> PackOf(Loaded loaded,
                                       std::vector<PolicyFinding>* defects = nullptr) {
  std::vector<PolicyFinding> errors;
  for (PolicyFinding& finding : loaded.findings) {
    (finding.warning ? loaded.pack->warnings : errors).push_back(std::move(finding));
  }
  if (!errors.empty()) {
    const std::string text =
        absl::StrJoin(errors, "\n", [](std::string* out, const PolicyFinding& finding) {
          absl::StrAppend(out, finding.ToString());
        });
    if (defects != nullptr) *defects = std::move(errors);
    return base::MakeError(absl::StatusCode::kInvalidArgument, "POLICY", text,
                           base::Visibility::kOperator);
  }
  PrepareExact(loaded.pack.get());
  return std::make_shared<const PolicyPack>(std::move(loaded.pack));
}

// Of files that cannot even be read.
PolicyFinding FindingOf(std::string file, const absl::Status& why) {
  return {std::move(file), 0, base::ReasonOf(why), std::string(why.message()), false};
}

// nullptr where the vocabulary has none.
const FieldType* FindField(const CompiledPack& pack, absl::string_view kind,
                           absl::string_view field) {
  const auto known = pack.fact_kind_index.find(kind);
  if (known == pack.fact_kind_index.end()) return nullptr;
  const FactKind& type = pack.fact_kinds[static_cast<size_t>(known->second)];
  const auto found = type.field_index.find(field);
  return found == type.field_index.end() ? nullptr
                                         : &type.fields[static_cast<size_t>(found->second)];
}

// The code itself where no list is named (-1), or it is not in it.
std::string LabelIn(const CompiledPack& pack, absl::string_view division, int codes,
                    absl::string_view code) {
  // Texts, which most are, are of no list: of these a report asks again and again.
  const Division* const found = codes < 0 ? nullptr : pack.FindDivision(division);
  if (found == nullptr) return std::string(code);
  const CodeList& list = pack.ListFor(*found, codes);
  const auto known = list.index.find(code);
  return known == list.index.end() ? std::string(code)
                                   : list.labels[static_cast<size_t>(known->second)];
}

}  // namespace

std::string PolicyFinding::ToString() const {
  return absl::StrCat(file, ":", line, ": ", code, ": ", text);
}

const Division* CompiledPack::FindDivision(absl::string_view division) const {
  for (std::optional<std::string> at = std::string(division); at; at = base::DivisionParent(*at)) {
    const auto it = division_index.find(*at);
    if (it != division_index.end()) return &divisions[static_cast<size_t>(it->second)];
  }
  return nullptr;
}

const CodeList& CompiledPack::ListFor(const Division& division, int list) const {
  if (!has_added_codes) return code_lists[static_cast<size_t>(list)];
  for (const Division* at = &division;;) {
    if (const auto it = at->own_lists.find(list); it != at->own_lists.end())
      return code_lists[static_cast<size_t>(it->second)];
    if (at->parent < 0) return code_lists[static_cast<size_t>(list)];
    at = &divisions[static_cast<size_t>(at->parent)];
  }
}

std::vector<const ProgrammeRow*> CompiledPack::RowsOf(const Division& division,
                                                      int32_t programme) const {
  std::vector<const ProgrammeRow*> found;
  for (const Division* at = &division;;) {
    for (const auto& [of, row] : at->own_programme_rows) {
      if (of == programme) found.push_back(&row);
    }
    if (at->parent < 0) break;
    at = &divisions[static_cast<size_t>(at->parent)];
  }
  for (const ProgrammeRow& row : programmes[static_cast<size_t>(programme)].rows)
    found.push_back(&row);
  return found;
}

const ProgrammeRow* CompiledPack::RowInForce(const Division& division, int32_t programme,
                                             int32_t day) const {
  for (const ProgrammeRow* row : RowsOf(division, programme)) {
    if (row->in_force.Contains(day)) return row;
  }
  return nullptr;
}

// Civil days are exact over the whole calendar: an era of 400 years has 146,097 days, and the year
// is counted from March, so that the day that comes and goes is the last.
absl::CivilDay DayOfNumber(int64_t number) {
  constexpr int64_t kEraDays = 146'097, kEpochFromMarchOfYearZero = 719'468;
  const int64_t days = number + kEpochFromMarchOfYearZero;
  const int64_t era = (days >= 0 ? days : days - kEraDays + 1) / kEraDays;
  const int64_t day_of_era = days - era * kEraDays;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return absl::CivilDay(year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day);
}

base::Period PeriodOf(const DayRange& range) {
  base::Period period;
  if (range.from != INT32_MIN) period.from = DayOfNumber(range.from);
  if (range.to != INT32_MAX) period.to = DayOfNumber(range.to);
  return period;
}

PolicyPack::PolicyPack(std::unique_ptr<const CompiledPack> compiled)
    : compiled_(std::move(compiled)) {}
PolicyPack::~PolicyPack() = default;

absl::StatusOr<PolicyPack::Ptr> PolicyPack::Load(const std::string& directory) {
  return Load(std::vector<std::string>{directory});
}

absl::StatusOr<PolicyPack::Ptr> PolicyPack::Load(const std::vector<std::string>& directories) {
  HEDUI_ASSIGN_OR_RETURN(Loaded loaded, LoadAll(directories));
  return PackOf(std::move(loaded));
}

absl::StatusOr<PolicyPack::Ptr> PolicyPack::LoadFiles(const std::vector<PolicyText>& files,
                                                      size_t constants_work_max,
                                                      std::vector<PolicyFinding>* defects) {
  absl::StatusOr<Loaded> loaded = LoadTexts(files, constants_work_max);
  if (loaded.ok()) return PackOf(*std::move(loaded), defects);
  if (defects != nullptr) *defects = {FindingOf("", loaded.status())};
  return loaded.status();
}

std::vector<PolicyFinding> PolicyPack::Check(const std::vector<std::string>& directories) {
  absl::StatusOr<Loaded> loaded = LoadAll(directories);
  if (!loaded.ok()) return {FindingOf(absl::StrJoin(directories, ","), loaded.status())};
  return std::move(loaded->findings);
}

std::vector<PolicyFinding> PolicyPack::CheckFiles(const std::vector<PolicyText>& files) {
  absl::StatusOr<Loaded> loaded = LoadTexts(files, kConstantsWorkMax);
  if (!loaded.ok()) return {FindingOf("", loaded.status())};
  return std::move(loaded->findings);
}

bool PolicyPack::HasProgramme(absl::string_view division, absl::string_view programme,
                              absl::CivilDay day) const {
  const std::vector<std::string> names = Programmes(division, day);
  return std::find(names.begin(), names.end(), programme) != names.end();
}

std::vector<std::string> PolicyPack::Programmes(absl::string_view division,
                                                absl::CivilDay day) const {
  std::vector<std::string> names;
  const Division* found = compiled_->FindDivision(division);
  if (found == nullptr) return names;
  for (int32_t index : found->programmes) {
    const Programme& programme = compiled_->programmes[static_cast<size_t>(index)];
    if (compiled_->RowInForce(*found, index, DayNumber(day)) != nullptr)
      names.push_back(programme.name);
  }
  return names;
}

std::optional<PolicyPack::WholeNumber> PolicyPack::WholeNumberOn(absl::string_view division,
                                                                 absl::string_view parameter,
                                                                 absl::CivilDay day) const {
  const Division* found = compiled_->FindDivision(division);
  if (found == nullptr) return std::nullopt;
  for (const Division::Step& step : found->order) {
    const Symbol& symbol = compiled_->symbols[static_cast<size_t>(step.symbol)];
    if (symbol.name != parameter || symbol.kind != SymbolKind::kParameter || !symbol.keys.empty() ||
        symbol.type.kind != TypeKind::kNumber) {
      continue;
    }
    for (int32_t i = step.rows_begin; i < step.rows_end; ++i) {
      const Row& row =
          compiled_->rows[static_cast<size_t>(found->row_lists[static_cast<size_t>(i)])];
      if (!row.in_force.Contains(DayNumber(day))) continue;
      if (!row.constant.IsPoint() || !row.constant.lo.is_integer()) return std::nullopt;
      const RowInfo& info = compiled_->row_infos[static_cast<size_t>(row.info)];
      return WholeNumber{WholeOf(row.constant.lo), (*info.shown).citation};
    }
  }
  return std::nullopt;
}

std::vector<std::string> PolicyPack::FactKinds() const {
  std::vector<std::string> names;
  for (const FactKind& kind : compiled_->fact_kinds) names.push_back(kind.name);
  return names;
}

std::vector<std::string> PolicyPack::Categories() const { return compiled_->categories; }

std::string PolicyPack::LabelOf(absl::string_view name) const {
  const auto it = compiled_->labels.find(name);
  return it == compiled_->labels.end() ? std::string(name) : it->second;
}

std::string PolicyPack::LabelOfField(absl::string_view kind, absl::string_view field) const {
  const FieldType* known = FindField(*compiled_, kind, field);
  return known == nullptr || known->label.empty() ? std::string(field) : known->label;
}

std::string PolicyPack::LabelOfFieldCode(absl::string_view division, absl::string_view kind,
                                         absl::string_view field, absl::string_view code) const {
  const FieldType* known = FindField(*compiled_, kind, field);
  return LabelIn(*compiled_, division, known == nullptr ? -1 : known->type.codes, code);
}

std::string PolicyPack::LabelOfCode(absl::string_view division, absl::string_view name,
                                    absl::string_view code) const {
  const Division* found = compiled_->FindDivision(division);
  if (found == nullptr) return std::string(code);
  for (const Division::Step& step : found->order) {
    const Symbol& symbol = compiled_->symbols[static_cast<size_t>(step.symbol)];
    if (symbol.name == name) return LabelIn(*compiled_, division, symbol.type.codes, code);
  }
  return std::string(code);
}

std::string PolicyPack::SetDigest(absl::string_view division) const {
  const Division* found = compiled_->FindDivision(division);
  return found == nullptr ? "" : found->digest;
}

const base::DiscrepancyRules& PolicyPack::discrepancy_rules() const {
  return compiled_->discrepancies;
}

const std::vector<PolicyFile>& PolicyPack::files() const { return compiled_->files; }
const std::vector<std::string>& PolicyPack::texts() const { return compiled_->texts; }
const std::string& PolicyPack::digest() const { return compiled_->digest; }
const std::vector<PolicyFinding>& PolicyPack::warnings() const { return compiled_->warnings; }

}  // namespace hedui::assess
