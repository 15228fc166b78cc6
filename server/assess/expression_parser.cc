#include "server/assess/expression_parser.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

struct Token {
  enum class Kind { kEnd, kNumber, kString, kName, kSymbol };
  Kind kind = Kind::kEnd;
  std::string text;
  int column = 0;
};

absl::Status SyntaxError(int column, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "EXPRESSION_SYNTAX",
                         absl::StrCat("column ", column, ": ", why));
}

absl::Status LimitError(int column, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "EXPRESSION_LIMIT",
                         absl::StrCat("column ", column, ": ", why));
}

bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// What is often written for what is meant.
absl::string_view MeantBy(absl::string_view character) {
  static constexpr std::pair<absl::string_view, absl::string_view> kMeant[] = {
      {"，", ","},
      {"、", ","},
      {"（", "("},
      {"）", ")"},
      {"＋", "+"},
      {"－", "-"},
      {"×", "*"},
      {"＊", "*"},
      {"÷", "/"},
      {"／", "/"},
      {"＜", "<"},
      {"＞", ">"},
      {"≤", "<="},
      {"≥", ">="},
      {"＝", "=="},
      {"=", "=="},
      {"≠", "!="},
      {"！", "!"},
      {"？", "?"},
      {"：", ":"},
      {"．", "."},
      {"。", "."},
      {"‘", "'"},
      {"’", "'"},
      {"“", "'"},
      {"”", "'"},
      {"&", "&&"},
      {"|", "||"},
      {"%", "/ 100, as in 20 / 100"},
      {"％", "/ 100, as in 20 / 100"}};
  for (const auto& [written, meant] : kMeant) {
    if (character == written) return meant;
  }
  return "";
}

absl::Status NoPlace(int column, absl::string_view rest) {
  size_t size = 1;  // of the character in UTF-8, which the file has been found to be
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0) == 0x80) ++size;
  const absl::string_view character = rest.substr(0, size);
  const absl::string_view meant = MeantBy(character);
  return SyntaxError(column, absl::StrCat(character, " has no place in an expression",
                                          meant.empty() ? "" : "; write ", meant));
}

// One token starting at `*at`, which moves past it.
absl::StatusOr<Token> NextToken(absl::string_view text, size_t* at) {
  while (*at < text.size() && absl::ascii_isspace(static_cast<unsigned char>(text[*at]))) ++*at;
  Token token;
  token.column = static_cast<int>(*at) + 1;
  if (*at == text.size()) return token;
  const size_t begin = *at;
  const char c = text[begin];
  auto take = [&](Token::Kind kind, size_t end) {
    token.kind = kind;
    token.text = std::string(text.substr(begin, end - begin));
    *at = end;
    return token;
  };
  if (IsDigit(c)) {
    size_t end = begin;
    while (end < text.size() && IsDigit(text[end])) ++end;
    if (end + 1 < text.size() && text[end] == '.' && IsDigit(text[end + 1])) {
      ++end;
      while (end < text.size() && IsDigit(text[end])) ++end;
    }
    if (end < text.size() && IsNameStart(text[end])) {
      return SyntaxError(token.column, "a number runs into a name");
    }
    return take(Token::Kind::kNumber, end);
  }
  if (IsNameStart(c)) {
    size_t end = begin;
    while (end < text.size() && (IsNameStart(text[end]) || IsDigit(text[end]))) ++end;
    return take(Token::Kind::kName, end);
  }
  if (c == '\'' || c == '"') {
    const size_t end = text.find(c, begin + 1);
    if (end == absl::string_view::npos)
      return SyntaxError(token.column, "the text has no closing quote");
    token.kind = Token::Kind::kString;
    token.text = std::string(text.substr(begin + 1, end - begin - 1));
    if (token.text.find('\\') != std::string::npos) {
      return SyntaxError(token.column, "a text cannot contain a backslash");
    }
    *at = end + 1;
    return token;
  }
  for (absl::string_view two : {"&&", "||", "<=", ">=", "==", "!="}) {
    if (text.substr(begin, 2) == two) return take(Token::Kind::kSymbol, begin + 2);
  }
  if (absl::string_view("+-*/<>!?:().,[]").find(c) != absl::string_view::npos) {
    return take(Token::Kind::kSymbol, begin + 1);
  }
  return NoPlace(token.column, text.substr(begin));
}

// Recursive descent, one function for each of CEL's levels of binding.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<Node> Parse() {
    HEDUI_ASSIGN_OR_RETURN(Node node, Conditional());
    if (Current().kind != Token::Kind::kEnd) return Unexpected();
    return node;
  }

 private:
  const Token& Current() const { return tokens_[at_]; }
  bool Is(absl::string_view symbol) const {
    return (Current().kind == Token::Kind::kSymbol ||
            (symbol == "in" && Current().kind == Token::Kind::kName)) &&
           Current().text == symbol;
  }
  bool Take(absl::string_view symbol) {
    if (!Is(symbol)) return false;
    ++at_;
    return true;
  }
  absl::Status Unexpected() const {
    return Current().kind == Token::Kind::kEnd
               ? SyntaxError(Current().column, "the expression ends too early")
               : SyntaxError(Current().column, absl::StrCat("unexpected ", Current().text));
  }
  absl::Status Expect(absl::string_view symbol) {
    return Take(symbol) ? absl::OkStatus() : Unexpected();
  }

  static Node Make(Node::Kind kind, std::string text, int column, std::vector<Node> children) {
    return Node{kind, std::move(text), std::move(children), column};
  }

  absl::StatusOr<Node> Conditional() {
    struct Depth {
      explicit Depth(int* d) : depth(d) { ++*depth; }
      ~Depth() { --*depth; }
      int* depth;
    } depth(&depth_);
    if (depth_ > kExpressionDepthMax) {
      return LimitError(Current().column, absl::StrCat("nested deeper than ", kExpressionDepthMax));
    }
    HEDUI_ASSIGN_OR_RETURN(Node condition, Binary(0));
    const int column = Current().column;
    if (!Take("?")) return condition;
    HEDUI_ASSIGN_OR_RETURN(Node yes, Conditional());
    HEDUI_RETURN_IF_ERROR(Expect(":"));
    HEDUI_ASSIGN_OR_RETURN(Node no, Conditional());
    std::vector<Node> children;
    children.push_back(std::move(condition));
    children.push_back(std::move(yes));
    children.push_back(std::move(no));
    return Make(Node::Kind::kConditional, "?:", column, std::move(children));
  }

  absl::StatusOr<Node> Binary(size_t level) {
    static const std::vector<std::vector<absl::string_view>>* const kLevels =
        new std::vector<std::vector<absl::string_view>>{
            {"||"}, {"&&"}, {"<", "<=", ">", ">=", "==", "!=", "in"}, {"+", "-"}, {"*", "/"}};
    if (level == kLevels->size()) return Unary();
    HEDUI_ASSIGN_OR_RETURN(Node left, Binary(level + 1));
    int chain = 0;
    while (true) {
      absl::string_view op;
      for (absl::string_view candidate : (*kLevels)[level]) {
        if (Is(candidate)) op = candidate;
      }
      if (op.empty()) return left;
      // a < b < c compares a truth with c: never what was meant.
      if (level == 2 && chain > 0) return SyntaxError(Current().column, "comparisons do not chain");
      // Chains nest to the left, and later walks recurse into them.
      if (++chain > kExpressionDepthMax) {
        return LimitError(Current().column,
                          absl::StrCat("nested deeper than ", kExpressionDepthMax));
      }
      const int column = Current().column;
      ++at_;
      HEDUI_ASSIGN_OR_RETURN(Node right, Binary(level + 1));
      std::vector<Node> children;
      children.push_back(std::move(left));
      children.push_back(std::move(right));
      left = Make(Node::Kind::kBinary, std::string(op), column, std::move(children));
    }
  }

  absl::StatusOr<Node> Unary() {
    for (absl::string_view op : {"!", "-"}) {
      const int column = Current().column;
      if (!Take(op)) continue;
      // No run of signs: "--x" and "!!x" say nothing.
      HEDUI_ASSIGN_OR_RETURN(Node operand, Postfix());
      std::vector<Node> children;
      children.push_back(std::move(operand));
      return Make(Node::Kind::kUnary, std::string(op), column, std::move(children));
    }
    return Postfix();
  }

  absl::StatusOr<Node> Postfix() {
    HEDUI_ASSIGN_OR_RETURN(Node node, Primary());
    int chain = 0;
    while (Take(".")) {
      if (++chain > kExpressionDepthMax) {
        return LimitError(Current().column,
                          absl::StrCat("nested deeper than ", kExpressionDepthMax));
      }
      if (Current().kind != Token::Kind::kName) return Unexpected();
      const Token name = Current();
      ++at_;
      std::vector<Node> children;
      children.push_back(std::move(node));
      if (Take("(")) {
        HEDUI_RETURN_IF_ERROR(Arguments(")", &children));
        node = Make(Node::Kind::kMethod, name.text, name.column, std::move(children));
      } else {
        node = Make(Node::Kind::kSelect, name.text, name.column, std::move(children));
      }
    }
    return node;
  }

  absl::Status Arguments(absl::string_view close, std::vector<Node>* children) {
    if (Take(close)) return absl::OkStatus();
    while (true) {
      HEDUI_ASSIGN_OR_RETURN(Node argument, Conditional());
      children->push_back(std::move(argument));
      if (Take(close)) return absl::OkStatus();
      HEDUI_RETURN_IF_ERROR(Expect(","));
    }
  }

  absl::StatusOr<Node> Primary() {
    const Token token = Current();
    switch (token.kind) {
      case Token::Kind::kNumber:
        ++at_;
        return Make(Node::Kind::kNumber, token.text, token.column, {});
      case Token::Kind::kString:
        ++at_;
        return Make(Node::Kind::kString, token.text, token.column, {});
      case Token::Kind::kName: {
        if (token.text == "in") return Unexpected();
        ++at_;
        if (token.text == "true" || token.text == "false") {
          return Make(Node::Kind::kTruth, token.text, token.column, {});
        }
        if (!Take("(")) return Make(Node::Kind::kName, token.text, token.column, {});
        std::vector<Node> children;
        HEDUI_RETURN_IF_ERROR(Arguments(")", &children));
        return Make(Node::Kind::kCall, token.text, token.column, std::move(children));
      }
      case Token::Kind::kSymbol: {
        if (Take("(")) {
          HEDUI_ASSIGN_OR_RETURN(Node inner, Conditional());
          HEDUI_RETURN_IF_ERROR(Expect(")"));
          return inner;
        }
        if (Take("[")) {
          std::vector<Node> children;
          HEDUI_RETURN_IF_ERROR(Arguments("]", &children));
          return Make(Node::Kind::kList, "[]", token.column, std::move(children));
        }
        return Unexpected();
      }
      case Token::Kind::kEnd:
        return Unexpected();
    }
    return Unexpected();
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<Node> ParseExpression(absl::string_view text) {
  if (text.size() > kExpressionBytesMax) {
    return LimitError(1, absl::StrCat("longer than ", kExpressionBytesMax, " bytes"));
  }
  std::vector<Token> tokens;
  size_t at = 0;
  do {
    HEDUI_ASSIGN_OR_RETURN(Token token, NextToken(text, &at));
    tokens.push_back(std::move(token));
  } while (tokens.back().kind != Token::Kind::kEnd);
  return Parser(std::move(tokens)).Parse();
}

}  // namespace hedui::assess
