#include "server/report/words.h"

#include <array>

namespace hedui::report {
namespace {

struct Word {
  absl::string_view code;
  absl::string_view word;
};

template <size_t kSize>
absl::string_view Find(const std::array<Word, kSize>& words, absl::string_view code) {
  for (const Word& word : words) {
    if (word.code == code) return word.word;
  }
  return code;
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

constexpr std::array<Word, 5> kFindingMethods{{{"HOME_VISIT", "入户调查"},
                                               {"NEIGHBOURS", "邻里访问"},
                                               {"LETTER", "信函索证"},
                                               {"PLACE_OF_HUKOU", "户籍地提供"},
                                               {"DOCUMENT_REVIEW", "查验材料"}}};
constexpr std::array<Word, 4> kSupersedings{{{"MANUAL_FINDING", "补充人工核查结果"},
                                             {"IDENTITY_RESOLVED", "人工确认身份"},
                                             {"LATE_ANSWER", "后续答复到达"},
                                             {"SOURCE_RECALLED", "来源数据被撤回，重新核对"}}};
constexpr std::array<Word, 2> kScopes{{{"urban", "城市"}, {"rural", "农村"}}};

constexpr std::array<Word, 4> kLevels{
    {{"ministry", "部级"}, {"region", "自治区级"}, {"city", "市级"}, {"county", "县级"}}};

constexpr std::array<Word, 73> kFields{{
    {"month", "月份"},
    {"amount", "金额"},
    {"payer", "支付单位"},
    {"day", "日期"},
    {"cremation_day", "火化日期"},
    {"from", "起始日期"},
    {"until", "终止日期（当日起不再）"},
    {"ended", "是否已停止"},
    {"since", "自何日起"},
    {"employer", "供养单位"},
    {"programme", "救助类别"},
    {"matter", "救助事项编号"},
    {"registered_in", "登记地"},
    {"insured_as", "参保身份"},
    {"position", "职务"},
    {"net", "已扣除就业成本"},
    {"nature", "性质"},
    {"institution", "机构"},
    {"account", "账号"},
    {"class", "类别"},
    {"plate", "号牌"},
    {"plate_tail", "号牌尾号"},
    {"use", "用途"},
    {"area_dm2", "面积（平方分米）"},
    {"certificate", "权证号"},
    {"name", "名称"},
    {"credit_code", "统一社会信用代码"},
    {"registered_capital", "认缴出资"},
    {"subscribed_capital", "认缴出资"},
    {"status", "状态"},
    {"stage", "教育阶段"},
    {"full_time", "全日制"},
    {"school", "学校"},
    {"category", "类别"},
    {"grade", "等级"},
    {"number", "证件号码"},
    {"relation", "与申请人关系"},
    {"identity_kind", "证件类型"},
    {"declared_birth", "申报出生日期"},
    {"spouse_number", "配偶证件号码"},
    {"spouse_name", "配偶姓名"},
    {"division", "户籍地"},
    {"household_number", "户号"},
    {"long_term", "长期共同居住"},
    {"support_duty", "有法定赡养、抚养、扶养义务"},
    {"independent", "能独立生活"},
    {"birth", "出生日期"},
    {"sex", "性别"},
    {"scope", "城乡类别"},
    {"check_kind", "核对事由"},
    {"staff_relative", "是否近亲属备案"},
    {"request_day", "请求核对日"},
    {"acceptance_day", "受理日"},
    {"compliant", "是否合规费用"},
    {"public_school", "是否公办学校"},
    {"apart_since", "脱离家庭居住起始日期"},
    {"eats", "自主吃饭"},
    {"dresses", "自主穿衣"},
    {"in_and_out_of_bed", "自主上下床"},
    {"toilet", "自主如厕"},
    {"walks", "室内自主行走"},
    {"bathes", "自主洗澡"},
    {"group", "对象类别"},
    {"household", "家庭序号"},
    {"income", "家庭月收入"},
    {"size", "家庭人数"},
    {"children", "子女数"},
    {"supported", "被赡养人数"},
    {"capacity", "民事行为能力"},
    {"cause", "急难事由"},
    {"value", "价值"},
    {"registered_on", "登记日期"},
    {"year", "年份"},
}};

struct ValueEntry {
  absl::string_view field;
  absl::string_view code;
  absl::string_view word;
};

// The code lists of the vocabulary (policies/national), as sources deliver them.
constexpr std::array<ValueEntry, 110> kValues{{
    {"nature", "pension", "养老金、离退休金"},
    {"nature", "resident_pension", "城乡居民基本养老保险（基础养老金）"},
    {"nature", "unemployment", "失业保险金"},
    {"nature", "survivor", "遗属补助金"},
    {"nature", "support", "赡养费、抚养费、扶养费"},
    {"nature", "compensation", "赔偿收入"},
    {"nature", "preferential", "优抚补助"},
    {"nature", "family_planning", "计划生育奖励与扶助"},
    {"nature", "scholarship", "奖学金、助学金"},
    {"nature", "bravery", "见义勇为等奖励"},
    {"nature", "social_assistance", "政府社会救助款物"},
    {"nature", "old_age_allowance", "高龄津贴"},
    {"nature", "other", "其他"},
    {"class", "motorcycle", "普通摩托车"},
    {"class", "disability_scooter", "残疾人机动轮椅车"},
    {"class", "small_commercial", "小型营运车辆"},
    {"class", "car", "小型汽车"},
    {"class", "passenger_car", "小型客车"},
    {"class", "small_truck", "轻型货车"},
    {"class", "truck", "重型货车"},
    {"class", "large", "大型车辆"},
    {"class", "vessel", "船舶"},
    {"class", "machinery", "工程机械"},
    {"use", "residence", "住宅"},
    {"use", "commercial", "商业"},
    {"use", "office", "办公"},
    {"use", "industrial", "工业"},
    {"use", "garage", "车库"},
    {"use", "storage", "储藏间"},
    {"use", "land", "土地"},
    {"use", "other", "其他"},
    {"status", "active", "存续"},
    {"status", "suspended", "歇业"},
    {"status", "revoked", "吊销"},
    {"status", "cancelled", "注销"},
    {"status", "unmarried", "未婚"},
    {"status", "married", "已婚"},
    {"status", "divorced", "离异"},
    {"status", "widowed", "丧偶"},
    {"stage", "kindergarten", "学前教育"},
    {"stage", "primary", "小学"},
    {"stage", "junior_secondary", "初中"},
    {"stage", "senior_secondary", "高中"},
    {"stage", "secondary_vocational", "中等职业教育"},
    {"stage", "associate", "专科"},
    {"stage", "bachelor", "本科"},
    {"stage", "master", "硕士研究生"},
    {"stage", "doctorate", "博士研究生"},
    {"category", "visual", "视力"},
    {"category", "hearing", "听力"},
    {"category", "speech", "言语"},
    {"category", "limb", "肢体"},
    {"category", "intellectual", "智力"},
    {"category", "mental", "精神"},
    {"category", "multiple", "多重"},
    {"nature", "pension_insurance", "养老保险"},
    {"nature", "unemployment_insurance", "失业保险"},
    {"nature", "injury_insurance", "工伤保险"},
    {"nature", "medical_insurance", "医疗保险"},
    {"nature", "maternity_insurance", "生育保险"},
    {"nature", "tax", "税款"},
    {"nature", "social_insurance", "社会保险费"},
    {"insured_as", "employee", "单位职工"},
    {"insured_as", "flexible", "灵活就业人员"},
    {"insured_as", "resident", "城乡居民"},
    {"status", "employed", "就业"},
    {"status", "unemployed", "失业"},
    {"status", "flexible", "灵活就业"},
    {"status", "self_employed", "自主经营"},
    {"status", "student", "在校"},
    {"status", "retired", "退休"},
    {"status", "unable", "无劳动能力"},
    {"position", "legal_representative", "法定代表人"},
    {"position", "director", "董事"},
    {"position", "supervisor", "监事"},
    {"position", "manager", "高级管理人员"},
    {"class", "civil_servant", "机关公务员"},
    {"class", "institution", "事业单位人员"},
    {"class", "retired", "离退休人员"},
    {"class", "other", "其他财政供养人员"},
    {"programme", "dibao", "最低生活保障"},
    {"programme", "marginal", "低保边缘家庭"},
    {"programme", "destitute", "特困人员供养"},
    {"programme", "rigid_expenditure", "刚性支出困难家庭"},
    {"programme", "orphan", "孤儿基本生活保障"},
    {"programme", "unattended_child", "事实无人抚养儿童保障"},
    {"programme", "other", "其他救助"},
    {"nature", "farm", "种植、养殖"},
    {"nature", "water", "水费"},
    {"nature", "power", "电费"},
    {"nature", "gas", "燃气费"},
    {"nature", "telecom", "通信费"},
    {"nature", "prison", "服刑"},
    {"nature", "drug_detention", "强制隔离戒毒"},
    {"use", "livelihood", "谋生"},
    {"use", "private", "自用"},
    {"capacity", "full", "完全"},
    {"capacity", "limited", "限制"},
    {"capacity", "none", "无"},
    {"cause", "fire", "火灾"},
    {"cause", "accident", "意外事故"},
    {"cause", "illness", "突发重病"},
    {"cause", "other", "其他"},
    {"group", "dibao_recipient", "最低生活保障对象"},
    {"group", "destitute_person", "特困人员"},
    {"group", "marginal_population", "低保边缘家庭成员"},
    {"group", "unstable_after_poverty", "脱贫不稳定人口"},
    {"group", "marginally_poor", "边缘易致贫人口"},
    {"group", "rigid_expenditure_difficulty", "刚性支出困难家庭成员"},
    {"group", "serious_difficulty", "突发严重困难人口"},
}};

constexpr std::array<Word, 10> kUnits{{
    {"yuan", "元"},
    {"yuan/month", "元/月"},
    {"yuan/year", "元/年"},
    {"ratio", ""},
    {"count", ""},
    {"persons", "人"},
    {"months", "个月"},
    {"years", "岁"},
    {"days", "天"},
    {"m2", "平方米"},
}};

constexpr std::array<Word, 8> kBlameDetails{{
    {"INCOMPLETE", "答复不完整"},
    {"PERIOD", "答复未覆盖所需期间"},
    {"FIELD", "答复缺少所需字段"},
    {"UNKNOWN_KIND", "答复含有未知种类的记录"},
    {"KIND_NOT_OF_CATEGORY", "答复含有不属于该类别的记录"},
    {"CONFLICT", "同一事项各来源所载不一致"},
    {"DUPLICATE", "可能与另一来源所载为同一事项"},
    {"UNDECLARED", "与申报不一致"},
}};

constexpr std::array<Word, 3> kTruths{
    {{"TRUE", "成立"}, {"FALSE", "不成立"}, {"UNDETERMINED", "无法确定"}}};

}  // namespace

absl::string_view AnswerKindWord(absl::string_view name) { return Find(kAnswerKinds, name); }
absl::string_view ReasonWord(absl::string_view name) { return Find(kReasons, name); }
absl::string_view FindingMethodWord(absl::string_view name) { return Find(kFindingMethods, name); }
absl::string_view SupersedingWord(absl::string_view name) { return Find(kSupersedings, name); }
absl::string_view RelationWord(absl::string_view name) { return Find(kRelations, name); }
absl::string_view RoleWord(absl::string_view name) { return Find(kRoles, name); }
absl::string_view CheckKindWord(absl::string_view name) { return Find(kCheckKinds, name); }
absl::string_view IdentityKindWord(absl::string_view name) { return Find(kIdentityKinds, name); }
absl::string_view ScopeWord(absl::string_view name) { return Find(kScopes, name); }
absl::string_view LevelWord(absl::string_view name) { return Find(kLevels, name); }
absl::string_view FieldWord(absl::string_view name) { return Find(kFields, name); }
absl::string_view ValueWord(absl::string_view field, absl::string_view code) {
  for (const ValueEntry& entry : kValues) {
    if (entry.field == field && entry.code == code) return entry.word;
  }
  return code;
}

absl::string_view UnitWord(absl::string_view unit) { return Find(kUnits, unit); }
absl::string_view BlameDetailWord(absl::string_view name) { return Find(kBlameDetails, name); }
absl::string_view TruthWord(absl::string_view name) { return Find(kTruths, name); }

}  // namespace hedui::report
