// A loopback proxy that takes connections and says nothing until it is told to let them through:
// what a channel sees of a department whose network is slow to answer.
//
// Thread-safe. Ends with its destructor.
#ifndef HEDUI_TESTS_ADAPTERS_HOLDING_PROXY_H_
#define HEDUI_TESTS_ADAPTERS_HOLDING_PROXY_H_

#include <thread>

namespace hedui::adapters {

class HoldingProxy {
 public:
  // To 127.0.0.1:`target_port`.
  explicit HoldingProxy(int target_port);
  ~HoldingProxy();
  HoldingProxy(const HoldingProxy&) = delete;
  HoldingProxy& operator=(const HoldingProxy&) = delete;

  int port() const { return port_; }
  void LetThrough();

 private:
  void Run();

  const int target_port_;
  int listener_ = -1;
  int port_ = 0;
  int wake_[2] = {-1, -1};  // a pipe: 'g' lets through, 'q' ends
  std::thread thread_;
};

}  // namespace hedui::adapters

#endif  // HEDUI_TESTS_ADAPTERS_HOLDING_PROXY_H_
