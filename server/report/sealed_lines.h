// A report's lines as its envelope has them: the format's number, then each line with its leaf and
// its salt. An envelope is these bytes and a proof; lines are views into them. Hashing and laying
// out happen once, when a line is added, and not again when the report is sealed.
// Thread-compatible. Internal to report, but for Draft.
#ifndef HEDUI_SERVER_REPORT_SEALED_LINES_H_
#define HEDUI_SERVER_REPORT_SEALED_LINES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/digest.h"
#include "server/ledger/hash.h"

namespace hedui::report {

class SealedLines {
 public:
  SealedLines() = default;
  // `seed` is 32 bytes: the lines' salts come from it.
  SealedLines(base::HashAlgorithm algorithm, absl::string_view seed);

  // Room for so many lines and for an envelope of so many bytes: what grows by the way is copied
  // again and again.
  void Reserve(size_t lines, size_t bytes);
  void Add(absl::string_view line);

  size_t size() const { return spans_.size(); }
  // Valid until the next Add.
  absl::string_view operator[](size_t index) const {
    return absl::string_view(bytes_).substr(spans_[index].begin, spans_[index].size);
  }
  // H(0x00 || salt || line), in the lines' order.
  const std::vector<ledger::Hash>& leaves() const { return leaves_; }
  // hedui.report.v1.Envelope without its proof, which comes last.
  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }

  // The same lines, whatever their salts.
  friend bool operator==(const SealedLines& a, const SealedLines& b);

 private:
  struct Span {
    size_t begin;
    size_t size;
  };

  base::HmacKey seed_{base::HashAlgorithm::kSha256, ""};
  std::string bytes_;
  std::vector<Span> spans_;
  std::vector<ledger::Hash> leaves_;
};

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_SEALED_LINES_H_
