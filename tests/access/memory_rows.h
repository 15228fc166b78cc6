// A RowReader over rows in memory, for tests of access. Thread-safe. Tests can make it fail, and
// run code between its reading and its answering, which is where races live.
#ifndef HEDUI_TESTS_ACCESS_MEMORY_ROWS_H_
#define HEDUI_TESTS_ACCESS_MEMORY_ROWS_H_

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/base/digest.h"
#include "server/base/mutex.h"
#include "server/base/row.h"

namespace hedui::access {

class MemoryRows final : public base::RowReader {
 public:
  void Commit(const std::vector<base::Row>& rows) {
    base::MutexLock lock(&mutex_);
    rows_.insert(rows_.end(), rows.begin(), rows.end());
  }

  absl::StatusOr<std::vector<base::Row>> Find(const base::LookupKey& key,
                                              size_t limit) const override {
    std::vector<base::Row> found;
    std::function<void()> after;
    {
      base::MutexLock lock(&mutex_);
      ++finds_;
      if (!failure_.ok()) return failure_;
      for (const base::Row& row : rows_) {
        const bool has = std::find(row.keys.begin(), row.keys.end(), key) != row.keys.end();
        if (has && found.size() < limit) found.push_back(row);
      }
      if (key.kind == after_kind_) after = std::exchange(after_, nullptr);
    }
    if (after) after();
    return found;
  }

  absl::StatusOr<std::string> DigestKey(const base::Uuid& matter) const override {
    return base::Sha256(matter.ToBytes());
  }

  // From now on every Find fails so; OK heals it.
  void FailWith(absl::Status failure) {
    base::MutexLock lock(&mutex_);
    failure_ = std::move(failure);
  }
  // Once, after the next Find by this kind of key has read and before it returns.
  void AfterReading(base::LookupKind kind, std::function<void()> action) {
    base::MutexLock lock(&mutex_);
    after_kind_ = kind;
    after_ = std::move(action);
  }
  int finds() const {
    base::MutexLock lock(&mutex_);
    return finds_;
  }
  std::vector<base::Row> rows() const {
    base::MutexLock lock(&mutex_);
    return rows_;
  }

 private:
  mutable base::Mutex mutex_;
  std::vector<base::Row> rows_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  mutable int finds_ ABSL_GUARDED_BY(mutex_) = 0;
  base::LookupKind after_kind_ ABSL_GUARDED_BY(mutex_) = base::LookupKind::kRequest;
  mutable std::function<void()> after_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::access

#endif  // HEDUI_TESTS_ACCESS_MEMORY_ROWS_H_
