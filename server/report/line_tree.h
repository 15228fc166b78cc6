// What a line of a report is hashed with and to (docs/report-format.md). Pure functions.
#ifndef HEDUI_SERVER_REPORT_LINE_TREE_H_
#define HEDUI_SERVER_REPORT_LINE_TREE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/base/digest.h"
#include "server/ledger/hash.h"

namespace hedui::report {

// HMAC of the line's number (four bytes, big-endian) under the report's seed, in the report's hash:
// without the seed a withheld line cannot be guessed from its leaf.
ledger::Hash LineSalt(const base::HmacKey& seed, uint32_t number);

// H(0x00 || salt || line).
ledger::Hash LineLeaf(base::HashAlgorithm algorithm, absl::string_view salt,
                      absl::string_view line);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_LINE_TREE_H_
