#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/assess/policy_linker.h"
#include "server/base/digest.h"

namespace hedui::assess {
namespace {

// Puts the symbols of a chain in an order in which every one stands behind what it uses.
class Sorter {
 public:
  Sorter(const std::vector<int>& chain, const std::vector<std::vector<int>>& uses,
         const std::vector<const SourceFile*>& sources, CompiledPack* pack,
         std::vector<PolicyFinding>* findings)
      : chain_(chain), uses_(uses), sources_(sources), pack_(*pack), findings_(*findings) {
    rows_.resize(pack->symbols.size());
    states_.resize(pack->symbols.size(), State::kNew);
    // `chain` runs from the lowest level up, so each list does too.
    for (int division : chain) {
      for (int row : pack_.divisions[static_cast<size_t>(division)].own_rows) {
        rows_[static_cast<size_t>(pack_.rows[static_cast<size_t>(row)].symbol)].push_back(row);
      }
    }
  }

  void Run(Division* division) {
    // Who belongs comes first: whether a person who is not listed must be reckoned with is known
    // from then on.
    for (absl::string_view name : {kIsMember, kMembersComplete, kObligorsComplete}) {
      VisitNamed(name, division);
    }
    division->who_ends = static_cast<ptrdiff_t>(division->order.size());
    for (size_t symbol = 0; symbol < pack_.symbols.size(); ++symbol) {
      if (InChain(symbol)) Visit(static_cast<int>(symbol), division);
    }
  }

 private:
  bool InChain(size_t symbol) const {
    const int owner = pack_.symbols[symbol].division;
    return owner < 0 || std::find(chain_.begin(), chain_.end(), owner) != chain_.end();
  }

  void VisitNamed(absl::string_view name, Division* division) {
    for (size_t symbol = 0; symbol < pack_.symbols.size(); ++symbol) {
      if (pack_.symbols[symbol].name == name && InChain(symbol))
        Visit(static_cast<int>(symbol), division);
    }
  }

  void VisitUsed(int used, Division* division) {
    if (used >= 0) return Visit(used, division);
    if (used == kUsesObligors) {
      division->asks_for_obligors = true;
      return VisitNamed(kObligorsComplete, division);
    }
    if (used <= kUsesEvidence) return VisitEvidence(kUsesEvidence - used, division);
    VisitNamed(kIsMember, division);
    VisitNamed(kMembersComplete, division);
  }

  // Whom rules of evidence are for, and what they presume.
  void VisitEvidence(int kind, Division* division) {
    for (int level : chain_) {
      for (const auto& [of_kind, index] :
           pack_.divisions[static_cast<size_t>(level)].own_evidence) {
        if (of_kind != kind) continue;
        const EvidenceRule& rule = pack_.evidence[static_cast<size_t>(index)];
        if (rule.when >= 0) Visit(rule.when, division);
        if (rule.presume >= 0) Visit(rule.presume, division);
      }
    }
  }

  enum class State : uint8_t { kNew, kOpen, kDone };

  void Visit(int symbol, Division* division) {
    State& state = states_[static_cast<size_t>(symbol)];
    if (state == State::kDone) return;
    if (state == State::kOpen) {
      ReportCycle(symbol);
      return;
    }
    state = State::kOpen;
    const std::vector<int>& rows = rows_[static_cast<size_t>(symbol)];
    for (const ParameterKey& key : pack_.symbols[static_cast<size_t>(symbol)].keys) {
      if (key.symbol >= 0) Visit(key.symbol, division);
    }
    for (int row : rows) {
      for (int used : uses_[static_cast<size_t>(row)]) VisitUsed(used, division);
    }
    states_[static_cast<size_t>(symbol)] = State::kDone;
    Division::Step step;
    step.symbol = symbol;
    step.rows_begin = static_cast<int32_t>(division->row_lists.size());
    division->row_lists.insert(division->row_lists.end(), rows.begin(), rows.end());
    step.rows_end = static_cast<int32_t>(division->row_lists.size());
    division->order.push_back(step);
    if (pack_.symbols[static_cast<size_t>(symbol)].looked_into) division->parameters[symbol] = step;
  }

  void ReportCycle(int symbol) {
    const std::vector<int>& rows = rows_[static_cast<size_t>(symbol)];
    const Symbol& s = pack_.symbols[static_cast<size_t>(symbol)];
    PolicyFinding finding;
    finding.code = "CYCLE";
    finding.text = absl::StrCat(s.name, " uses itself, directly or through others");
    if (!rows.empty()) {
      const RowInfo& info =
          pack_.row_infos[static_cast<size_t>(pack_.rows[static_cast<size_t>(rows[0])].info)];
      finding.file = sources_[static_cast<size_t>(info.file)]->path;
      finding.line = info.shown->line;
    }
    // Divisions that share the chain would each report the same cycle.
    for (const PolicyFinding& known : findings_) {
      if (known.code == finding.code && known.file == finding.file && known.line == finding.line)
        return;
    }
    findings_.push_back(std::move(finding));
  }

  const std::vector<int>& chain_;
  const std::vector<std::vector<int>>& uses_;
  const std::vector<const SourceFile*>& sources_;
  CompiledPack& pack_;
  std::vector<PolicyFinding>& findings_;
  std::vector<std::vector<int>> rows_;  // by symbol
  std::vector<State> states_;
};

}  // namespace

void OrderDivision(int index, const std::vector<std::vector<int>>& uses,
                   const std::vector<const SourceFile*>& sources, CompiledPack* pack,
                   std::vector<PolicyFinding>* findings) {
  std::vector<int> chain;
  for (int d = index; d >= 0; d = pack->divisions[static_cast<size_t>(d)].parent)
    chain.push_back(d);
  Division& division = pack->divisions[static_cast<size_t>(index)];
  Sorter(chain, uses, sources, pack, findings).Run(&division);
  division.evidence.resize(pack->fact_kinds.size());
  for (int d : chain) {
    const Division& level = pack->divisions[static_cast<size_t>(d)];
    for (const auto& [kind, rule] : level.own_evidence)
      division.evidence[static_cast<size_t>(kind)].push_back(rule);
    division.calendar.insert(division.calendar.end(), level.own_calendar.begin(),
                             level.own_calendar.end());
    division.files.insert(division.files.end(), level.own_files.begin(), level.own_files.end());
  }
  // Programmes stand in the order of their declaration, the nation's first.
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    const Division& level = pack->divisions[static_cast<size_t>(*it)];
    division.programmes.insert(division.programmes.end(), level.own_programmes.begin(),
                               level.own_programmes.end());
  }
  std::sort(division.files.begin(), division.files.end(), [&](int a, int b) {
    return pack->files[static_cast<size_t>(a)].path < pack->files[static_cast<size_t>(b)].path;
  });
  base::Hasher hasher;
  for (int file : division.files) {
    const PolicyFile& f = pack->files[static_cast<size_t>(file)];
    hasher.Update(f.path).Update(absl::string_view("\0", 1)).Update(f.digest);
  }
  division.digest = hasher.Finish();
}

}  // namespace hedui::assess
