// An operator of the platform during a soak: holds a source and releases it, recalls what another
// said, and sees what came of that. Not thread-safe. The test fails where a call does.
#ifndef HEDUI_TESTS_SOAK_SOAK_OPERATOR_H_
#define HEDUI_TESTS_SOAK_SOAK_OPERATOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cpp/client.h"
#include "hedui/v1/source_admin.pb.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {

class SoakOperator {
 public:
  // `scenario` outlives it.
  explicit SoakOperator(Scenario* scenario) : scenario_(scenario) {}

  // To a platform that has started.
  void Connect(int port);
  void Hold(const std::string& source);
  void Release(const std::string& source);

  // Has everything verified anew that rests on what the source said in this span.
  void Recall(const std::string& source, absl::Time from, absl::Time to);
  // Reports that rested on it when it was recalled.
  size_t recalled() const { return recalled_.size(); }
  // Whether each of those is superseded by one that the recall made, or is of a matter that was
  // closed; with what is still to come, false.
  bool RecallIsDone();

 private:
  // Whether a report was made after it since the source was recalled.
  bool IsMadeAnew(const std::string& report_number);

  Scenario* const scenario_;
  std::unique_ptr<clients::Client> operators_;
  std::unique_ptr<clients::Client> agency_;
  std::string recall_id_;
  std::vector<std::string> recalled_;  // numbers of reports
  std::vector<std::string> left_;      // of them, those not seen to be made anew
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SOAK_SOAK_OPERATOR_H_
