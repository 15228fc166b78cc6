// Breaker: whether a source that keeps failing is asked at all.
//
// Closed, attempts pass and their ends are counted over a sliding window. When enough of them
// failed it opens: nothing passes for a while. Then it is half-open: one attempt, the probe, passes
// and decides. A good end closes it; a failure opens it for twice as long as before. A probe that
// ends without saying anything about the source lets the next one through at once.
//
// A plain machine without lock or clock; SourceState owns one. `now` never goes back.
#ifndef HEDUI_SERVER_GATHER_BREAKER_H_
#define HEDUI_SERVER_GATHER_BREAKER_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace hedui::gather {

class Breaker {
 public:
  struct Limits {
    // Opens at this many failures within `window`, if they are `percent` of what ended in it or
    // more. 0: never.
    int failures = 5;
    int percent = 50;
    absl::Duration window = absl::Seconds(10);
    // How long it stays open at first and at most. The first is short, for a department that is
    // restarted is back within seconds.
    absl::Duration open_first = absl::Seconds(1);
    absl::Duration open_max = absl::Seconds(30);
    friend bool operator==(const Limits&, const Limits&) = default;
  };
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };
  // What an attempt was let through as. To be given back once, by End or Drop.
  struct Pass {
    bool probe = false;
    uint32_t epoch = 0;
  };

  explicit Breaker(const Limits& limits);

  // nullopt: the source is being spared.
  std::optional<Pass> Ask(absl::Duration now);
  // Whether Ask would let somebody through.
  bool WouldPass(absl::Duration now) const;
  // The attempt showed the source well, or failing. Attempts that passed before it last opened or
  // closed say nothing about now.
  void End(absl::Duration now, Pass pass, bool good);
  // The attempt says nothing about the source, or was never made.
  void Drop(Pass pass);

  State state(absl::Duration now) const;
  // What was counted stays. Off closes it.
  void SetLimits(const Limits& limits);

 private:
  // The window is counted in so many parts; it slides by one.
  static constexpr int64_t kParts = 10;
  struct Part {
    int64_t number = -1;
    int64_t good = 0;
    int64_t failed = 0;
  };

  void Count(absl::Duration now, bool good);
  bool TooManyFailed(absl::Duration now) const;
  void Open(absl::Duration now);
  void Close();
  int64_t PartOf(absl::Duration now) const;

  Limits limits_;
  std::array<Part, kParts> parts_;
  bool closed_ = true;
  uint32_t epoch_ = 0;
  absl::Duration open_for_;
  absl::Duration open_until_ = absl::ZeroDuration();
  bool probing_ = false;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_BREAKER_H_
