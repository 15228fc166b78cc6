#include "tests/bench/unsealed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/base/status.h"
#include "server/store/aead.h"

namespace hedui::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UnsealedTest : public ::testing::Test {
 protected:
  ~UnsealedTest() override { UseUnsealedStore(false); }
  static std::string Seal() {
    return store::AeadSeal(std::string(32, 'k'), std::string(12, 'n'), "context", "a household");
  }
  static absl::StatusOr<std::string> Open(const std::string& sealed) {
    return store::AeadOpen(std::string(32, 'k'), "context", sealed);
  }
};

TEST_F(UnsealedTest, WithoutItsBeingAskedForRowsAreSealed) {
  const std::string sealed = Seal();
  EXPECT_THAT(sealed, Not(HasSubstr("household")));
  EXPECT_EQ(*Open(sealed), "a household");
  std::string changed = sealed;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_EQ(base::ReasonOf(Open(changed).status()), "SEAL_BROKEN");
}

TEST_F(UnsealedTest, TheSameBytesLieInClearAndCanBeReadAgain) {
  const size_t size = Seal().size();
  UseUnsealedStore(true);
  const std::string clear = Seal();
  EXPECT_THAT(clear, HasSubstr("a household"));
  EXPECT_EQ(clear.size(), size);
  EXPECT_EQ(*Open(clear), "a household");
}

}  // namespace
}  // namespace hedui::bench
