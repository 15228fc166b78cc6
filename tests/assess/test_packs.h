// The shipped policies with the tests' counties laid over them, loaded once.
#ifndef HEDUI_TESTS_ASSESS_TEST_PACKS_H_
#define HEDUI_TESTS_ASSESS_TEST_PACKS_H_

#include <cstdlib>
#include <iostream>
#include <string>

#include <absl/strings/str_cat.h>

#include "server/assess/policy_pack.h"

namespace hedui::assess {

inline std::string Folder(const std::string& name) {
  return absl::StrCat(HEDUI_SOURCE_DIR, "/", name);
}

inline const PolicyPack& TestPack() {
  static const PolicyPack::Ptr* const kPack = [] {
    auto pack = PolicyPack::Load({Folder("policies"), Folder("tests/assess/policies")});
    if (!pack.ok()) {
      std::cerr << pack.status().message() << "\n";
      std::abort();
    }
    return new PolicyPack::Ptr(*pack);
  }();
  return **kPack;
}

}  // namespace hedui::assess

#endif  // HEDUI_TESTS_ASSESS_TEST_PACKS_H_
