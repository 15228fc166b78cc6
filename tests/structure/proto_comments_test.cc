#include "tests/structure/proto_comments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "server/base/yaml.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The build leaves what protoc read, comments and all.
google::protobuf::FileDescriptorSet Read(const char* descriptors) {
  google::protobuf::FileDescriptorSet set;
  const auto bytes = base::ReadFile(descriptors);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(bytes.ok() && set.ParseFromString(*bytes)) << descriptors;
  return set;
}

TEST(ProtoCommentsTest, EverythingOnTheWireAndInConfigurationSaysWhatItIs) {
  const auto set = Read(HEDUI_PROTO_DESCRIPTORS);
  EXPECT_EQ(set.file_size(), HEDUI_PROTO_COUNT);
  for (const auto& file : set.file()) {
    const std::vector<std::string> found = FindUncommented(file);
    EXPECT_THAT(found, IsEmpty()) << absl::StrJoin(found, "\n");
  }
}

// The planted file has every kind of definition twice: with a comment, and without.
TEST(ProtoCommentsTest, EveryKindOfDefinitionWithoutACommentIsFound) {
  const auto set = Read(HEDUI_PLANTED_DESCRIPTORS);
  ASSERT_EQ(set.file_size(), 1);
  EXPECT_THAT(FindUncommented(set.file(0)),
              ElementsAre("planted.proto:28: message Bare has no comment",
                          "planted.proto:29: field Bare.text has no comment",
                          "planted.proto:30: oneof Bare.kind has no comment",
                          "planted.proto:31: field Bare.words has no comment",
                          "planted.proto:34: field Bare.notes has no comment",
                          "planted.proto:35: enum Bare.Tone has no comment",
                          "planted.proto:36: value Bare.Tone.TONE_UNSPECIFIED has no comment",
                          "planted.proto:38: message Bare.Inner has no comment",
                          "planted.proto:40: service BareDesk has no comment",
                          "planted.proto:41: rpc BareDesk.Ask has no comment"));
}

}  // namespace
}  // namespace hedui::testing
