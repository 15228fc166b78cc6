// The departments of a soak: one bare server that answers as each of them would, every department
// behind a network of its own, all of them in a mood that is drawn anew now and then. Some of their
// answers they promise for a second or two later, and then give. They count what arrives.
// Thread-safe.
#ifndef HEDUI_TESTS_SOAK_SOAK_DEPARTMENTS_H_
#define HEDUI_TESTS_SOAK_SOAK_DEPARTMENTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {

class SoakDepartments {
 public:
  enum class Mood : uint8_t { kGood, kSlow, kSilent, kFlapping, kHostile, kCut };

  // What has come to a department, by the process's clock from here on.
  struct Counts {
    std::vector<absl::Duration> arrived;  // ascending
    int64_t firsts = 0;                   // attempts that were the first of their query to arrive
    int64_t extra = 0;                    // the others: retries and hedges
    int64_t polls = 0;                    // of all those: for what had been promised
    int64_t kept = 0;                     // polls that were answered without another promise
  };

  // What some of them do or leave; their ids.
  struct Manners {
    // These never promise anything.
    std::set<std::string> promise_nothing;
    // Of these one answer of four is promised, whatever the mood.
    std::set<std::string> promise_often;
    // Their networks fail too, but carry nothing later than it came.
    std::set<std::string> hold_nothing_back;
    // These are never cut off, silent or wrong.
    std::set<std::string> good;
  };

  // Takes the places of these sources in the scenario's catalogue. Silence lasts as long as
  // `silence`, which should be past every deadline. The test fails when they do not start.
  SoakDepartments(Scenario* scenario, const std::vector<std::string>& ids, Manners manners,
                  absl::Duration silence, uint32_t seed);
  ~SoakDepartments();

  // Every department's mood and network, drawn.
  void DrawMoods();
  // All answer, all networks are sound.
  void MakeSound();

  std::map<std::string, Counts> TakeCounts();
  // Queries of this one that have arrived.
  size_t Arrived(const std::string& id) const;

 private:
  struct Department;
  struct State;

  const Manners manners_;
  std::mt19937 random_;
  std::unique_ptr<State> state_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SOAK_SOAK_DEPARTMENTS_H_
