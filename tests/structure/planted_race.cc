// Two threads write one variable without a lock. Built for ThreadSanitizer only, whose report is
// what the test waits for: without it, a clean run of everything else would say nothing.
#include <cstdio>
#include <thread>

namespace {
int unguarded = 0;
}  // namespace

int main() {
  std::thread other([] { ++unguarded; });
  ++unguarded;
  other.join();
  std::printf("%d\n", unguarded);
  return 0;
}
