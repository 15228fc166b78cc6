// A query as a department reads it: the simulated one, which has no warrant desk here, answers
// whatever it takes in a way that the platform's own strict reader takes.
#include <memory>
#include <string>

#include "adapters/simulated/department.h"
#include "hedui/v1/source.pb.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

adapters::Department& TheDepartment() {
  static auto* const department = [] {
    auto province = adapters::Province::Load(std::string(HEDUI_SOURCE_DIR) +
                                             "/adapters/simulated/demo/ningxia.yaml");
    Require(province.ok(), "the demo's province is read");
    auto made = adapters::Department::Create(*province, "nx-social-security");
    Require(made.ok(), "the demo's province has the department");
    return made->release();
  }();
  return *department;
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  hedui::v1::QueryRequest message;
  return hedui::testing::MutateMessage(&message, data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  v1::QueryRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  const adapters::Reaction reaction = testing::TheDepartment().React(request);
  testing::RequireNoNumbers(reaction.status, testing::TextOf(data, size));
  v1::QueryResponse response;
  testing::Require(!reaction.status.ok() || response.ParseFromString(reaction.response),
                   "an answer is a message");
  return 0;
}
