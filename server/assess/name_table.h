// Names along a chain of divisions. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_NAME_TABLE_H_
#define HEDUI_SERVER_ASSESS_NAME_TABLE_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace hedui::assess {

// The names that a division sees: its own, then its chain's.
class NameTable {
 public:
  explicit NameTable(const NameTable* parent) : parent_(parent) {}
  // -1 when nothing has the name.
  int Find(absl::string_view name) const {
    for (const NameTable* table = this; table != nullptr; table = table->parent_) {
      const auto it = table->own_.find(name);
      if (it != table->own_.end()) return it->second;
    }
    return -1;
  }
  void Add(absl::string_view name, int index) { own_[name] = index; }

 private:
  const NameTable* const parent_;
  absl::flat_hash_map<std::string, int> own_;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_NAME_TABLE_H_
