// Named limits, each with its reason. Past one, a clear error; nothing grows without a bound.
#ifndef HEDUI_SERVER_BASE_LIMITS_H_
#define HEDUI_SERVER_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace hedui::base {

// Larger households exist on paper only; the bound keeps one request's fan-out and memory small.
inline constexpr int kMembersMax = 20;
inline constexpr int kObligorsMax = 20;
// One level of government has some thirty departments; two levels and the banks fit.
inline constexpr int kSourcesPerPlanMax = 64;
// Twenty members with declarations take some 60 KiB; one mebibyte leaves room and bounds parsing.
inline constexpr size_t kRequestBytesMax = 1 << 20;
// A bank's list of transactions of a year for one person.
inline constexpr size_t kAnswerBytesMax = 4 << 20;
// Of all answers of one verification together: forty people's incomes of a year and their assets
// take some hundreds. The report with its case must fit a row.
inline constexpr size_t kRecordsPerVerificationMax = 5'000;
inline constexpr size_t kRecordBytesPerVerificationMax = 1 << 20;
// A waiting call costs some 15 KB a side: 10,000 flows of one pending call each fit in 512 MB.
inline constexpr int kVerificationsInFlightMax = 10'000;
inline constexpr int kPageItemsMax = 1'000;
// Any identifier a caller chooses: matter numbers, letter numbers, member ids, officers.
inline constexpr size_t kIdentifierBytesMax = 128;
// A name in UTF-8: the longest minority names run to some 60 characters of 3 bytes.
inline constexpr size_t kNameBytesMax = 256;
// Log entries are length-prefixed by 16 bits in tlog-tiles bundles.
inline constexpr size_t kLogEntryBytesMax = 65'535;

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_LIMITS_H_
