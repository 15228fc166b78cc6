// Chinese words for the codes that stand in reports. Codes without a word are shown as they are:
// what comes back is then a view of what was given. Pure functions.
#ifndef HEDUI_SERVER_REPORT_WORDS_H_
#define HEDUI_SERVER_REPORT_WORDS_H_

#include "absl/strings/string_view.h"

namespace hedui::report {

absl::string_view AnswerKindWord(absl::string_view name);  // "UNAVAILABLE": 未答复
absl::string_view ReasonWord(absl::string_view name);      // "LATE": 超过时限; empty for "NONE"
absl::string_view FindingMethodWord(absl::string_view name);  // "HOME_VISIT": 入户调查
absl::string_view SupersedingWord(absl::string_view name);  // "MANUAL_FINDING": 补充人工核查结果
absl::string_view RelationWord(absl::string_view name);      // "SPOUSE": 配偶
absl::string_view RoleWord(absl::string_view name);          // "MEMBER": 家庭成员
absl::string_view CheckKindWord(absl::string_view name);     // "NEW": 新申请
absl::string_view IdentityKindWord(absl::string_view name);  // "RESIDENT_ID": 居民身份证
absl::string_view ScopeWord(absl::string_view name);         // "urban": 城市
absl::string_view LevelWord(absl::string_view name);         // "ministry": 部级
absl::string_view FieldWord(absl::string_view name);         // "payer": 支付单位
absl::string_view ValueWord(absl::string_view field,
                            absl::string_view code);        // "class", "motorcycle"
absl::string_view UnitWord(absl::string_view unit);         // "yuan/month": 元/月
absl::string_view BlameDetailWord(absl::string_view name);  // "INCOMPLETE": 答复不完整
absl::string_view TruthWord(absl::string_view name);        // "TRUE": 成立

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_WORDS_H_
