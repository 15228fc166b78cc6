// The cells of the fault matrix: faults of a department and of the network to it, kinds of
// adapters, moments of a query; and what each should come to. Values and functions; thread-safe.
#ifndef HEDUI_TESTS_INTEGRATION_DEPARTMENT_CELLS_H_
#define HEDUI_TESTS_INTEGRATION_DEPARTMENT_CELLS_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/support/fault_proxy.h"

namespace hedui::testing {

using Direction = FaultProxy::Direction;
using Kind = FaultProxy::Kind;

// ---- what goes wrong

struct DepartmentFault {
  const char* name;
  const char* yaml;  // of the simulation
  const char* kind;
  const char* reason;  // "UNSPECIFIED": none
  bool delays = false;
  const char* kind_of_poll = nullptr;  // where a poll comes to another kind than a query
};
inline constexpr DepartmentFault kDepartmentFaults[] = {
    {"Silent", "{kind: silent}", "UNAVAILABLE", "LATE"},
    {"TooSlow", "{kind: delay, delay: 10m}", "UNAVAILABLE", "LATE", true},
    {"Unavailable", "{kind: unavailable}", "UNAVAILABLE", "UNREACHABLE"},
    {"Overloaded", "{kind: overloaded}", "UNAVAILABLE", "OVERLOADED"},
    {"InError", "{kind: source_error}", "UNAVAILABLE", "SOURCE_ERROR"},
    {"Denying", "{kind: deny}", "REFUSED", "SOURCE_REFUSED", false, "UNAVAILABLE"},
    {"RejectingTheWarrant", "{kind: reject_warrant}", "REFUSED", "WARRANT_REJECTED"},
    {"Garbled", "{kind: garbage}", "UNAVAILABLE", "MALFORMED"},
    {"Malformed", "{kind: malformed}", "UNAVAILABLE", "MALFORMED"},
    {"AboutAnother", "{kind: wrong_person}", "AMBIGUOUS", "WRONG_PERSON"},
    {"Oversized", "{kind: oversized}", "UNAVAILABLE", "OVERSIZED"},
    {"Stale", "{kind: stale}", "STALE", "TOO_OLD"},
    {"Refusing", "{kind: refuse}", "REFUSED", "SOURCE_REFUSED"},
    {"Pending", "{kind: pending}", "PENDING", "UNSPECIFIED"},
    {"Empty", "{kind: empty}", "UNAVAILABLE", "EMPTY"},
    {"Contradictory", "{kind: contradiction}", "AMBIGUOUS", "CONTRADICTION"},
};

enum class Place : uint8_t { kBeforeHandshake, kWithinHandshake, kAfterRequest, kWithinAnswer };
struct NetworkFault {
  const char* name;
  Kind kind;
  Direction direction;
  Place place;
};
inline constexpr NetworkFault kNetworkFaults[] = {
    {"HeldBeforeTheHandshake", Kind::kHold, Direction::kToTarget, Place::kBeforeHandshake},
    {"HeldWithinTheHandshake", Kind::kHold, Direction::kToCaller, Place::kWithinHandshake},
    {"HeldAfterTheRequest", Kind::kHold, Direction::kToCaller, Place::kAfterRequest},
    {"HeldWithinTheAnswer", Kind::kHold, Direction::kToCaller, Place::kWithinAnswer},
    {"CutBeforeTheHandshake", Kind::kCut, Direction::kToTarget, Place::kBeforeHandshake},
    {"CutWithinTheHandshake", Kind::kCut, Direction::kToCaller, Place::kWithinHandshake},
    {"CutAfterTheRequest", Kind::kCut, Direction::kToCaller, Place::kAfterRequest},
    {"CutWithinTheAnswer", Kind::kCut, Direction::kToCaller, Place::kWithinAnswer},
    {"ClosedBeforeTheHandshake", Kind::kHalfClose, Direction::kToTarget, Place::kBeforeHandshake},
    {"ClosedWithinTheHandshake", Kind::kHalfClose, Direction::kToCaller, Place::kWithinHandshake},
    {"ClosedAfterTheRequest", Kind::kHalfClose, Direction::kToCaller, Place::kAfterRequest},
    {"ClosedWithinTheAnswer", Kind::kHalfClose, Direction::kToCaller, Place::kWithinAnswer},
    {"AlteredBeforeTheHandshake", Kind::kCorrupt, Direction::kToTarget, Place::kBeforeHandshake},
    {"AlteredWithinTheHandshake", Kind::kCorrupt, Direction::kToCaller, Place::kWithinHandshake},
    {"AlteredAfterTheRequest", Kind::kCorrupt, Direction::kToCaller, Place::kAfterRequest},
    {"AlteredWithinTheAnswer", Kind::kCorrupt, Direction::kToCaller, Place::kWithinAnswer},
};

enum class Adapter : uint8_t { kGrpc, kSimulated };
enum class Moment : uint8_t {
  kAlone,          // of the only attempt
  kSecondAttempt,  // comes between two attempts
  kHedge,          // while a first query is under way that nobody answers
  kProbe,          // when the source has been spared, of the one query that looks how it is
  kPoll,           // of the first poll for what a query was promised
};

// Who is asked where the source gives nothing that counts, and what they say.
enum class StandIn : uint8_t { kNobody, kSaysNone, kFinds, kFails };

struct Cell {
  Adapter adapter;
  Moment moment;
  const DepartmentFault* department = nullptr;  // one of the two
  const NetworkFault* network = nullptr;
  StandIn stand_in = StandIn::kNobody;
};

inline std::vector<Cell> CellsOf(std::vector<Moment> moments) {
  std::vector<Cell> cells;
  for (const Moment moment : moments) {
    for (const DepartmentFault& fault : kDepartmentFaults) {
      // A poll gets no promise for an answer but the one it has.
      if (moment == Moment::kPoll && fault.kind == std::string("PENDING")) continue;
      cells.push_back({.adapter = Adapter::kGrpc, .moment = moment, .department = &fault});
      // The simulation has a delay for all calls, those that come before the fault too.
      const bool first_is_sound =
          moment == Moment::kSecondAttempt || moment == Moment::kProbe || moment == Moment::kPoll;
      if (fault.delays && first_is_sound) continue;
      cells.push_back({.adapter = Adapter::kSimulated, .moment = moment, .department = &fault});
    }
    for (const NetworkFault& fault : kNetworkFaults) {
      // A hedge goes over the connection that the first query went over.
      const bool before_query =
          fault.place == Place::kBeforeHandshake || fault.place == Place::kWithinHandshake;
      if (moment == Moment::kHedge && before_query) continue;
      cells.push_back({.adapter = Adapter::kGrpc, .moment = moment, .network = &fault});
    }
  }
  return cells;
}

// The one with this fault, by its name.
inline Cell CellOf(Adapter adapter, Moment moment, absl::string_view fault, StandIn stand_in) {
  for (Cell cell : CellsOf({moment})) {
    const absl::string_view name =
        cell.network != nullptr ? cell.network->name : cell.department->name;
    if (cell.adapter != adapter || name != fault) continue;
    cell.stand_in = stand_in;
    return cell;
  }
  std::abort();  // no such cell
}

// Each cell once for each thing that may become of a fallback.
inline std::vector<Cell> WithAFallback(const std::vector<Cell>& cells) {
  std::vector<Cell> all;
  for (const StandIn stand_in : {StandIn::kSaysNone, StandIn::kFinds, StandIn::kFails}) {
    for (const Cell& cell : cells) all.emplace_back(cell).stand_in = stand_in;
  }
  return all;
}

inline std::string NameOf(const Cell& cell) {
  static constexpr const char* kMoments[] = {"Alone", "AtTheSecondAttempt", "WhileAHedgeIsOut",
                                             "AtTheProbe", "AtThePoll"};
  static constexpr const char* kStandIns[] = {"", "AndTheFallbackSaysNone", "AndTheFallbackFinds",
                                              "AndTheFallbackFails"};
  return absl::StrCat(cell.adapter == Adapter::kGrpc ? "Grpc" : "Simulated",
                      cell.network != nullptr ? cell.network->name : cell.department->name,
                      kMoments[static_cast<size_t>(cell.moment)],
                      kStandIns[static_cast<size_t>(cell.stand_in)]);
}

// ---- what it should come to

struct Expected {
  std::string kind;
  std::vector<std::string> reasons;
  bool at_deadline = false;  // nothing comes of it before
  bool exactly = true;       // not even that there is no connection
  bool is_failure = false;   // of the source, as its breaker sees it
};

inline Expected Of(const Cell& cell) {
  Expected expected;
  if (cell.network != nullptr) {
    expected.kind = "UNAVAILABLE";
    expected.is_failure = true;
    expected.at_deadline = cell.network->kind == Kind::kHold;
    if (!expected.at_deadline) {
      expected.reasons = {"UNREACHABLE"};
    } else if (cell.network->place == Place::kBeforeHandshake ||
               cell.network->place == Place::kWithinHandshake) {
      // Which of the two timers of one deadline is first is not told: the adapter's, that there was
      // no connection, or gather's, that there was no answer. And gRPC, which goes by the machine's
      // clock, gives a connection up after some seconds.
      expected.reasons = {"LATE", "UNREACHABLE"};
      expected.exactly = false;
    } else {
      expected.reasons = {"LATE"};
    }
    return expected;
  }
  expected.kind = cell.department->kind;
  expected.reasons = {cell.department->reason};
  // Our own limit on what is received says nothing of it.
  expected.is_failure =
      expected.kind == "UNAVAILABLE" && expected.reasons.front() != std::string("OVERSIZED");
  expected.at_deadline = expected.reasons.front() == "LATE";
  if (cell.moment == Moment::kPoll && cell.department->kind_of_poll != nullptr) {
    expected.kind = cell.department->kind_of_poll;
  }
  // A hedge that brought nothing leaves the first query to be waited for, which nobody answers; why
  // it did not is what is known then.
  if (cell.moment == Moment::kHedge && expected.kind == "UNAVAILABLE") {
    expected.at_deadline = true;
    // Whether its end has come over the network before the test lets the deadline come is not told.
    if (cell.adapter == Adapter::kGrpc) expected.reasons.push_back("LATE");
  }
  return expected;
}

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_DEPARTMENT_CELLS_H_
