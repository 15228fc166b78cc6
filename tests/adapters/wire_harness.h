// One adapter of a kind that has a network, before a department whose steps the test takes, with a
// proxy between them that fails as told: what wire_conformance_test.cc needs of a kind. A new kind
// with connections adds a harness here and a line to that suite; tests/README.md says how.
#ifndef HEDUI_TESTS_ADAPTERS_WIRE_HARNESS_H_
#define HEDUI_TESTS_ADAPTERS_WIRE_HARNESS_H_

#include <memory>
#include <optional>
#include <string>

#include "hedui/v1/source.pb.h"
#include "tests/adapters/kind_harness.h"
#include "tests/support/fault_proxy.h"

namespace hedui::adapters {

// What may be wrong with a department's certificate, or with what it asks of ours.
enum class TlsFault {
  kNone,
  kOtherAuthority,      // its certificate is signed by somebody we do not trust
  kExpired,             // it was valid until a year ago or longer
  kNotYetValid,         // it will be valid
  kOtherName,           // it names another host
  kWantsAnotherClient,  // it trusts none of those who signed ours
  kPlainText,           // there is no TLS at all
};

struct WireOptions {
  std::string simulation;  // has a source "dept"
  // Strikes connections from the first on; they are made when the adapter likes.
  std::optional<testing::FaultProxy::Fault> on_connections;
  TlsFault tls = TlsFault::kNone;
};

class WireHarness : public KindHarness {
 public:
  virtual testing::FaultProxy& proxy() = 0;

  // The department answers at once what its simulation says; step by step, queries that arrive
  // wait for the calls below. Those are for the query that arrived last, and nothing where its
  // caller has gone.
  virtual void StepByStep(bool on) = 0;
  virtual int arrived() = 0;  // queries, since the beginning
  virtual v1::QueryRequest last_query() = 0;
  // Begins to send all of it.
  virtual void SendAnswerAndEnd() = 0;
  // What the adapter still needs to know that the answer was whole is sent apart, by SendEnd. Where
  // a kind's answer tells its own end (a length in front), SendAnswer leaves the last byte to
  // SendEnd. Returns when the network has it.
  virtual void SendAnswer() = 0;
  virtual void SendEnd() = 0;
  // Waits until the department knows that its caller has gone.
  virtual void AwaitGone() = 0;
};

using MakeWireHarness = std::unique_ptr<WireHarness> (*)(const WireOptions& options);

std::unique_ptr<WireHarness> MakeGrpcWireHarness(const WireOptions& options);

}  // namespace hedui::adapters

#endif  // HEDUI_TESTS_ADAPTERS_WIRE_HARNESS_H_
