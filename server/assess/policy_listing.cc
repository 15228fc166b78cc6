#include "server/assess/policy_listing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/expression_compiler.h"
#include "server/base/division.h"

namespace hedui::assess {
namespace {

using base::PolicyKind;

PolicyKind KindOf(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kParameter:
      return PolicyKind::kParameter;
    case SymbolKind::kQuantity:
      return PolicyKind::kQuantity;
    case SymbolKind::kTest:
      return PolicyKind::kTest;
    case SymbolKind::kIntrinsic:
      return PolicyKind::kIntrinsic;
  }
  return PolicyKind::kQuantity;
}

// Gathers what one division's chain gives on one day.
class Lister {
 public:
  Lister(const PolicyPack& pack, const Division& division, absl::CivilDay day)
      : pack_(pack.compiled()), texts_(pack.texts()), division_(division), day_(DayNumber(day)) {}

  base::PolicySetListed Summary(absl::CivilDay day, bool texts) const {
    base::PolicySetListed set;
    set.division = division_.code;
    set.name = base::DivisionFullName(division_.code, day).value_or("");
    set.sha256 = division_.digest;
    for (int32_t index : division_.programmes) {
      const Programme& programme = pack_.programmes[static_cast<size_t>(index)];
      if (pack_.RowInForce(division_, index, day_) != nullptr)
        set.programmes.push_back({programme.name, programme.label});
    }
    for (int32_t index : division_.files) {
      const auto at = static_cast<size_t>(index);
      set.files.push_back(
          {pack_.files[at].path, pack_.files[at].digest, texts ? texts_[at] : std::string()});
    }
    return set;
  }

  void AddRows(std::vector<base::PolicyRowListed>* rows) const {
    for (const Division::Step& step : division_.order) {
      const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
      const size_t first = rows->size();
      // From the lowest level up.
      for (int32_t i = step.rows_begin; i < step.rows_end; ++i) {
        const Row& row =
            pack_.rows[static_cast<size_t>(division_.row_lists[static_cast<size_t>(i)])];
        if (!row.in_force.Contains(day_)) continue;
        AddRow(KindOf(symbol.kind), row.info, TypeName(symbol.type, pack_), first, rows);
      }
    }
    // Dated constants as parameters are, of the days themselves.
    const size_t calendar = rows->size();
    for (int32_t index : division_.calendar) {
      const CalendarRow& row = pack_.calendar[static_cast<size_t>(index)];
      if (row.days.Contains(day_))
        AddRow(PolicyKind::kParameter, row.info, "calendar", calendar, rows);
    }
    for (const std::vector<int32_t>& rules : division_.evidence) {
      const size_t first = rows->size();
      for (int32_t index : rules) {
        const EvidenceRule& rule = pack_.evidence[static_cast<size_t>(index)];
        if (rule.in_force.Contains(day_)) AddRow(PolicyKind::kEvidence, rule.info, "", first, rows);
      }
    }
    for (int32_t index : division_.programmes) {
      const size_t first = rows->size();
      for (const ProgrammeRow* row : pack_.RowsOf(division_, index)) {
        if (row->in_force.Contains(day_))
          AddRow(PolicyKind::kProgramme, row->info, "", first, rows);
      }
    }
  }

  void AddNames(std::vector<base::PolicyNameListed>* names) {
    for (const Division::Step& step : division_.order) {
      const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
      base::PolicyNameListed name;
      name.kind = KindOf(symbol.kind);
      name.name = symbol.name;
      name.label = symbol.label;
      name.type = Named(symbol.type);
      name.per_person = symbol.per_person;
      for (const ParameterKey& key : symbol.keys) {
        // What a table is given has a type of its own.
        name.keys.push_back(key.symbol >= 0 ? key.name
                                            : absl::StrCat(key.name, ": ", Named(key.type)));
      }
      if (symbol.division >= 0) {
        name.division = pack_.divisions[static_cast<size_t>(symbol.division)].code;
      }
      names->push_back(std::move(name));
    }
  }

  void AddVocabulary(base::PolicyListing* listing) {
    for (const FactKind& kind : pack_.fact_kinds) {
      base::PolicyFactListed fact;
      fact.name = kind.name;
      fact.label = kind.label;
      fact.by = std::string(FactKind::kByNames[static_cast<size_t>(kind.by)]);
      for (int category : kind.categories) {
        fact.categories.push_back(pack_.categories[static_cast<size_t>(category)]);
      }
      for (const FieldType& field : kind.fields) {
        fact.fields.push_back({field.name, field.label, Named(field.type)});
      }
      listing->facts.push_back(std::move(fact));
    }
    for (const std::string& category : pack_.categories) {
      const auto label = pack_.labels.find(category);
      listing->categories.push_back({category, label == pack_.labels.end() ? "" : label->second});
    }
    for (int index : code_lists_) {
      const CodeList& list = pack_.ListFor(division_, index);
      base::PolicyCodesListed codes{list.name, list.label, {}};
      for (size_t i = 0; i < list.codes.size(); ++i) {
        codes.codes.push_back({list.codes[i], list.labels[i]});
      }
      listing->code_lists.push_back(std::move(codes));
    }
  }

 private:
  // `first`: where the rows begin that may stand in place of this one.
  void AddRow(PolicyKind kind, int32_t info, std::string type, size_t first,
              std::vector<base::PolicyRowListed>* rows) const {
    const PolicyRow& shown = *pack_.row_infos[static_cast<size_t>(info)].shown;
    base::PolicyRowListed row;
    row.kind = kind;
    row.id = shown.id;
    row.label = shown.label;
    row.value = shown.value;
    row.type = std::move(type);
    row.division = shown.division;
    row.in_force = shown.in_force;
    row.citation = {shown.citation.document, shown.citation.title, shown.citation.article,
                    shown.citation.verified};
    row.file = shown.file;
    row.line = shown.line;
    for (size_t i = first; i < rows->size(); ++i) {
      row.overridden |= (*rows)[i].id == row.id && (*rows)[i].division != row.division;
    }
    rows->push_back(std::move(row));
  }

  // The type's name; its code list is listed too.
  std::string Named(const Type& type) {
    if (type.codes >= 0) code_lists_.insert(type.codes);
    return TypeName(type, pack_);
  }

  const CompiledPack& pack_;
  const std::vector<std::string>& texts_;
  const Division& division_;
  const int32_t day_;
  std::set<int> code_lists_;
};

}  // namespace

std::vector<std::string> DivisionsWithSets(const PolicyPack& pack) {
  std::vector<std::string> codes;
  for (const Division& division : pack.compiled().divisions) codes.push_back(division.code);
  std::sort(codes.begin(), codes.end());
  return codes;
}

std::optional<base::PolicySetListed> SummaryOf(const PolicyPack& pack, absl::string_view division,
                                               absl::CivilDay day) {
  const Division* const found = pack.compiled().FindDivision(division);
  if (found == nullptr) return std::nullopt;
  return Lister(pack, *found, day).Summary(day, /*texts=*/false);
}

std::optional<base::PolicyListing> ListingOf(const PolicyPack& pack, absl::string_view division,
                                             absl::CivilDay day, bool texts) {
  const Division* const found = pack.compiled().FindDivision(division);
  if (found == nullptr) return std::nullopt;
  Lister lister(pack, *found, day);
  base::PolicyListing listing;
  listing.set = lister.Summary(day, texts);
  lister.AddRows(&listing.rows);
  lister.AddNames(&listing.names);
  lister.AddVocabulary(&listing);
  return listing;
}

}  // namespace hedui::assess
