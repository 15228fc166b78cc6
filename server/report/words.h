// Chinese words for the codes that stand in reports. Codes without a word are shown as they are.
// Pure functions.
#ifndef HEDUI_SERVER_REPORT_WORDS_H_
#define HEDUI_SERVER_REPORT_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hedui::report {

std::string AnswerKindWord(absl::string_view name);    // "UNAVAILABLE": 未答复
std::string ReasonWord(absl::string_view name);        // "LATE": 超过时限; empty for "NONE"
std::string RelationWord(absl::string_view name);      // "SPOUSE": 配偶
std::string RoleWord(absl::string_view name);          // "MEMBER": 家庭成员
std::string CheckKindWord(absl::string_view name);     // "NEW": 新申请
std::string IdentityKindWord(absl::string_view name);  // "RESIDENT_ID": 居民身份证
std::string ScopeWord(absl::string_view name);         // "urban": 城市
std::string LevelWord(absl::string_view name);         // "ministry": 部级
std::string FieldWord(absl::string_view name);         // "payer": 支付单位
std::string ValueWord(absl::string_view field, absl::string_view code);  // "class", "motorcycle"
std::string UnitWord(absl::string_view unit);                            // "yuan/month": 元/月
std::string BlameDetailWord(absl::string_view name);  // "INCOMPLETE": 答复不完整
std::string TruthWord(absl::string_view name);        // "TRUE": 成立

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_WORDS_H_
