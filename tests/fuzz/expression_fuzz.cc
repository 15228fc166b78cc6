// Expressions of policy files: what is read, written with every bracket, is read as the same again.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/assess/expression_parser.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

using assess::Node;

std::string Write(const Node& node);

std::string WriteArguments(const Node& node, size_t from) {
  std::string text;
  for (size_t i = from; i < node.children.size(); ++i) {
    absl::StrAppend(&text, i == from ? "" : ", ", Write(node.children[i]));
  }
  return text;
}

std::string Write(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNumber:
    case Node::Kind::kTruth:
    case Node::Kind::kName:
      return node.text;
    case Node::Kind::kString: {
      const char quote = node.text.find('"') == std::string::npos ? '"' : '\'';
      return absl::StrCat(std::string(1, quote), node.text, std::string(1, quote));
    }
    case Node::Kind::kSelect:
      return absl::StrCat("(", Write(node.children[0]), ").", node.text);
    case Node::Kind::kCall:
      return absl::StrCat(node.text, "(", WriteArguments(node, 0), ")");
    case Node::Kind::kMethod:
      return absl::StrCat("(", Write(node.children[0]), ").", node.text, "(",
                          WriteArguments(node, 1), ")");
    case Node::Kind::kList:
      return absl::StrCat("[", WriteArguments(node, 0), "]");
    case Node::Kind::kUnary:
      return absl::StrCat(node.text, "(", Write(node.children[0]), ")");
    case Node::Kind::kBinary:
      return absl::StrCat("(", Write(node.children[0]), ") ", node.text, " (",
                          Write(node.children[1]), ")");
    case Node::Kind::kConditional:
      return absl::StrCat("(", Write(node.children[0]), ") ? (", Write(node.children[1]), ") : (",
                          Write(node.children[2]), ")");
  }
  return "";
}

bool Same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.children.size() != b.children.size()) return false;
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!Same(a.children[i], b.children[i])) return false;
  }
  return true;
}

void CheckColumns(const Node& node, size_t size) {
  Require(node.column >= 1 && static_cast<size_t>(node.column) <= size, "columns lie in the text");
  for (const Node& child : node.children) CheckColumns(child, size);
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const absl::string_view text = testing::TextOf(data, size);
  const auto node = assess::ParseExpression(text);
  if (!node.ok()) return 0;
  testing::CheckColumns(*node, text.size());
  const std::string written = testing::Write(*node);
  // The brackets count as depth and length of their own.
  const auto again = assess::ParseExpression(written);
  testing::Require(
      again.ok() ? testing::Same(*again, *node)
                 : written.size() > assess::kExpressionBytesMax ||
                       again.status().message().find("nested deeper") != absl::string_view::npos,
      written);
  return 0;
}
