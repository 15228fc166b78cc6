#include "server/assess/lint_literals.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Of a parameter with one row in force.
bool CodesOf(const Node& node, const TermVariables& variables, const LintTerms& terms,
             std::set<std::string>* codes) {
  std::string whose;
  const int index = terms.SymbolOf(node, variables, &whose);
  if (index < 0) return false;
  const LintModel& model = terms.chain().model();
  const Symbol& symbol = model.symbol(index);
  const int32_t row = terms.chain().RowOn(index, terms.day());
  if (symbol.kind != SymbolKind::kParameter || !symbol.keys.empty() || row < 0 ||
      symbol.type.kind != TypeKind::kCodeSet) {
    return false;
  }
  const CodeList& list = model.pack().ListFor(terms.chain().division(), symbol.type.codes);
  for (size_t c = 0; c < list.codes.size(); ++c) {
    if ((model.row(row).constant.mask >> c & 1) != 0) codes->insert(list.codes[c]);
  }
  return true;
}

bool CompareCodes(const Node& node, bool denied, const TermVariables& variables, LintTerms* terms,
                  LintLeaf* leaf) {
  const bool turned = node.children[0].kind == Node::Kind::kString;
  const Node& of = node.children[turned ? 1 : 0];
  const Node& with = node.children[turned ? 0 : 1];
  LintLiteral literal;
  literal.kind = LintLiteral::Kind::kCode;
  if (with.kind == Node::Kind::kString) {
    literal.codes.insert(with.text);
  } else if (with.kind == Node::Kind::kList) {
    for (const Node& code : with.children) literal.codes.insert(code.text);
  } else if (!CodesOf(with, variables, *terms, &literal.codes)) {
    return false;
  }
  literal.of = terms->TextOf(of, variables);
  literal.among = (node.text != "!=") != denied;
  leaf->literals.push_back(std::move(literal));
  return true;
}

// Of k * (a / b) + c below zero: b is above zero and k * a + c * b below it, or b below and this
// above. By zero nothing is divided, and then neither holds.
void MultiplyOut(const LintLiteral& literal, const LintTerms& terms,
                 std::vector<std::vector<LintLiteral>>* ways) {
  if (literal.term.parts.size() != 1) return;
  const auto& [part, number] = *literal.term.parts.begin();
  const LintTerms::Quotient* quotient = terms.QuotientOf(part);
  if (quotient == nullptr) return;
  for (const int sign : {1, -1}) {
    LintLiteral divisor, product;
    divisor.kind = product.kind = LintLiteral::Kind::kNumber;
    divisor.strict = true;
    product.strict = literal.strict;
    LinearTerm whole;
    if (!AddTerm(quotient->by, Rational(-sign), &divisor.term) ||
        !AddTerm(quotient->of, number, &whole) ||
        !AddTerm(quotient->by, literal.term.constant, &whole) ||
        !AddTerm(whole, Rational(sign), &product.term)) {
      return ways->clear();
    }
    ways->push_back({std::move(divisor), std::move(product)});
  }
}

// a `op` b as a - b `op` 0.
bool Compare(const Node& node, bool denied, const TermVariables& variables, LintTerms* terms,
             LintLeaf* leaf) {
  const Node& a = node.children[0];
  const Node& b = node.children[1];
  std::string op = node.text;
  if (op == "in" || a.kind == Node::Kind::kString || b.kind == Node::Kind::kString)
    return CompareCodes(node, denied, variables, terms, leaf);
  if (denied) {
    op = op == "<"    ? ">="
         : op == "<=" ? ">"
         : op == ">"  ? "<="
         : op == ">=" ? "<"
         : op == "==" ? "!="
         : op == "!=" ? "=="
                      : "";
  }
  leaf->any = op == "!=";
  const bool equality = op == "==" || op == "!=";
  const bool less = op == "<" || op == "<=" || equality;
  const bool more = op == ">" || op == ">=" || equality;
  if (!less && !more) return false;
  LinearTerm difference = terms->TermOf(a, variables);
  if (!AddTerm(terms->TermOf(b, variables), Rational(-1), &difference)) return false;
  for (const bool turned : {false, true}) {
    if (turned ? !more : !less) continue;
    LintLiteral literal;
    literal.kind = LintLiteral::Kind::kNumber;
    literal.strict = op == "<" || op == ">" || op == "!=";
    if (!AddTerm(difference, Rational(turned ? -1 : 1), &literal.term)) return false;
    if (op != "!=" && leaf->ways.empty()) MultiplyOut(literal, *terms, &leaf->ways);
    leaf->literals.push_back(std::move(literal));
  }
  return true;
}

// Added up so that something they have in common goes away, two sums that are at most zero must
// leave what can be at most zero.
bool NumbersContradict(const LintLiteral& a, const LintLiteral& b, const LintTerms& terms) {
  for (const auto& [part, number] : a.term.parts) {
    const auto other = b.term.parts.find(part);
    if (other == b.term.parts.end() || number.sign() * other->second.sign() >= 0) continue;
    Rational times;
    LinearTerm sum = a.term;
    if (!Rational::Divide(number, other->second, &times)) continue;
    if (!Rational::Multiply(times, Rational(-1), &times)) continue;
    if (!AddTerm(b.term, times, &sum)) continue;
    Rational least;
    if (!terms.Least(sum, &least)) continue;
    if (least.sign() > 0 || (least.is_zero() && (a.strict || b.strict))) return true;
  }
  return false;
}

}  // namespace

std::string LintLiteral::Text() const {
  if (kind == Kind::kNumber) return absl::StrCat(strict ? "<" : "<=", LintTerms::Written(term));
  return absl::StrCat(among ? "+" : "-", of, "@", absl::StrJoin(codes, ","));
}

LintLeaf LeafOf(const Node& node, bool denied, const TermVariables& variables, LintTerms* terms) {
  LintLeaf leaf;
  if (node.kind == Node::Kind::kBinary && Compare(node, denied, variables, terms, &leaf))
    return leaf;
  LintLiteral literal;
  literal.of = terms->TextOf(node, variables);
  literal.among = !denied;
  return {{std::move(literal)}, false};
}

bool Contradict(const LintLiteral& a, const LintLiteral& b, const LintTerms& terms) {
  if (a.kind != b.kind) return false;
  if (a.kind == LintLiteral::Kind::kTruth) return a.of == b.of && a.among != b.among;
  if (a.kind == LintLiteral::Kind::kNumber) return NumbersContradict(a, b, terms);
  if (a.of != b.of || (!a.among && !b.among)) return false;
  const LintLiteral& one = a.among ? a : b;
  const LintLiteral& other = a.among ? b : a;
  return std::none_of(one.codes.begin(), one.codes.end(), [&other](const std::string& code) {
    return other.codes.contains(code) == other.among;
  });
}

bool IsRuledOut(const LintLiteral& literal, const LintTerms& terms) {
  Rational least;
  if (literal.kind != LintLiteral::Kind::kNumber || literal.term.IsConstant() ||
      !terms.Least(literal.term, &least)) {
    return false;
  }
  return least.sign() > 0 || (least.is_zero() && literal.strict);
}

}  // namespace hedui::assess
