// Answers, persons and frames to and from the stored case's bytes. Internal to report.
#ifndef HEDUI_SERVER_REPORT_CASE_VALUES_H_
#define HEDUI_SERVER_REPORT_CASE_VALUES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/answer.h"
#include "server/base/dates.h"
#include "server/base/household.h"
#include "server/match/match_result.h"
#include "server/report/report_input.h"
#include "server/report/wire_writer.h"

namespace hedui::report {

// Each puts one message as the field of the one that is being written.
void PutPerson(int field, const base::Person& person, WireWriter* out);
void PutAnswer(int field, const match::SourceOutcome& outcome, WireWriter* out);

// Reads on after a defect and remembers the first one. One thread at a time.
class CaseReader {
 public:
  bool good() const { return defect_.empty(); }
  const std::string& first_defect() const { return defect_; }

  void ReadFrame(const v1::Header& in, ReportFrame* frame, base::Household* household,
                 base::CaseDates* dates);
  base::Person ReadPerson(const v1::CasePerson& in);
  match::SourceOutcome ReadAnswer(const v1::CaseAnswer& in);

 private:
  void Note(absl::string_view what);
  template <typename T>
  T Need(std::optional<T> value, absl::string_view what);
  absl::CivilDay Day(const std::string& text, absl::string_view what);
  std::optional<absl::CivilDay> OptionalDay(const std::string& text, absl::string_view what);
  base::Identity ReadIdentity(const v1::CaseIdentity& in);
  base::Record ReadRecord(const v1::CaseRecord& in);
  base::ManualFinding ReadFinding(const v1::CaseFinding& in);
  base::FieldValue ReadFieldValue(const v1::CaseField& in);

  std::string defect_;
};

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_CASE_VALUES_H_
