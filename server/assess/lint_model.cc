#include "server/assess/lint_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/dates.h"
#include "server/base/division.h"

namespace hedui::assess {

void DaySet::Add(const DayRange& range) {
  if (range.from >= range.to) return;
  DayRange joined = range;
  std::vector<DayRange> ranges;
  for (const DayRange& own : ranges_) {
    if (own.to < joined.from || joined.to < own.from) {
      ranges.push_back(own);
    } else {
      joined = {std::min(own.from, joined.from), std::max(own.to, joined.to)};
    }
  }
  ranges.push_back(joined);
  std::sort(ranges.begin(), ranges.end(),
            [](const DayRange& a, const DayRange& b) { return a.from < b.from; });
  ranges_ = std::move(ranges);
}

void DaySet::Add(const DaySet& other) {
  for (const DayRange& range : other.ranges_) Add(range);
}

void DaySet::Remove(const DayRange& range) {
  std::vector<DayRange> ranges;
  for (const DayRange& own : ranges_) {
    if (own.to <= range.from || range.to <= own.from) {
      ranges.push_back(own);
      continue;
    }
    if (own.from < range.from) ranges.push_back({own.from, range.from});
    if (range.to < own.to) ranges.push_back({range.to, own.to});
  }
  ranges_ = std::move(ranges);
}

DaySet DaySet::Within(const DayRange& range) const {
  DaySet within;
  for (const DayRange& own : ranges_) {
    within.Add({std::max(own.from, range.from), std::min(own.to, range.to)});
  }
  return within;
}

LintModel::LintModel(const CompiledPack& pack) : pack_(pack) {
  std::vector<PolicyFinding> known;  // the pack has loaded
  for (size_t f = 0; f < pack.files.size(); ++f) {
    const std::string& shown = pack.files[f].path;
    sources_.push_back(ReadPolicyFile(pack.paths[f], shown, "", pack.texts[f], &known));
  }
  declared_.resize(pack.symbols.size());
  declarations_.resize(pack.symbols.size());
  absl::flat_hash_map<std::pair<int, std::string>, int> symbols;
  for (size_t s = 0; s < pack.symbols.size(); ++s) {
    if (pack.symbols[s].division >= 0)
      symbols[{pack.symbols[s].division, pack.symbols[s].name}] = static_cast<int>(s);
  }
  for (size_t d = 0; d < pack.divisions.size(); ++d) {
    for (int32_t file : pack.divisions[d].own_files) {
      for (const SourceSymbol& source : sources_[static_cast<size_t>(file)].symbols) {
        const auto found = symbols.find({static_cast<int>(d), source.name.text});
        if (!source.declares || found == symbols.end()) continue;
        declared_[static_cast<size_t>(found->second)] = {file, source.name.line};
        declarations_[static_cast<size_t>(found->second)] = &source;
      }
    }
  }
  for (const Row& row : pack.rows) {
    std::optional<Node> tree;
    if (row.code.begin != row.code.end) {
      auto parsed = ParseExpression(pack.row_infos[static_cast<size_t>(row.info)].shown->value);
      if (parsed.ok()) tree = *std::move(parsed);
    }
    trees_.push_back(std::move(tree));
  }
}

LintPlace LintModel::PlaceOf(int32_t row_info) const {
  const RowInfo& info = pack_.row_infos[static_cast<size_t>(row_info)];
  return {info.file, info.shown->line};
}

void LintModel::ForEachOp(const CodeRange& range, const std::function<void(int32_t)>& visit) const {
  for (int32_t at = range.begin; at < range.end; ++at) {
    visit(at);
    const Op& op = pack_.code[static_cast<size_t>(at)];
    if (op.code != OpCode::kAggregate) continue;
    const Aggregate& list = pack_.aggregates[static_cast<size_t>(op.arg)];
    for (const CodeRange& filter : list.filters) ForEachOp(filter, visit);
    ForEachOp(list.body, visit);
  }
}

LintChain::LintChain(const LintModel& model, int division) : model_(model), index_(division) {
  const size_t count = model.pack().symbols.size();
  steps_.resize(count, -1);
  demand_.resize(count);
  reached_.resize(count, false);
  Order();
  Demand();
  Reach();
}

void LintChain::Order() {
  const Division& own = division();
  for (size_t i = 0; i < own.order.size(); ++i) {
    const int symbol = own.order[i].symbol;
    steps_[static_cast<size_t>(symbol)] = static_cast<int>(i);
    names_[model_.symbol(symbol).name] = symbol;
  }
}

int LintChain::Find(absl::string_view name) const {
  const auto it = names_.find(name);
  return it == names_.end() ? -1 : it->second;
}

std::vector<int32_t> LintChain::RowsOf(int symbol) const {
  const int step = steps_[static_cast<size_t>(symbol)];
  if (step < 0) return {};
  const Division::Step& found = division().order[static_cast<size_t>(step)];
  const auto begin = division().row_lists.begin();
  return {begin + found.rows_begin, begin + found.rows_end};
}

int32_t LintChain::RowOn(int symbol, int32_t day) const {
  for (int32_t row : RowsOf(symbol)) {
    if (model_.row(row).in_force.Contains(day)) return row;
  }
  return -1;
}

bool LintChain::IsLeftBelow(int symbol) const {
  const SourceSymbol* declaration = model_.declaration(symbol);
  const auto own = base::DivisionLevel(division().code);
  if (declaration == nullptr) return true;
  return std::any_of(declaration->delegate_to.begin(), declaration->delegate_to.end(),
                     [&own](const Located& name) {
                       const auto level = base::LevelFromName(name.text);
                       return level && (!own || *level > *own);
                     });
}

void LintChain::ForEachUsed(const std::vector<int>& uses,
                            const std::function<void(int)>& visit) const {
  const Division& own = division();
  for (int used : uses) {
    if (used >= 0) visit(used);
    if (used == kUsesMembers && own.member >= 0) visit(own.member);
    if (used == kUsesMembers && own.members_complete >= 0) visit(own.members_complete);
    if (used == kUsesObligors && own.obligors_complete >= 0) visit(own.obligors_complete);
    if (used > kUsesEvidence) continue;
    for (int32_t index : own.evidence[static_cast<size_t>(kUsesEvidence - used)]) {
      const EvidenceRule& rule = model_.pack().evidence[static_cast<size_t>(index)];
      if (rule.presume >= 0) visit(rule.presume);
      if (rule.when >= 0) visit(rule.when);
    }
  }
}

// What is computed of every household, whatever the programmes use.
std::vector<int> LintChain::Roots() const {
  std::vector<int> roots;
  for (absl::string_view name : {kIsMember, kMembersComplete, kObligorsComplete, kReportValidity}) {
    if (const int symbol = Find(name); symbol >= 0) roots.push_back(symbol);
  }
  return roots;
}

void LintChain::Demand() {
  for (int32_t p : division().programmes) {
    DaySet open(DayRange{INT32_MIN, INT32_MAX});
    for (const ProgrammeRow* row : model_.pack().RowsOf(division(), p)) {
      const DaySet here = open.Within(row->in_force);
      in_force_.Add(here);
      for (int symbol : {row->indication, row->amount, row->validity}) {
        if (symbol >= 0) demand_[static_cast<size_t>(symbol)].Add(here);
      }
      open.Remove(row->in_force);  // the lowest level's row counts
    }
  }
  for (int symbol : Roots()) demand_[static_cast<size_t>(symbol)].Add(in_force_);
  // What uses a value stands behind it.
  const std::vector<Division::Step>& order = division().order;
  for (auto step = order.rbegin(); step != order.rend(); ++step) {
    DaySet open = demand_[static_cast<size_t>(step->symbol)];
    if (open.empty()) continue;
    for (const ParameterKey& key : model_.symbol(step->symbol).keys) {
      if (key.symbol >= 0) demand_[static_cast<size_t>(key.symbol)].Add(open);
    }
    for (int32_t row : RowsOf(step->symbol)) {
      const DayRange& days = model_.row(row).in_force;
      const DaySet here = open.Within(days);
      if (model_.tree(row) == nullptr || here.empty()) continue;
      ForEachUsed(model_.pack().row_uses[static_cast<size_t>(row)],
                  [&](int used) { demand_[static_cast<size_t>(used)].Add(here); });
      open.Remove(days);  // a higher level's row counts where no lower one is in force
    }
  }
}

void LintChain::Reach() {
  std::vector<int> open = Roots();
  for (int32_t p : division().programmes) {
    for (const ProgrammeRow* row : model_.pack().RowsOf(division(), p)) {
      for (int symbol : {row->indication, row->amount, row->validity}) {
        if (symbol >= 0) open.push_back(symbol);
      }
    }
  }
  while (!open.empty()) {
    const int symbol = open.back();
    open.pop_back();
    if (reached_[static_cast<size_t>(symbol)]) continue;
    reached_[static_cast<size_t>(symbol)] = true;
    for (const ParameterKey& key : model_.symbol(symbol).keys) {
      if (key.symbol >= 0) open.push_back(key.symbol);
    }
    for (int32_t row : RowsOf(symbol)) {
      ForEachUsed(model_.pack().row_uses[static_cast<size_t>(row)],
                  [&](int used) { open.push_back(used); });
    }
  }
}

std::vector<DayRange> LintChain::Segments() const {
  const CompiledPack& pack = model_.pack();
  std::vector<int32_t> cuts;
  const auto cut = [&cuts](const DayRange& range) {
    cuts.push_back(range.from);
    cuts.push_back(range.to);
  };
  for (int32_t row : division().row_lists) cut(model_.row(row).in_force);
  for (const auto& rules : division().evidence) {
    for (int32_t rule : rules) cut(pack.evidence[static_cast<size_t>(rule)].in_force);
  }
  for (const DayRange& range : in_force_.ranges()) cut(range);
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<DayRange> segments;
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    for (const DayRange& range : in_force_.Within({cuts[i], cuts[i + 1]}).ranges())
      segments.push_back(range);
  }
  return segments;
}

void LintReport::Add(LintSeverity severity, absl::string_view code, const LintPlace& place,
                     absl::string_view text, const LintChain* chain) {
  Entry& entry = entries_[{place.file, place.line, std::string(code), std::string(text)}];
  entry.severity = severity;
  if (chain == nullptr) return;
  const std::string& division = chain->division().code;
  if (entry.divisions.empty() || entry.divisions.back() != division)
    entry.divisions.push_back(division);
}

std::vector<LintFinding> LintReport::Take() const {
  std::vector<LintFinding> findings;
  for (const auto& [key, entry] : entries_) {
    const auto& [file, line, code, text] = key;
    std::string where;
    if (!entry.divisions.empty()) {
      where = absl::StrCat(" (", entry.divisions.front());
      if (entry.divisions.size() > 1)
        absl::StrAppend(&where, " and ", entry.divisions.size() - 1, " more");
      where += ")";
    }
    findings.push_back({file < 0 ? "" : model_.pack().paths[static_cast<size_t>(file)], line,
                        entry.severity, code, absl::StrCat(text, where)});
  }
  return findings;
}

std::string ShownDay(int32_t day) {
  if (day == INT32_MIN || day == INT32_MAX) return "ever";
  return base::FormatDay(DayOfNumber(day));
}

std::string ShownNode(const Node& node) {
  const auto list = [&node](size_t from) {
    return absl::StrJoin(node.children.begin() + static_cast<std::ptrdiff_t>(from),
                         node.children.end(), ", ",
                         [](std::string* out, const Node& child) { *out += ShownNode(child); });
  };
  const auto part = [&node](size_t i) {
    const Node& child = node.children[i];
    const std::string shown = ShownNode(child);
    const bool loose = child.kind == Node::Kind::kBinary || child.kind == Node::Kind::kConditional;
    return loose ? absl::StrCat("(", shown, ")") : shown;
  };
  switch (node.kind) {
    case Node::Kind::kNumber:
    case Node::Kind::kTruth:
    case Node::Kind::kName:
      return node.text;
    case Node::Kind::kString:
      return absl::StrCat("'", node.text, "'");
    case Node::Kind::kSelect:
      return absl::StrCat(part(0), ".", node.text);
    case Node::Kind::kCall:
      return absl::StrCat(node.text, "(", list(0), ")");
    case Node::Kind::kMethod:
      return absl::StrCat(part(0), ".", node.text, "(", list(1), ")");
    case Node::Kind::kList:
      return absl::StrCat("[", list(0), "]");
    case Node::Kind::kUnary:
      return absl::StrCat(node.text, part(0));
    case Node::Kind::kBinary:
      return absl::StrCat(part(0), " ", node.text, " ", part(1));
    case Node::Kind::kConditional:
      return absl::StrCat(part(0), " ? ", part(1), " : ", part(2));
  }
  return "";
}

}  // namespace hedui::assess
