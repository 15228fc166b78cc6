#include "server/file_watch.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace hedui {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    std::string pattern = (fs::temp_directory_path() / "hedui-watch.XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  ~FileWatchTest() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  // Each text of another length, so that it shows whatever the clock of the file system.
  std::string Write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(Path(name)).parent_path());
    std::ofstream(Path(name)) << text;
    return Path(name);
  }
  // One change: not at the first look, when it may still be written, but at the second.
  void ExpectChange() {
    EXPECT_FALSE(watch_.ChangedAndSettled());
    EXPECT_TRUE(watch_.ChangedAndSettled());
    watch_.Refresh();
    EXPECT_FALSE(watch_.ChangedAndSettled());
    EXPECT_FALSE(watch_.ChangedAndSettled());
  }
  std::string directory_;
  FileWatch watch_;
};

TEST_F(FileWatchTest, AChangeCountsWhenItHasSettled) {
  watch_.Watch({Write("a", "1"), Path("later")});
  EXPECT_FALSE(watch_.ChangedAndSettled());
  Write("a", "12");
  EXPECT_FALSE(watch_.ChangedAndSettled());
  Write("a", "123");
  EXPECT_FALSE(watch_.ChangedAndSettled()) << "still being written";
  EXPECT_TRUE(watch_.ChangedAndSettled());
  watch_.Refresh();
  Write("later", "1");
  ExpectChange();
  fs::remove(Path("later"));
  ExpectChange();
}

TEST_F(FileWatchTest, AllThatIsInADirectoryCounts) {
  Write("policies/640000/a.yaml", "1");
  watch_.Watch({Path("policies")});
  EXPECT_FALSE(watch_.ChangedAndSettled());
  EXPECT_FALSE(watch_.ChangedAndSettled()) << "nothing happened yet";
  Write("policies/640000/a.yaml", "12");
  ExpectChange();
  Write("policies/640104/b.yaml", "1");
  ExpectChange();
  fs::remove(Path("policies/640000/a.yaml"));
  ExpectChange();
}

TEST_F(FileWatchTest, ASwappedLinkCounts) {
  Write("one/cert", "1");
  Write("two/cert", "1");
  fs::create_directory_symlink("one", Path("current"));
  watch_.Watch({Path("current/cert")});
  fs::create_directory_symlink("two", Path("next"));
  fs::rename(Path("next"), Path("current"));
  ExpectChange();
}

TEST_F(FileWatchTest, OtherPathsDoNotMakeAChangeForgotten) {
  watch_.Watch({Write("a", "1"), Write("policies/x", "1")});
  Write("a", "12");
  Write("policies/y", "1");
  watch_.Watch({Path("a"), Path("policies"), Write("b", "1")});
  EXPECT_TRUE(watch_.ChangedAndSettled()) << "a was not looked at since";
  watch_.Refresh();
  Write("policies/z", "1");
  watch_.Watch({Path("policies")});
  EXPECT_TRUE(watch_.ChangedAndSettled());
}

}  // namespace
}  // namespace hedui
