#include "tests/report/report_fixture.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/pem_signer.h"
#include "tests/ledger/memory_log_repository.h"
#include "tests/support/fake_clock.h"
#include "tests/support/synthetic_person.h"

namespace hedui::report {
namespace {

base::Uuid Id(uint8_t last) {
  base::Uuid id;
  id.bytes = {0x01, 0x95, 0x58, 0x8C, 0x2A, 0x30, 0x7A, 0xBC, 0x8D, 0xEF, 1, 2, 3, 4, 5, last};
  return id;
}

base::Person Member(std::string id, base::Relation relation, std::string name, int year,
                    int sequence) {
  base::Person person;
  person.id = std::move(id);
  person.relation = relation;
  person.identity = {
      base::IdentityKind::kResidentId,
      testing::SyntheticCitizenNumber("640104", absl::CivilDay(year, 4, 5), sequence),
      std::move(name)};
  return person;
}

base::Record Wage(int64_t yuan) {
  return {"wage",
          {{"month", absl::CivilMonth(2025, 2)},
           {"amount", base::Money::FromFen(yuan * 100)},
           {"payer", std::string("宁夏甲公司")},
           {"net", false}}};
}

match::SourceOutcome Outcome(std::string source, std::string person, std::string category,
                             base::AnswerKind kind, base::Reason reason = base::Reason::kNone) {
  match::SourceOutcome outcome;
  outcome.source_id = std::move(source);
  outcome.rank = 10;
  base::Answer& answer = outcome.answer;
  answer.person_id = std::move(person);
  answer.category = std::move(category);
  answer.kind = kind;
  answer.reason = reason;
  if (kind == base::AnswerKind::kFound || kind == base::AnswerKind::kConfirmedNone) {
    answer.data_day = absl::CivilDay(2025, 3, 2);
    answer.covered = {absl::CivilDay(2024, 3, 1), absl::CivilDay(2025, 3, 3)};
    answer.complete = true;
    answer.digest = base::Sha256(answer.category + answer.person_id);
    outcome.authorization = "SQ-2025-" + answer.person_id;
  }
  return outcome;
}

assess::AbstractValue Yuan(int64_t low, bool exact) {
  assess::AbstractValue value;
  value.unit = "yuan/month";
  value.exact = exact;
  value.low = base::Rational(low);
  if (exact) value.high = value.low;
  value.text = exact ? absl::StrCat(low, ".00") : absl::StrCat("[", low, ".00, +∞)");
  return value;
}

assess::AbstractValue TruthValue(assess::Truth truth) {
  assess::AbstractValue value;
  value.kind = assess::ValueKind::kTruth;
  value.truth = truth;
  value.exact = truth != assess::Truth::kUndetermined;
  value.text = "UNDETERMINED";
  return value;
}

}  // namespace

int32_t AnswerIndex(const base::Facts& facts, const std::string& person,
                    const std::string& category) {
  for (size_t i = 0; i < facts.answers.size(); ++i) {
    if (facts.answers[i].person_id == person && facts.answers[i].category == category) {
      return static_cast<int32_t>(i);
    }
  }
  std::abort();
}

const base::DiscrepancyRules& SampleRules() {
  static const auto* const kRules = [] {
    auto* rules = new base::DiscrepancyRules(2);
    (*rules)[0].code = base::DiscrepancyCode::kUndeclaredVehicle;
    (*rules)[0].found = {{"vehicle", "车辆", {}, {}}};
    (*rules)[1].code = base::DiscrepancyCode::kWageDiffers;
    (*rules)[1].check = base::DiscrepancyCheck::kIncomeDiffers;
    (*rules)[1].found = {{"wage", "工资性收入", {}, {}}};
    return rules;
  }();
  return *kRules;
}

match::MatchInput SampleMatchInput() {
  using base::AnswerKind;
  match::MatchInput input;
  input.household.division = "640104";
  input.household.scope = "urban";
  input.household.persons = {Member("m1", base::Relation::kApplicant, "马志强", 1979, 31),
                             Member("m2", base::Relation::kSpouse, "杨秀兰", 1981, 42),
                             Member("m3", base::Relation::kChild, "马晓宇", 2004, 53)};
  input.household.persons[0].declared = {Wage(2800)};
  input.dates.application = absl::CivilDay(2025, 3, 3);
  input.dates.policy = absl::CivilDay(2025, 3, 3);
  auto wage = Outcome("hrss", "m1", "employment", AnswerKind::kFound);
  wage.answer.records = {Wage(3000)};
  wage.answer.subject = input.household.persons[0].identity;
  auto tax = Outcome("tax", "m1", "tax", AnswerKind::kFound);
  tax.rank = 20;
  tax.answer.records = {Wage(3000)};
  auto vehicle = Outcome("police", "m1", "vehicle", AnswerKind::kFound);
  vehicle.answer.records = {
      {"vehicle", {{"class", std::string("motorcycle")}, {"plate", std::string("宁AD7351")}}}};
  input.outcomes = {
      wage,
      tax,
      vehicle,
      Outcome("hrss", "m2", "employment", AnswerKind::kConfirmedNone),
      Outcome("bank", "m2", "deposit", AnswerKind::kUnavailable, base::Reason::kLate),
      Outcome("", "m3", "employment", AnswerKind::kNotAsked, base::Reason::kNoAuthorization)};
  return input;
}

ReportFrame SampleFrame() {
  ReportFrame frame;
  frame.report_id = Id(0xAA);
  frame.verification_id = Id(0xBB);
  frame.issuing_centre = "宁夏回族自治区居民家庭经济状况核对中心（示例）";
  frame.issuing_division = "640000";
  frame.log_origin = kOrigin;
  frame.agency = "xq-civil-affairs";
  frame.agency_name = "兴庆区民政局（示例）";
  frame.officer = "XQ-0107";
  frame.matter_number = "XQ-2025-000318";
  frame.purpose = "social_assistance";
  frame.programmes = {"dibao", "marginal"};
  frame.division_name = "宁夏回族自治区银川市兴庆区";
  frame.issued_at = absl::FromUnixSeconds(1740967200);  // 2025-03-03 10:00 at UTC+8
  frame.authorizations = {{"m1", true, "LETTER", "SQ-2025-m1", "本人签署"},
                          {"m2", true, "LETTER", "SQ-2025-m2", ""},
                          {"m3", false, "", "", ""}};
  frame.sources = {{"hrss", "人力资源和社会保障厅", "region"},
                   {"tax", "税务局", "region"},
                   {"police", "公安厅", "region"},
                   {"bank", "示例银行", "region"}};
  frame.labels = {{"employment", "就业与社会保险"},
                  {"tax", "纳税"},
                  {"vehicle", "车辆"},
                  {"deposit", "银行存款"},
                  {"wage", "工资性收入"}};
  return frame;
}

assess::Assessment SampleAssessment(const base::Facts& facts) {
  assess::Assessment assessment;
  assessment.engine = assess::kEngineVersion;
  assessment.division = "640104";
  assessment.policy_day = absl::CivilDay(2025, 3, 3);
  assessment.policy_digest = base::Sha256("policy");
  assessment.files = {{"640000/dibao.yaml", base::Sha256("file")}};
  assessment.next_change = absl::CivilDay(2025, 4, 1);
  const assess::Citation verified{"A57", "《最低生活保障审核确认办法》", "第十三条", true};
  const assess::Citation assumed{"NXEX", "宁夏示例规定", "机动车辆", false};
  assessment.rows = {
      assess::PolicyRow{"dibao_standard[scope=urban]", "最低生活保障标准", "1100", "640104",
                        base::Period{absl::CivilDay(2025, 1, 1), std::nullopt}, assumed,
                        "640104/standard.yaml", 9, base::Sha256("file2")},
      assess::PolicyRow{"adult_age", "成年年龄", "18", "000000",
                        base::Period{absl::CivilDay(2021, 7, 1), std::nullopt}, verified,
                        "national/household.yaml", 40, base::Sha256("file3")}};
  const auto rule = [](std::string expression, const assess::Citation& citation) {
    assess::PolicyRow row;
    row.value = std::move(expression);
    row.citation = citation;
    return row;
  };

  assess::TraceEntry wage;
  wage.id = "gross_wage";
  wage.label = "应发工资（月均）";
  wage.person_id = "m1";
  wage.value = Yuan(3000, true);
  wage.rule = rule("p.wage.sum(w, w.amount)", verified);
  wage.facts = {0};
  wage.rows = {1};

  const int32_t bank = AnswerIndex(facts, "m2", "deposit");
  const assess::Blame blame{
      assess::BlameKind::kSource, "m2", "bank", "deposit", base::AnswerKind::kUnavailable,
      base::Reason::kLate};
  assess::TraceEntry assets;
  assets.id = "household_financial_assets";
  assets.label = "家庭金融资产";
  assets.value = Yuan(0, false);
  assets.blame = {blame};
  assets.marks.assumed = true;
  assets.rule = rule("", assumed);
  assets.answers = {bank};

  assess::TraceEntry test;
  test.id = "dibao";
  test.label = "符合最低生活保障条件";
  test.kind = assess::EntryKind::kTest;
  test.value = TruthValue(assess::Truth::kUndetermined);
  test.blame = {blame};
  test.marks.assumed = true;
  test.rule = rule("", verified);
  test.entries = {0, 1};
  test.rows = {0};

  assess::TraceEntry marginal = test;
  marginal.id = "marginal";
  marginal.label = "符合低保边缘家庭条件";
  marginal.value = TruthValue(assess::Truth::kFalse);
  marginal.blame.clear();
  marginal.entries = {0};
  assessment.entries = {wage, assets, test, marginal};

  assess::Indication dibao;
  dibao.programme = "dibao";
  dibao.label = "最低生活保障";
  dibao.blame = {blame};
  dibao.marks.assumed = true;
  dibao.amount = Yuan(0, false);
  dibao.amount_blame = {blame};
  dibao.entry = 2;
  dibao.citation = verified;
  assess::Indication edge;
  edge.programme = "marginal";
  edge.label = "低保边缘家庭";
  edge.result = assess::Truth::kFalse;
  edge.robust = true;
  edge.entry = 3;
  edge.citation = verified;
  assessment.indications = {dibao, edge};
  return assessment;
}

ReportInput SampleInput() {
  const match::MatchInput match_input = SampleMatchInput();
  ReportInput input;
  input.frame = SampleFrame();
  input.household = match_input.household;
  input.dates = match_input.dates;
  input.match = match::Match(match_input, SampleRules());
  input.assessment = SampleAssessment(input.match.facts);
  input.seed = std::string(32, '\x11');
  return input;
}

CaseBundle SampleBundle() {
  CaseBundle bundle;
  bundle.frame = SampleFrame();
  bundle.input = SampleMatchInput();
  bundle.assessed = true;
  bundle.engine = assess::kEngineVersion;
  bundle.policy_digest = base::Sha256("policy");
  bundle.seed = std::string(32, '\x11');
  bundle.lines = *BuildLines(SampleInput());
  return bundle;
}

struct SealingLog::State {
  State(testing::KeyType legal_key, bool with_intermediate) {
    testing::CertificateRequest request;
    request.name = "centre";
    request.key_usage = "critical,keyCertSign";
    request.authority = true;
    if (with_intermediate) centre = pki.Issue(request);
    const testing::Issued ed25519 = IssueLog(testing::KeyType::kEd25519);
    const testing::Issued legal = IssueLog(legal_key);
    ed25519_signer = *ledger::LoadPemSigner(ed25519.key_path);
    legal_signer = *ledger::LoadPemSigner(legal.key_path);
    ledger::LogSigning signing;
    signing.origin = kOrigin;
    signing.ed25519 = ed25519_signer.get();
    signing.legal = legal_signer.get();
    signing.certificates = *ledger::LogCertificatesFromPem(WithIssuer(ed25519), WithIssuer(legal));
    signing.clock = &clock;
    trust = *ledger::LogTrust::FromPem(pki.ca_pem());
    log = *ledger::Log::Open(repository, signing);
  }

  testing::Issued IssueLog(testing::KeyType key) {
    testing::CertificateRequest request;
    request.name = key == testing::KeyType::kEd25519 ? "log-ed25519" : "log-legal";
    request.key = key;
    request.uris = {absl::StrCat("hedui://log/", kOrigin)};
    return pki.Issue(request, centre.has_value() ? &*centre : nullptr);
  }

  std::string WithIssuer(const testing::Issued& issued) const {
    return issued.certificate_pem + (centre.has_value() ? centre->certificate_pem : "");
  }

  testing::TestPki pki;
  std::optional<testing::Issued> centre;
  testing::FakeClock clock;
  std::unique_ptr<ledger::Signer> ed25519_signer;
  std::unique_ptr<ledger::Signer> legal_signer;
  ledger::MemoryLogRepository repository;
  std::unique_ptr<ledger::LogTrust> trust;
  std::unique_ptr<ledger::Log> log;
};

SealingLog::SealingLog(testing::KeyType legal_key, bool with_intermediate)
    : state_(std::make_unique<State>(legal_key, with_intermediate)) {}
SealingLog::~SealingLog() = default;

std::string SealingLog::Seal(const Draft& draft) {
  const auto other = [](uint8_t last) {
    return ledger::EncodeEntry(
        ledger::AccessEntry{Id(last), ledger::Hash{}, absl::FromUnixSeconds(1740967200)});
  };
  auto batch = state_->log->Prepare({other(1), other(2), draft.entry, other(3), other(4)});
  if (!batch.ok() || !state_->repository.Apply(batch->commit).ok()) std::abort();
  state_->log->Confirm();
  return *SealReport(draft, batch->ProofOf(2, draft.entry));
}

const ledger::LogTrust& SealingLog::trust() const { return *state_->trust; }
const testing::TestPki& SealingLog::pki() const { return state_->pki; }

}  // namespace hedui::report
