// A small register, an invented family and a MatterBook over rows in memory: what the tests of
// access start from.
#ifndef HEDUI_TESTS_ACCESS_ACCESS_FIXTURE_H_
#define HEDUI_TESTS_ACCESS_ACCESS_FIXTURE_H_

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/access/access_control.h"
#include "server/access/defects.h"
#include "server/access/matter_book.h"
#include "server/access/register.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "tests/access/memory_rows.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_id_source.h"
#include "tests/support/synthetic_person.h"

namespace hedui::access {

inline constexpr char kRegisterYaml[] = R"(platform:
  level: region
  division: "640000"
  name: 宁夏回族自治区核对中心
purposes:
  - code: dibao_review
    label: 最低生活保障审核确认
    categories: [deposit, death, employment, vehicle]
    check_kinds: [new, review]
  - code: urgent_relief
    label: 急难救助
    categories: [death, employment]
    check_kinds: [urgent]
    legal_basis:
      name: 示例条例第一条
      categories: [death]
      from: 2025-01-01
      to: 2026-01-01
  - code: housing
    label: 保障性住房资格审核
    categories: [real_estate]
    check_kinds: [new]
agencies:
  - code: xingqing-mz
    name: 兴庆区民政局
    level: county
    division: "640104"
    purposes: [dibao_review, urgent_relief]
    in_flight_max: 2
  - code: yinchuan-mz
    name: 银川市民政局
    level: city
    division: "640100"
    purposes: [dibao_review, housing]
    officers: [zhou-07, qian-02]
    certificate_digests:
      - 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
)";

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    const absl::StatusOr<Register> parsed = ParseRegister("register.yaml", kRegisterYaml);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    if (parsed.ok()) register_ = *parsed;
  }

  const Agency& County() const { return *register_.FindAgency("xingqing-mz"); }
  const Agency& City() const { return *register_.FindAgency("yinchuan-mz"); }

  static std::string Number(absl::CivilDay birth, int sequence) {
    return hedui::testing::SyntheticCitizenNumber("640104", birth, sequence);
  }
  static LetterDraft Draft(const std::string& number, const std::string& name, absl::CivilDay birth,
                           int sequence) {
    LetterDraft draft;
    draft.number = number;
    draft.document = LetterDocument::kAuthorization;
    draft.person_kind = base::IdentityKind::kResidentId;
    draft.person_number = Number(birth, sequence);
    draft.person_name = name;
    draft.capacity = SignerCapacity::kSelf;
    draft.signature = SignatureKind::kHandwritten;
    draft.signed_day = "2025-03-01";
    draft.purposes = {"dibao_review"};
    draft.scan_sha256 = std::string(64, 'a');
    return draft;
  }
  static LetterDraft FatherDraft() {
    return Draft("L-1", "马建国", absl::CivilDay(1979, 5, 1), 11);
  }
  static LetterDraft MotherDraft() {
    return Draft("L-2", "杨秀兰", absl::CivilDay(1981, 8, 9), 22);
  }
  // Aged nine; signed by the father.
  static LetterDraft ChildDraft() {
    LetterDraft draft = Draft("L-3", "马小明", absl::CivilDay(2015, 6, 1), 33);
    draft.capacity = SignerCapacity::kGuardian;
    draft.has_signer = true;
    draft.signer_kind = base::IdentityKind::kResidentId;
    draft.signer_number = Number(absl::CivilDay(1979, 5, 1), 11);
    draft.signer_name = "马建国";
    return draft;
  }
  static RegisterRequest RequestOf(std::vector<LetterDraft> letters) {
    return {"M-1", "640104", "li-01", std::move(letters)};
  }

  static base::Person PersonOf(const std::string& id, const LetterDraft& draft) {
    base::Person person;
    person.id = id;
    person.identity = {*draft.person_kind, draft.person_number, draft.person_name};
    return person;
  }
  static base::Household Family() {
    base::Household family;
    family.division = "640104";
    family.persons = {PersonOf("m1", FatherDraft()), PersonOf("m2", MotherDraft()),
                      PersonOf("m3", ChildDraft())};
    return family;
  }

  MatterBook::Reservation ReserveNow(std::vector<std::string> keys,
                                     const std::string& agency = "xingqing-mz") {
    std::optional<MatterBook::Reservation> reservation;
    book_.Reserve(agency, std::move(keys), [&](absl::StatusOr<MatterBook::Reservation> given) {
      if (given.ok()) reservation = *std::move(given);
    });
    EXPECT_TRUE(reservation.has_value()) << "somebody else holds the keys";
    return reservation.has_value() ? *std::move(reservation) : MatterBook::Reservation();
  }
  absl::StatusOr<MatterBook::Change> Prepare(const Agency& agency, const RegisterRequest& request) {
    return book_.PrepareRegister(agency, request,
                                 ReserveNow(MatterBook::KeysOf(agency.code, request)));
  }
  absl::StatusOr<MatterBook::Change> PrepareRevoke(const RevokeRequest& request) {
    return book_.PrepareRevoke(
        County(), request, ReserveNow(MatterBook::KeysOf(County().code, request.matter_number)));
  }
  void CommitAndApply(MatterBook::Change change) {
    rows_.Commit(change.rows);
    book_.Apply(std::move(change));
  }
  // Registers at the county, durable and applied.
  void MustRegister(const RegisterRequest& request) {
    absl::StatusOr<MatterBook::Change> change = Prepare(County(), request);
    ASSERT_TRUE(change.ok()) << change.status();
    CommitAndApply(*std::move(change));
  }
  void MustRevoke(const std::string& letter) {
    absl::StatusOr<MatterBook::Change> change =
        PrepareRevoke({"M-1", letter, "li-01", "applicant's wish"});
    ASSERT_TRUE(change.ok()) << change.status();
    CommitAndApply(*std::move(change));
  }
  void MustClose() {
    absl::StatusOr<MatterBook::Change> change = book_.PrepareClose(
        County(), {"M-1", "li-01"}, ReserveNow(MatterBook::KeysOf(County().code, "M-1")));
    ASSERT_TRUE(change.ok()) << change.status();
    CommitAndApply(*std::move(change));
  }
  MatterHandle MustLoad(const std::string& number = "M-1") {
    absl::StatusOr<MatterHandle> handle = book_.Load(County().code, number);
    EXPECT_TRUE(handle.ok()) << handle.status();
    return handle.ok() ? *handle : nullptr;
  }

  static std::vector<std::string> Reasons(const absl::Status& status) {
    std::vector<std::string> reasons;
    for (const Defect& defect : DefectsOf(status)) reasons.push_back(defect.reason);
    return reasons;
  }
  static std::vector<std::string> FieldsAndReasons(const absl::Status& status) {
    std::vector<std::string> lines;
    for (const Defect& defect : DefectsOf(status))
      lines.push_back(defect.field + " " + defect.reason);
    return lines;
  }

  Register register_;
  hedui::testing::FakeClock clock_;
  hedui::testing::FakeIdSource ids_;
  MemoryRows rows_;
  MatterBook book_{&rows_, &clock_, &ids_};
};

}  // namespace hedui::access

#endif  // HEDUI_TESTS_ACCESS_ACCESS_FIXTURE_H_
