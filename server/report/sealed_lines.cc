#include "server/report/sealed_lines.h"

#include "hedui/report/v1/report.pb.h"
#include "server/report/header_line.h"
#include "server/report/line_tree.h"
#include "server/report/wire_writer.h"

namespace hedui::report {

SealedLines::SealedLines(base::HashAlgorithm algorithm, absl::string_view seed)
    : seed_(algorithm, seed) {
  WireWriter(&bytes_).Uint(v1::Envelope::kFormatFieldNumber, kFormat);
}

void SealedLines::Reserve(size_t lines, size_t bytes) {
  spans_.reserve(lines);
  leaves_.reserve(lines);
  bytes_.reserve(bytes);
}

void SealedLines::Add(absl::string_view line) {
  const ledger::Hash salt = LineSalt(seed_, static_cast<uint32_t>(spans_.size()));
  const ledger::Hash& leaf =
      leaves_.emplace_back(LineLeaf(seed_.algorithm(), ledger::HashView(salt), line));
  WireWriter writer(&bytes_);
  // How long it becomes is known: nothing has to be moved for the length's sake.
  writer.Head(
      v1::Envelope::kLinesFieldNumber,
      WireWriter::SizeOf(v1::SealedLine::kLeafFieldNumber, leaf.size()) +
          WireWriter::SizeOf(v1::SealedLine::kSaltFieldNumber, salt.size()) +
          (line.empty() ? 0 : WireWriter::SizeOf(v1::SealedLine::kLineFieldNumber, line.size())));
  writer.BytesAlways(v1::SealedLine::kLeafFieldNumber, ledger::HashView(leaf));
  writer.BytesAlways(v1::SealedLine::kSaltFieldNumber, ledger::HashView(salt));
  writer.Bytes(v1::SealedLine::kLineFieldNumber, line);
  spans_.push_back({bytes_.size() - line.size(), line.size()});
}

bool operator==(const SealedLines& a, const SealedLines& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace hedui::report
