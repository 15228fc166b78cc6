#include "server/report/words.h"

#include <array>

namespace hedui::report {
namespace {

struct Word {
  absl::string_view code;
  absl::string_view word;
};

template <size_t kSize>
std::string Find(const std::array<Word, kSize>& words, absl::string_view code) {
  for (const Word& word : words) {
    if (word.code == code) return std::string(word.word);
  }
  return std::string(code);
}

constexpr std::array<Word, 9> kAnswerKinds{{
    {"FOUND", "查得"},
    {"CONFIRMED_NONE", "确认无记录"},
    {"NOT_COVERED", "不在来源范围"},
    {"UNAVAILABLE", "未答复"},
    {"STALE", "数据过期未采用"},
    {"REFUSED", "拒绝提供"},
    {"AMBIGUOUS", "身份存疑未采用"},
    {"PENDING", "待答复"},
    {"NOT_ASKED", "未查询"},
}};

constexpr std::array<Word, 22> kReasons{{
    {"NONE", ""},
    {"LATE", "超过时限"},
    {"QUOTA", "查询额度用尽"},
    {"BREAKER", "来源连续故障，暂停查询"},
    {"HELD", "来源被停用"},
    {"MALFORMED", "答复无法读取"},
    {"OVERSIZED", "答复过大"},
    {"EMPTY", "答复为空"},
    {"UNREACHABLE", "无法连接"},
    {"SOURCE_ERROR", "来源系统故障"},
    {"WRONG_PERSON", "证件号码或姓名不符"},
    {"CONTRADICTION", "答复自相矛盾"},
    {"NO_AUTHORIZATION", "未授权"},
    {"NOT_ROUTABLE", "没有可查询的来源"},
    {"MINIMISED", "该用途不需要"},
    {"DECEASED", "已登记死亡，不再查询"},
    {"SOURCE_REFUSED", "来源未说明原因"},
    {"WARRANT_REJECTED", "来源不接受查询凭证"},
    {"TOO_OLD", "超过更新期限"},
    {"CANCELLED", "查询被取消"},
    {"OVERLOADED", "来源繁忙"},
    {"UNKNOWN_PERSON", "该类证件无法查询"},
}};

constexpr std::array<Word, 8> kRelations{{
    {"APPLICANT", "申请人"},
    {"SPOUSE", "配偶"},
    {"CHILD", "子女"},
    {"PARENT", "父母"},
    {"GRANDCHILD", "（外）孙子女"},
    {"GRANDPARENT", "（外）祖父母"},
    {"SIBLING", "兄弟姐妹"},
    {"OTHER", "其他"},
}};

constexpr std::array<Word, 2> kRoles{{{"MEMBER", "家庭成员"}, {"OBLIGOR", "义务人"}}};

constexpr std::array<Word, 7> kCheckKinds{{
    {"NEW", "新申请"},
    {"REVIEW", "定期复核"},
    {"COMPLAINT", "投诉举报"},
    {"SPOT_CHECK", "抽查"},
    {"OBJECTION", "异议复核"},
    {"ASSISTANCE", "协助核查"},
    {"URGENT", "急难救助"},
}};

constexpr std::array<Word, 7> kIdentityKinds{{
    {"RESIDENT_ID", "居民身份证"},
    {"HK_MACAO_TAIWAN_PERMIT", "港澳台居民居住证"},
    {"FOREIGNER_PERMIT", "外国人永久居留身份证"},
    {"PASSPORT", "护照"},
    {"DISABILITY_CERTIFICATE", "残疾人证"},
    {"WITHOUT_NUMBER", "无证件号码"},
    {"OTHER", "其他证件"},
}};

constexpr std::array<Word, 2> kScopes{{{"urban", "城市"}, {"rural", "农村"}}};

constexpr std::array<Word, 4> kLevels{
    {{"ministry", "部级"}, {"region", "自治区级"}, {"city", "市级"}, {"county", "县级"}}};

constexpr std::array<Word, 35> kFields{{
    {"month", "月份"},
    {"amount", "金额"},
    {"payer", "支付单位"},
    {"day", "日期"},
    {"plate", "号牌号码"},
    {"type", "类型"},
    {"vehicle_type", "车辆类型"},
    {"account", "账号"},
    {"bank", "银行"},
    {"certificate", "证书号"},
    {"address", "坐落"},
    {"area", "面积"},
    {"use", "用途"},
    {"usage", "用途"},
    {"credit_code", "统一社会信用代码"},
    {"company", "企业名称"},
    {"capital", "认缴出资"},
    {"name", "姓名"},
    {"number", "证件号码"},
    {"relation", "与申请人关系"},
    {"identity_kind", "证件类型"},
    {"declared_birth", "申报出生日期"},
    {"spouse_number", "配偶证件号码"},
    {"spouse_name", "配偶姓名"},
    {"spouse", "配偶证件号码"},
    {"status", "状态"},
    {"category", "类别"},
    {"grade", "等级"},
    {"level", "学历层次"},
    {"school", "学校"},
    {"full_time", "全日制"},
    {"from", "起"},
    {"to", "止"},
    {"division", "行政区划"},
    {"household_number", "户号"},
}};

constexpr std::array<Word, 10> kUnits{{
    {"yuan", "元"},
    {"yuan/month", "元/月"},
    {"yuan/year", "元/年"},
    {"ratio", ""},
    {"count", ""},
    {"persons", "人"},
    {"months", "个月"},
    {"years", "年"},
    {"days", "天"},
    {"m2", "平方米"},
}};

constexpr std::array<Word, 3> kBlameDetails{{
    {"INCOMPLETE", "答复不完整"},
    {"PERIOD", "答复未覆盖所需期间"},
    {"FIELD", "答复缺少所需字段"},
}};

constexpr std::array<Word, 3> kTruths{
    {{"TRUE", "成立"}, {"FALSE", "不成立"}, {"UNDETERMINED", "无法确定"}}};

}  // namespace

std::string AnswerKindWord(absl::string_view name) { return Find(kAnswerKinds, name); }
std::string ReasonWord(absl::string_view name) { return Find(kReasons, name); }
std::string RelationWord(absl::string_view name) { return Find(kRelations, name); }
std::string RoleWord(absl::string_view name) { return Find(kRoles, name); }
std::string CheckKindWord(absl::string_view name) { return Find(kCheckKinds, name); }
std::string IdentityKindWord(absl::string_view name) { return Find(kIdentityKinds, name); }
std::string ScopeWord(absl::string_view name) { return Find(kScopes, name); }
std::string LevelWord(absl::string_view name) { return Find(kLevels, name); }
std::string FieldWord(absl::string_view name) { return Find(kFields, name); }
std::string UnitWord(absl::string_view unit) { return Find(kUnits, unit); }
std::string BlameDetailWord(absl::string_view name) { return Find(kBlameDetails, name); }
std::string TruthWord(absl::string_view name) { return Find(kTruths, name); }

}  // namespace hedui::report
