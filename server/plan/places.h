// Where registers may hold something about a person (所在地): where the household lives, and the
// place of hukou (户籍地) that is declared. Pure, thread-safe.
#ifndef HEDUI_SERVER_PLAN_PLACES_H_
#define HEDUI_SERVER_PLAN_PLACES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/base/household.h"

namespace hedui::plan {

// A person has one hukou; several declared ones are mistakes, or changes told of.
inline constexpr size_t kPlacesPerPersonMax = 8;
// A set of a person's places: bit i is place i.
using PlaceSet = uint8_t;
static_assert(kPlacesPerPersonMax <= 8 * sizeof(PlaceSet));
// Where the household lives.
inline constexpr PlaceSet kResidence = 1;

struct PersonPlaces {
  std::vector<std::string> divisions;  // each once, the residence first; six digits each
  // A hukou is declared somewhere that cannot be told, or past kPlacesPerPersonMax: nobody there
  // can be asked.
  bool elsewhere = false;
};

// The hukou is what the person's declared records of kind "hukou" say in the field `division`: six
// digits, or the nine or twelve of a township or village. A record without the field says nothing.
PersonPlaces PlacesOf(const base::Household& household, const base::Person& person);

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_PLACES_H_
