// Ids and "random" bytes that are the same in every run: a seeded generator, of no cryptographic
// worth. Thread-safe; the sequence is deterministic where calls are.
#ifndef HEDUI_TESTS_SUPPORT_FAKE_ID_SOURCE_H_
#define HEDUI_TESTS_SUPPORT_FAKE_ID_SOURCE_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"

namespace hedui::testing {

class FakeIdSource final : public base::IdSource {
 public:
  explicit FakeIdSource(uint64_t seed = 1) : state_(seed) {}

  // Version 7: the milliseconds of `now` (or of the last id, when `now` went back), a counter,
  // seeded bits.
  base::Uuid NextId(absl::Time now) override;
  std::string RandomBytes(size_t size) override;

 private:
  uint64_t NextWord() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  base::Mutex mutex_;
  uint64_t state_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  // Strictly growing over the source's life, so that ids never repeat or go back.
  uint32_t counter_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_FAKE_ID_SOURCE_H_
