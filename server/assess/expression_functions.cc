#include "server/assess/expression_functions.h"

namespace hedui::assess {
namespace {

constexpr absl::Span<const Function> (*kFunctionThemes[])() = {
    NumberFunctions, DateFunctions,      PeopleFunctions, PlaceFunctions,
    TableFunctions,  KnowledgeFunctions, ListFunctions,
};

constexpr absl::Span<const Function> (*kMethodThemes[])() = {
    ListMethods,
};

template <typename Themes>
const Function* FindAmong(const Themes& themes, absl::string_view name) {
  for (const auto theme : themes) {
    for (const Function& function : theme()) {
      if (function.name == name) return &function;
    }
  }
  return nullptr;
}

}  // namespace

const Function* FindFunction(absl::string_view name) { return FindAmong(kFunctionThemes, name); }

const Function* FindMethod(absl::string_view name) { return FindAmong(kMethodThemes, name); }

}  // namespace hedui::assess
