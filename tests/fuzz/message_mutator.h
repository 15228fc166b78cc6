// Changes a protobuf message field by field, so that what comes out is a message again and the
// checks behind the parser are reached. For targets' LLVMFuzzerCustomMutator. One thread.
#ifndef HEDUI_TESTS_FUZZ_MESSAGE_MUTATOR_H_
#define HEDUI_TESTS_FUZZ_MESSAGE_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <random>

namespace google::protobuf {
class Message;
}

namespace hedui::testing {

// One change somewhere in `message`: a scalar set to another, often odd, value; a field cleared; an
// element of a list doubled or dropped.
void ChangeMessage(std::minstd_rand* random, google::protobuf::Message* message);

// What LLVMFuzzerCustomMutator returns, for bytes of `message`'s type. Changes the bytes themselves
// where they are no such message, and one time in four anyway.
size_t MutateMessage(google::protobuf::Message* message, uint8_t* data, size_t size,
                     size_t max_size, unsigned seed);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_FUZZ_MESSAGE_MUTATOR_H_
