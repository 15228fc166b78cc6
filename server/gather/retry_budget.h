// RetryBudget: what a source may be asked beyond first attempts. Retries and hedges together, as
// far as they were sent, never exceed `reserve` and `permille` thousandths of the first attempts
// that were sent.
//
// A plain machine without lock or clock; SourceState owns one.
#ifndef HEDUI_SERVER_GATHER_RETRY_BUDGET_H_
#define HEDUI_SERVER_GATHER_RETRY_BUDGET_H_

#include <cstdint>

namespace hedui::gather {

class RetryBudget {
 public:
  struct Limits {
    int permille = 100;  // earned by a first attempt; 0 to 1,000
    // There at the start and at most saved up, so that a source asked once a minute can be asked
    // again too, and a good day does not pay for a storm.
    int reserve = 10;
    friend bool operator==(const Limits&, const Limits&) = default;
  };

  explicit RetryBudget(Limits limits);

  void OnFirstSent();
  bool HasOne() const { return thousandths_ >= kOne; }
  // Pays for one retry or hedge. False: there is nothing to pay with.
  bool TryTake();
  // What was paid for was not sent.
  void GiveBack();
  // What was saved beyond a smaller reserve is lost; a larger one has to be earned.
  void SetLimits(Limits limits);

 private:
  static constexpr int64_t kOne = 1'000;
  void Earn(int64_t thousandths);

  Limits limits_;
  int64_t thousandths_;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_RETRY_BUDGET_H_
