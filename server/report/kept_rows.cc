#include "server/report/kept_rows.h"

#include <algorithm>
#include <memory>

#include "absl/container/flat_hash_map.h"

namespace hedui::report {
namespace {

struct Kept {
  // While it is there, no other lies where it lay.
  std::weak_ptr<const assess::PolicyRow> row;
  std::string line;
};

// Below so many, looking for those that have gone is not worth it.
constexpr size_t kSweptLeast = 128;

class KeptRows {
 public:
  std::string* LineOf(const assess::Shared<assess::PolicyRow>& row) {
    if (const auto found = rows_.find(&*row); found != rows_.end()) {
      Kept& kept = found->second;
      if (!kept.row.expired()) return &kept.line;
      kept = {row.weak(), {}};
      return &kept.line;
    }
    MakeRoom();
    Kept& kept = rows_[&*row];
    kept.row = row.weak();
    return &kept.line;
  }
  size_t size() const { return rows_.size(); }

 private:
  // Whenever there are twice as many as were left the last time: a step of work a row.
  void MakeRoom() {
    if (rows_.size() < sweep_at_) return;
    absl::erase_if(rows_, [](const auto& one) { return one.second.row.expired(); });
    if (rows_.size() >= kKeptRowsMax) rows_.clear();
    sweep_at_ = std::clamp(2 * rows_.size(), kSweptLeast, kKeptRowsMax);
  }

  absl::flat_hash_map<const assess::PolicyRow*, Kept> rows_;
  size_t sweep_at_ = kSweptLeast;
};

KeptRows& OfThisThread() {
  thread_local KeptRows rows;
  return rows;
}

}  // namespace

std::string* KeptRowLine(const assess::Shared<assess::PolicyRow>& row) {
  return OfThisThread().LineOf(row);
}

size_t KeptRowsOfThisThread() { return OfThisThread().size(); }

}  // namespace hedui::report
