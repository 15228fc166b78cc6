#include "server/assess/lint_terms.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/dates.h"
#include "server/base/digest.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Longer texts are named by their digest: what is put in may be put in again.
constexpr size_t kTextMax = 512;

// A name within so many others is not taken apart.
constexpr int kNamesDeepMax = 64;

bool IsArithmetic(const Node& node) {
  return node.kind == Node::Kind::kBinary &&
         (node.text == "+" || node.text == "-" || node.text == "*" || node.text == "/");
}

// A number, or a name, whose term is kept: what is computed would be computed twice at each depth.
bool IsSimple(const Node& node) {
  if (node.kind == Node::Kind::kCall || node.kind == Node::Kind::kUnary)
    return node.children.size() == 1 && node.children[0].kind == Node::Kind::kNumber;
  return node.kind == Node::Kind::kNumber || node.kind == Node::Kind::kName ||
         node.kind == Node::Kind::kSelect;
}

// Methods that name their element.
bool NamesElement(const Node& node) {
  return node.kind == Node::Kind::kMethod && node.children.size() >= 3 &&
         node.children[1].kind == Node::Kind::kName;
}

}  // namespace

bool AddTerm(const LinearTerm& b, const Rational& times, LinearTerm* a) {
  const auto add = [&times](const Rational& number, Rational* to) {
    Rational product;
    return Rational::Multiply(number, times, &product) && Rational::Add(*to, product, to);
  };
  if (!add(b.constant, &a->constant)) return false;
  for (const auto& [part, number] : b.parts) {
    Rational& own = a->parts[part];
    if (!add(number, &own)) return false;
    if (own.is_zero()) a->parts.erase(part);
  }
  return true;
}

TermVariables LintTerms::Within(const Node& method, TermVariables variables) {
  if (!NamesElement(method)) return variables;
  // People stand in lists that have names; facts are a person's.
  const Node* list = &method.children[0];
  while (list->kind == Node::Kind::kMethod) list = &list->children[0];
  std::string written = absl::StrCat(list->kind == Node::Kind::kName ? "$" : "%", variables.size());
  variables[method.children[1].text] = std::move(written);
  return variables;
}

LinearTerm LintTerms::Part(std::string text) const {
  if (text.size() > kTextMax) text = absl::StrCat("#", base::Sha256(text));
  LinearTerm term;
  term.parts[std::move(text)] = Rational(1);
  return term;
}

int LintTerms::SymbolOf(const Node& node, const TermVariables& variables,
                        std::string* whose) const {
  whose->clear();
  std::string name = node.text;
  if (node.kind == Node::Kind::kSelect) {
    if (node.children[0].kind != Node::Kind::kName) return -1;
    const auto variable = variables.find(node.children[0].text);
    if (variable == variables.end()) return -1;
    *whose = variable->second;
    // A field of a fact may be called as a value of people is.
    if (absl::StartsWith(*whose, "%")) return -1;
  } else if (node.kind != Node::Kind::kName || variables.contains(name)) {
    return -1;
  }
  const int symbol = chain_.Find(name);
  if (symbol < 0 || chain_.model().symbol(symbol).per_person != !whose->empty()) return -1;
  return symbol;
}

const Node* LintTerms::RuleOf(int symbol) const {
  const int32_t row = chain_.RowOn(symbol, day_);
  return row < 0 ? nullptr : chain_.model().tree(row);
}

// Of a parameter without keys that has a row in force.
const Value* LintTerms::ConstantOf(int symbol) const {
  const Symbol& found = chain_.model().symbol(symbol);
  if (found.kind != SymbolKind::kParameter || !found.keys.empty()) return nullptr;
  const int32_t row = chain_.RowOn(symbol, day_);
  return row < 0 ? nullptr : &chain_.model().row(row).constant;
}

// What is the same whatever its keys is a constant.
LinearTerm LintTerms::RangeTerm(const Value& range, std::string text) {
  LinearTerm term;
  if (range.IsPoint()) {
    term.constant = range.lo;
  } else {
    term = Part(std::move(text));
    bounds_[term.parts.begin()->first] = range;
  }
  return term;
}

// Of a table's call: a code that is written, or what is known of the one that is named.
std::vector<KeySet> LintTerms::GivenKeys(const Node& call, const Symbol& table,
                                         const TermVariables& variables) const {
  std::vector<KeySet> keys(call.children.size());
  size_t next = 0;
  for (size_t k = 0; k < table.keys.size() && next < keys.size(); ++k) {
    if (table.keys[k].symbol >= 0) continue;
    const Node& node = call.children[next];
    KeySet& key = keys[next++];
    if (table.key_types[k].kind != TypeKind::kCode) continue;
    const CodeList& list =
        chain_.model().pack().ListFor(chain_.division(), table.key_types[k].codes);
    std::string whose;
    const int symbol = SymbolOf(node, variables, &whose);
    const auto written = std::find(list.codes.begin(), list.codes.end(), node.text);
    if (node.kind == Node::Kind::kString && written != list.codes.end()) {
      key.codes = uint64_t{1} << (written - list.codes.begin());
    } else if (symbol >= 0 && whose.empty() &&
               chain_.model().symbol(symbol).type.kind == TypeKind::kCode) {
      key.codes = ranges_.CodesOf(symbol);
    }
  }
  return keys;
}

LinearTerm LintTerms::SymbolTerm(int symbol, const std::string& whose) {
  const auto key = std::make_pair(symbol, whose);
  if (const auto known = terms_.find(key); known != terms_.end()) {
    steps_ += known->second.parts.size();
    return known->second;
  }
  LinearTerm term;
  const Node* rule = depth_ < kNamesDeepMax ? RuleOf(symbol) : nullptr;
  if (const Value* constant = ConstantOf(symbol); constant != nullptr) {
    term.constant = constant->lo;
  } else if (rule != nullptr) {
    TermVariables variables;
    if (!whose.empty()) variables["p"] = whose;
    ++depth_;
    term = TermOf(*rule, variables);
    --depth_;
  } else {
    const Symbol& found = chain_.model().symbol(symbol);
    std::string text = whose.empty() ? found.name : absl::StrCat(whose, ".", found.name);
    if (!found.type.ordered()) {
      term = Part(std::move(text));
    } else if (found.kind == SymbolKind::kParameter && !found.keys.empty()) {
      term = RangeTerm(ranges_.Of(symbol).value, std::move(text));
    } else {
      term = Part(std::move(text));
      bounds_[term.parts.begin()->first] = found.unknown;  // what min and max allow
    }
  }
  terms_[key] = term;
  return term;
}

// A sum of what is never below zero is not either.
void LintTerms::BoundSum(const Node& sum, const std::string& part, const TermVariables& variables) {
  if (sum.text != "sum" || sum.children.size() != 3) return;
  Rational least;
  if (!Least(TermOf(sum.children[2], Within(sum, variables)), &least) || least.sign() < 0) return;
  Value bound;
  bound.hi_infinite = true;
  bounds_[part] = bound;
}

// The greater of several is not below the least that any of them can be; the lesser likewise. Of
// what is named or written as a number.
LinearTerm LintTerms::ExtremeTerm(const Node& call, const TermVariables& variables) {
  LinearTerm term = Part(TextOf(call, variables));
  const bool greater = call.text == "max";
  Value bound;
  bound.lo_infinite = bound.hi_infinite = true;
  for (const Node& node : call.children) {
    LinearTerm one;
    Rational end;
    if (!IsSimple(node) || !AddTerm(TermOf(node, variables), Rational(greater ? 1 : -1), &one) ||
        !Least(one, &end)) {
      continue;
    }
    if (greater && (bound.lo_infinite || Rational::Compare(end, bound.lo) > 0)) {
      bound.lo = end;
      bound.lo_infinite = false;
    }
    if (!greater && Rational::Multiply(end, Rational(-1), &end) &&
        (bound.hi_infinite || Rational::Compare(end, bound.hi) < 0)) {
      bound.hi = end;
      bound.hi_infinite = false;
    }
  }
  bounds_[term.parts.begin()->first] = bound;
  return term;
}

LinearTerm LintTerms::CallTerm(const Node& node, const TermVariables& variables) {
  const std::string& name = node.text;
  const bool one = node.children.size() == 1;
  if (one && (name == "months" || name == "years" || name == "days" || name == "ratio" ||
              name == "presumed")) {
    return TermOf(node.children[0], variables);
  }
  if (name == "max" || name == "min") return ExtremeTerm(node, variables);
  if (one && name == "yuan") {
    LinearTerm fen;
    if (AddTerm(TermOf(node.children[0], variables), Rational(100), &fen)) return fen;
  }
  if (one && name == "date") {
    const auto day = base::ParseDay(node.children[0].text);
    LinearTerm term;
    if (day.ok()) term.constant = Rational(DayNumber(*day));
    if (day.ok()) return term;
  }
  if (const int symbol = chain_.Find(name); symbol >= 0) {
    const Symbol& table = chain_.model().symbol(symbol);
    if (table.is_table && table.type.ordered()) {
      return RangeTerm(ranges_.Of(symbol, GivenKeys(node, table, variables)).value,
                       TextOf(node, variables));
    }
  }
  return Part(TextOf(node, variables));
}

LinearTerm LintTerms::BinaryTerm(const Node& node, const TermVariables& variables) {
  const LinearTerm a = TermOf(node.children[0], variables);
  const LinearTerm b = TermOf(node.children[1], variables);
  steps_ += a.parts.size() + b.parts.size();
  LinearTerm term;
  Rational divisor;
  if (node.text == "+" || node.text == "-") {
    term = a;
    if (AddTerm(b, Rational(node.text == "+" ? 1 : -1), &term)) return term;
  } else if (node.text == "*" && b.IsConstant()) {
    if (AddTerm(a, b.constant, &term)) return term;
  } else if (node.text == "*" && a.IsConstant()) {
    if (AddTerm(b, a.constant, &term)) return term;
  } else if (node.text == "/" && b.IsConstant() &&
             Rational::Divide(Rational(1), b.constant, &divisor)) {
    if (AddTerm(a, divisor, &term)) return term;
  }
  std::string left = Written(a), right = Written(b);
  if ((node.text == "*" || node.text == "+") && right < left) std::swap(left, right);
  term = Part(absl::StrCat("(", left, ")", node.text, "(", right, ")"));
  if (node.text == "/") quotients_[term.parts.begin()->first] = {a, b};
  return term;
}

LinearTerm LintTerms::TermOf(const Node& node, const TermVariables& variables) {
  ++steps_;
  LinearTerm term;
  std::string whose;
  switch (node.kind) {
    case Node::Kind::kNumber:
      if (const auto number = Rational::Parse(node.text); number.ok()) {
        term.constant = *number;
        return term;
      }
      break;
    case Node::Kind::kName:
    case Node::Kind::kSelect:
      if (const int symbol = SymbolOf(node, variables, &whose);
          symbol >= 0 && chain_.model().symbol(symbol).type.ordered()) {
        return SymbolTerm(symbol, whose);
      }
      break;
    case Node::Kind::kCall:
      return CallTerm(node, variables);
    case Node::Kind::kUnary:
      if (node.text == "-" && AddTerm(TermOf(node.children[0], variables), Rational(-1), &term)) {
        return term;
      }
      break;
    case Node::Kind::kBinary:
      if (IsArithmetic(node)) return BinaryTerm(node, variables);
      break;
    case Node::Kind::kMethod: {
      const auto [known, added] = folds_.try_emplace({&node, variables});
      if (!added && !known->second.parts.empty()) return known->second;
      term = Part(TextOf(node, variables));
      if (node.text == "size" || node.text == "count" || node.text == "months") {
        Value bound;
        bound.hi_infinite = true;
        bounds_[term.parts.begin()->first] = bound;
      }
      BoundSum(node, term.parts.begin()->first, variables);
      known->second = term;
      return term;
    }
    default:
      break;
  }
  return Part(TextOf(node, variables));
}

std::string LintTerms::SymbolText(int symbol, const std::string& whose) {
  const auto key = std::make_pair(symbol, whose);
  if (const auto known = texts_.find(key); known != texts_.end()) return known->second;
  const Symbol& found = chain_.model().symbol(symbol);
  std::string text = whose.empty() ? found.name : absl::StrCat(whose, ".", found.name);
  const Node* rule = depth_ < kNamesDeepMax ? RuleOf(symbol) : nullptr;
  if (found.type.ordered()) {
    text = Written(SymbolTerm(symbol, whose));
  } else if (rule != nullptr) {
    TermVariables variables;
    if (!whose.empty()) variables["p"] = whose;
    ++depth_;
    text = absl::StrCat("(", TextOf(*rule, variables), ")");
    --depth_;
    if (text.size() > kTextMax) text = absl::StrCat("#", base::Sha256(text));
  }
  texts_[key] = text;
  return text;
}

std::string LintTerms::TextOf(const Node& node, const TermVariables& variables) {
  ++steps_;
  std::string whose;
  if (const int symbol = SymbolOf(node, variables, &whose); symbol >= 0)
    return SymbolText(symbol, whose);
  if (IsArithmetic(node)) return Written(TermOf(node, variables));
  if (node.kind == Node::Kind::kName) {
    const auto variable = variables.find(node.text);
    return variable == variables.end() ? node.text : variable->second;
  }
  std::vector<std::string> parts;
  for (size_t i = 0; i < node.children.size(); ++i) {
    const bool inner = NamesElement(node) && i > 0;
    parts.push_back(TextOf(node.children[i], inner ? Within(node, variables) : variables));
  }
  std::string text = absl::StrCat(static_cast<int>(node.kind), ":", node.text, "(",
                                  absl::StrJoin(parts, ","), ")");
  if (text.size() > kTextMax) text = absl::StrCat("#", base::Sha256(text));
  return text;
}

std::string LintTerms::Written(const LinearTerm& term) {
  std::vector<std::string> parts = {term.constant.ToString()};
  for (const auto& [part, number] : term.parts)
    parts.push_back(absl::StrCat(number.ToString(), "*", part));
  return absl::StrJoin(parts, "+");
}

const LintTerms::Quotient* LintTerms::QuotientOf(const std::string& part) const {
  const auto found = quotients_.find(part);
  return found == quotients_.end() ? nullptr : &found->second;
}

bool LintTerms::Least(const LinearTerm& term, Rational* least) const {
  *least = term.constant;
  for (const auto& [part, number] : term.parts) {
    const auto bound = bounds_.find(part);
    if (bound == bounds_.end()) return false;
    const bool low = number.sign() > 0;
    if (low ? bound->second.lo_infinite : bound->second.hi_infinite) return false;
    Rational product;
    if (!Rational::Multiply(number, low ? bound->second.lo : bound->second.hi, &product) ||
        !Rational::Add(*least, product, least)) {
      return false;
    }
  }
  return true;
}

}  // namespace hedui::assess
