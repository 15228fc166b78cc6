// Policy files laid over the shipped ones for one test, and households assessed by them.
#ifndef HEDUI_TESTS_ASSESS_OVERLAY_H_
#define HEDUI_TESTS_ASSESS_OVERLAY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "tests/assess/test_packs.h"
#include "tests/support/temporary_directory.h"

namespace hedui::assess {

// Of a case file, which may be wrong, by the policies.
inline absl::StatusOr<Assessment> AssessText(const PolicyPack& pack, absl::string_view case_text) {
  const auto file = ParseCaseFile("case", std::string(case_text), pack);
  if (!file.ok()) return file.status();
  return assess::Assess(pack, file->value);
}

class Overlay {
 public:
  // A file of `division` that cites the document T.
  void Write(const std::string& division, absl::string_view text, absl::string_view name = "test") {
    root_.Write(absl::StrCat(division == "000000" ? "national" : division, "/", name, ".yaml"),
                absl::StrCat("division: \"", division, "\"\n", text));
  }

  absl::StatusOr<PolicyPack::Ptr> Load() const {
    return PolicyPack::Load({Folder("policies"), root_.path()});
  }
  const std::string& path() const { return root_.path(); }
  // Without the shipped policies.
  absl::StatusOr<PolicyPack::Ptr> LoadAlone() const { return PolicyPack::Load(root_.path()); }

  // The files must load and the case be assessed.
  Assessment Assess(absl::string_view case_text) const {
    const auto pack = Load();
    EXPECT_TRUE(pack.ok()) << pack.status().message();
    if (!pack.ok()) return {};
    auto result = AssessText(**pack, case_text);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : Assessment();
  }
  // By the files alone, which need not load.
  absl::StatusOr<Assessment> AssessAlone(absl::string_view case_text) const {
    const auto pack = LoadAlone();
    if (!pack.ok()) return pack.status();
    return AssessText(**pack, case_text);
  }

 private:
  const hedui::testing::TemporaryDirectory root_;
};

}  // namespace hedui::assess

#endif  // HEDUI_TESTS_ASSESS_OVERLAY_H_
