// A clock in a file, which several processes share and a test moves: so that a platform that is
// killed and its successor see one time. The steady clock stands still until it is moved; the wall
// clock showed noon of the day on which the file was made when the steady clock began. Thread-safe.
#ifndef HEDUI_TESTS_SUPPORT_SHARED_CLOCK_H_
#define HEDUI_TESTS_SUPPORT_SHARED_CLOCK_H_

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/dates.h"

namespace hedui::testing {

class SharedClock final : public base::Clock {
 public:
  // Makes the file where it is not there yet, which is for one process to do before all others. The
  // process ends where it cannot.
  explicit SharedClock(const std::string& path) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const bool is_new = file >= 0 && lseek(file, 0, SEEK_END) == 0;
    void* const mapped =
        file >= 0 && ftruncate(file, sizeof(Times)) == 0
            ? mmap(nullptr, sizeof(Times), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
            : MAP_FAILED;
    if (mapped == MAP_FAILED) {
      std::perror(path.c_str());
      std::abort();
    }
    close(file);
    times_ = static_cast<Times*>(mapped);
    if (!is_new) return;
    times_->noon_s = absl::ToUnixSeconds(
        base::StartOfDay(base::CivilDayOf(base::SystemClock().WallNow())) + absl::Hours(12));
    times_->steady_ns = absl::ToInt64Nanoseconds(kBegin);
  }
  ~SharedClock() override { munmap(times_, sizeof(Times)); }
  SharedClock(const SharedClock&) = delete;
  SharedClock& operator=(const SharedClock&) = delete;

  absl::Time WallNow() const override {
    return absl::FromUnixSeconds(times_->noon_s.load()) + (SteadyNow() - kBegin);
  }
  absl::Duration SteadyNow() const override { return absl::Nanoseconds(times_->steady_ns.load()); }
  void Advance(absl::Duration by) { times_->steady_ns += absl::ToInt64Nanoseconds(by); }

 private:
  struct Times {
    std::atomic<int64_t> steady_ns;
    std::atomic<int64_t> noon_s;
  };
  static_assert(std::atomic<int64_t>::is_always_lock_free);
  static constexpr absl::Duration kBegin = absl::Hours(1);

  Times* times_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_SHARED_CLOCK_H_
