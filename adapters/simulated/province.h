// A seeded synthetic province: what simulated departments hold about invented people. Read from a
// simulation file (proto/hedui/config/v1/simulation.proto explains every key) and immutable
// afterwards, so thread-safe.
#ifndef HEDUI_ADAPTERS_SIMULATED_PROVINCE_H_
#define HEDUI_ADAPTERS_SIMULATED_PROVINCE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/dates.h"

namespace hedui::config::v1 {
class Simulation;
class SimulatedHolding;
class SimulatedPerson;
class SimulatedSource;
}  // namespace hedui::config::v1

namespace hedui::v1 {
class Identity;
class SourceAnswer;
}  // namespace hedui::v1

namespace hedui::adapters {

class Province {
 public:
  // INVALID_ARGUMENT (CONFIGURATION) listing every defect; NOT_FOUND without the file. Holdings are
  // checked by the same strict reader that checks what real departments send.
  static absl::StatusOr<std::shared_ptr<const Province>> Load(const std::string& path);
  static absl::StatusOr<std::shared_ptr<const Province>> Parse(absl::string_view file,
                                                               absl::string_view text);
  ~Province();
  Province(const Province&) = delete;
  Province& operator=(const Province&) = delete;

  const config::v1::Simulation& simulation() const { return *simulation_; }
  // nullptr when the file has no such source.
  const config::v1::SimulatedSource* FindSource(absl::string_view id) const;

  // What `source` says of this person in this category when nothing goes wrong: everything of `out`
  // but person_id and category. `asked` is the period asked for.
  void Answer(const config::v1::SimulatedSource& source, const v1::Identity& person,
              absl::string_view category, const base::Period& asked, v1::SourceAnswer* out) const;

 private:
  // Kind of document, number; the name for people without a number.
  using PersonKey = std::pair<int, std::string>;

  explicit Province(std::unique_ptr<config::v1::Simulation> simulation);
  static PersonKey KeyOf(const v1::Identity& identity);
  absl::Status Index(absl::string_view file);
  const config::v1::SimulatedHolding* FindHolding(const config::v1::SimulatedPerson& person,
                                                  absl::string_view source,
                                                  absl::string_view category) const;
  void AnswerFromHolding(const config::v1::SimulatedPerson& person,
                         const config::v1::SimulatedHolding& holding, const base::Period& asked,
                         v1::SourceAnswer* out) const;
  void AnswerUnlisted(const config::v1::SimulatedSource& source, const v1::Identity& person,
                      absl::string_view category, const base::Period& asked,
                      v1::SourceAnswer* out) const;

  const std::unique_ptr<const config::v1::Simulation> simulation_;
  absl::flat_hash_map<std::string, const config::v1::SimulatedSource*> sources_;
  absl::flat_hash_map<PersonKey, const config::v1::SimulatedPerson*> people_;
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_PROVINCE_H_
