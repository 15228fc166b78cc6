#include "server/plan/places.h"

#include <algorithm>
#include <variant>

#include "absl/strings/ascii.h"
#include "server/base/division.h"

namespace hedui::plan {
namespace {

constexpr size_t kDivisionDigits = 6;

// Empty: no division.
std::string DivisionOf(const std::string& text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!digits || (text.size() != 6 && text.size() != 9 && text.size() != 12)) return "";
  std::string code = text.substr(0, kDivisionDigits);
  return base::DivisionLevel(code).has_value() ? code : "";
}

}  // namespace

PersonPlaces PlacesOf(const base::Household& household, const base::Person& person) {
  PersonPlaces places;
  places.divisions.push_back(household.division);
  for (const base::Record& record : person.declared) {
    if (record.kind != "hukou") continue;
    const base::FieldValue* const field = record.Find("division");
    if (field == nullptr) continue;
    const std::string* const text = std::get_if<std::string>(field);
    if (text != nullptr && text->empty()) continue;
    std::string code = text == nullptr ? "" : DivisionOf(*text);
    // The whole nation is no place either.
    if (code.empty() || base::DivisionLevel(code) == base::Level::kMinistry) {
      places.elsewhere = true;
      continue;
    }
    std::vector<std::string>& known = places.divisions;
    if (std::find(known.begin(), known.end(), code) != known.end()) continue;
    if (known.size() == kPlacesPerPersonMax) {
      places.elsewhere = true;
    } else {
      known.push_back(std::move(code));
    }
  }
  return places;
}

}  // namespace hedui::plan
