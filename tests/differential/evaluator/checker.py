"""From a tree of nodes to a function of the run, with the types of T1 to T19 checked on the way."""

from fractions import Fraction

from . import functions as f
from . import operators as o
from . import calls, calls_of_days, knowing, tables
from .errors import Defect
from .kinds import COUNT, DAYS, MONTH_TYPE, RATIO, TRUTH, Type, number, product_unit
from .lists import A_MONTH, LISTS, METHODS, PEOPLE, check_fold, closed
from .symbols import PARAMETER
from .syntax import Binary, Brackets, Call, Choice, Member, Name, Number, Text, Truth, Unary, parse
from .tables import check_table
from .typed import Typed, agreed_type, mismatch, need_type
from .values import (BOOL, CODE, CODES, DATE, DIVISION, FALSE, MAY_BE_FALSE, MAY_BE_TRUE, MONTH, NUMBER, ORDERED, PERIOD,
                     PERSON, TRUE, UNDETERMINED, WEAK, hull_code, hull_codes, hull_number, hull_truth)


class Checker:
    """Checks one expression, as seen from the file's division.

    `names` gives symbols, `kinds` the vocabulary, `categories` its categories, `variants` pairs of a kind and
    a variant of its evidence, `constants` whether only such may be named (T24), `chain` the divisions from the nation
    down to the file's. What the expression uses is gathered in `uses`: symbols, names of lists of people, kinds.
    """

    def __init__(self, names, kinds, categories, variants, chain, personal, constants=False):
        self.names = names
        self.kinds = kinds
        self.categories = categories
        self.variants = variants
        self.constants = constants
        self.chain = chain
        # Variables in sight: their slot, and what they are of: PEOPLE, A_MONTH, or a kind of fact.
        self.variables = {"p": (0, PEOPLE)} if personal else {}
        self.uses = set()

    def whole(self, text, type_):
        """The function of a rule's expression that has to be of a type."""
        typed = self.check(parse(text), type_.codes if type_.kind == CODE else None)
        need_type(typed, type_)
        return typed.value

    def check(self, node, place=None):
        """`place` is the list of codes that the place gives (T13)."""
        return CHECKS[type(node)](self, node, place)

    def truth(self, node):
        typed = self.check(node)
        if typed.kind != BOOL:
            raise mismatch("no truth")
        return typed

    def number(self, node):
        typed = self.check(node)
        if typed.kind != NUMBER:
            raise mismatch("no number")
        return typed

    def person_slot(self, node):
        """The slot of an argument that is a person's variable."""
        if isinstance(node, Name) and node.name in self.variables:
            slot, of = self.variables[node.name]
            if of is PEOPLE:
                return slot
        raise mismatch("no variable of a person")

    def bit(self, codes, code):
        """A code's bit, as the file's division has the list."""
        if code not in codes.codes_of(self.chain):
            raise Defect("UNKNOWN_CODE", f"{code} is not in {codes.name}")
        return codes.bits[code]

    # Names and literals.

    def check_number(self, node, place):
        constant = f.constant(node.text)
        whole = constant.denominator == 1
        value = (0, 0, constant, constant, 0)
        return Typed(number(RATIO), lambda run: value, whole, constant == 0, constant)

    def check_truth(self, node, place):
        value = TRUE if node.value else FALSE
        return Typed(TRUTH, lambda run: value)

    def check_text(self, node, place):
        if place is None:
            raise mismatch("a text where no code is meant")
        value = (0, 0, self.bit(place, node.text))
        return Typed(Type(CODE, None, place), lambda run: value)

    def check_name(self, node, place):
        name = node.name
        if name in self.variables and self.variables[name][1] is A_MONTH:
            slot = self.variables[name][0]
            return Typed(MONTH_TYPE, lambda run: run.variables[slot])
        if name in self.variables or name in LISTS:
            raise mismatch(f"{name} is no value")
        symbol = self.names.get(name)
        if symbol is None:
            raise Defect("UNKNOWN_NAME", name)
        if symbol.personal or symbol.is_table or (self.constants and symbol.sort != PARAMETER):
            raise mismatch(f"{name} is a person's or a table")
        self.uses.add(symbol)
        slot = symbol.slot
        return Typed(symbol.type, lambda run: run.household[slot])

    def check_brackets(self, node, place):
        """T14: a set of codes."""
        if place is None:
            raise mismatch("brackets where no codes are meant")
        mask = 0
        for item in node.items:
            if not isinstance(item, Text):
                raise mismatch("brackets hold texts")
            mask |= self.bit(place, item.text)
        value = (0, 0, mask)
        return Typed(Type(CODES, None, place), lambda run: value)

    def check_member(self, node, place):
        if node.arguments is not None:
            return self.check_method(node)
        if not isinstance(node.of, Name) or node.of.name not in self.variables:
            if isinstance(node.of, Name):
                raise Defect("UNKNOWN_NAME", f"{node.of.name} is no variable")
            if isinstance(node.of, Member) or isinstance(node.of, Call):
                self.check(node.of)
            raise Defect("UNKNOWN_NAME", f"no variable before .{node.name}")
        slot, of = self.variables[node.of.name]
        if of is A_MONTH:
            raise Defect("UNKNOWN_NAME", f"a month has no {node.name}")
        if of is not PEOPLE:
            return self.field(of, slot, node.name)
        symbol = self.names.get(node.name)
        if symbol is not None and symbol.personal and not symbol.is_table:
            self.uses.add(symbol)
            at = symbol.slot
            return Typed(symbol.type, lambda run: run.variables[slot].values[at])
        if (symbol is None and node.name in self.kinds) or (symbol is not None and symbol.is_table):
            raise mismatch(f"{node.name} is a list or a table")
        raise Defect("UNKNOWN_NAME", node.name)

    def field(self, kind, slot, name):
        field = kind.fields.get(name) or kind.spread.get(name)
        if field is None:
            raise Defect("UNKNOWN_NAME", name)
        if field.index is None:
            raise mismatch(f"{name} is a text")
        at = field.index
        return Typed(field.type, lambda run: run.variables[slot].fields[at])

    def check_method(self, node):
        if isinstance(node.of, Name) and self.variables.get(node.of.name, (0, A_MONTH))[1] is PEOPLE:
            symbol = self.names.get(node.name)
            if symbol is not None and symbol.is_table:
                return check_table(self, symbol, node.arguments, self.variables[node.of.name][0])
        if node.name not in METHODS:
            raise Defect("UNKNOWN_FUNCTION", node.name)
        if self.constants:
            raise mismatch("a list among constants")
        return check_fold(self, node)

    def check_call(self, node, place):
        if node.name in CALLS:
            return CALLS[node.name](self, node.arguments, place)
        symbol = self.names.get(node.name)
        if symbol is not None and symbol.is_table:
            return check_table(self, symbol, node.arguments, None)
        if node.name == "each_month":
            raise mismatch("months without a fold")
        raise Defect("UNKNOWN_FUNCTION", node.name)

    # Operators.

    def check_unary(self, node, place):
        if node.operator == "!":
            of = self.truth(node.operand).value
            return Typed(TRUTH, lambda run: o.opposite(of(run)))
        typed = self.number(node.operand)
        of = typed.value
        constant = None if typed.constant is None else -typed.constant
        return Typed(typed.type, lambda run: o.negative(of(run)), typed.bare, typed.zero, constant)

    def check_binary(self, node, place):
        if node.operator in "+-":
            return self.check_sum(node, place)
        return BINARIES[node.operator](self, node)

    def check_junction(self, node):
        left, right = self.truth(node.left).value, self.truth(node.right).value
        join, deciding = (o.both, MAY_BE_FALSE) if node.operator == "&&" else (o.either, MAY_BE_TRUE)

        def joined(run):
            first = left(run)
            if first[2] == deciding and not first[1] & WEAK:
                return first
            return join(first, right(run))
        return Typed(TRUTH, joined)

    def check_sum(self, node, place):
        left, right = self.beside(node.left, node.right, place)
        first, second = left.value, right.value
        operator = o.add if node.operator == "+" else o.subtract
        if left.kind == right.kind == CODES:
            join = o.union if node.operator == "+" else o.difference
            return Typed(agreed_type(left, right), lambda run: join(first(run), second(run)))
        if left.kind == DATE:
            return self.sum_of_date(node.operator, left, right, operator)
        if left.kind != NUMBER or right.kind != NUMBER:
            raise mismatch("a sum of what is no number")
        type_ = agreed_type(left, right)
        return Typed(type_, lambda run: operator(first(run), second(run)), left.bare and right.bare, False,
                     self.constant_of(node.operator, left, right))

    def beside(self, left, right, place):
        """T13: brackets take the place's list, or that of the other side."""
        if isinstance(left, Brackets) and place is None:
            second = self.check(right)
            return self.check(left, second.type.codes), second
        first = self.check(left, place if takes_list(left) else None)
        return first, self.check(right, (place or first.type.codes) if takes_list(right) else None)

    def sum_of_date(self, sign, left, right, operator):
        """T10"""
        first, second = left.value, right.value
        if right.kind == DATE and sign == "-":
            def days_between(run):
                a, b = first(run), second(run)
                f.note_moved(run, a, b)
                return o.subtract(a, b)
            return Typed(number(DAYS), days_between)
        if right.kind != NUMBER or right.bare or right.unit != DAYS:
            raise mismatch("a date takes days")
        if right.constant is not None and right.constant.denominator != 1:
            raise Defect("BAD_VALUE", "days that are not whole")
        return Typed(left.type, lambda run: f.shifted(run, first(run), second(run), operator))

    @staticmethod
    def constant_of(operator, left, right):
        if left.constant is None or right.constant is None:
            return None
        a, b = Fraction(left.constant), Fraction(right.constant)
        if operator == "+":
            return a + b
        if operator == "-":
            return a - b
        if operator == "*":
            return a * b
        return a / b if b else None

    def check_product(self, node):
        left, right = self.number(node.left), self.number(node.right)
        units = [left.unit, right.unit]
        if left.bare and units[1] == COUNT and not right.bare:
            units[0] = COUNT
        if right.bare and units[0] == COUNT and not left.bare:
            units[1] = COUNT
        type_ = number(product_unit(units[0], units[1], node.operator))
        first, second = left.value, right.value
        constant = self.constant_of(node.operator, left, right)
        if node.operator == "*":
            return Typed(type_, lambda run: o.multiply(first(run), second(run)), constant=constant)
        return Typed(type_, lambda run: o.divide(run, first(run), second(run)), constant=constant)

    def check_order(self, node):
        left, right = self.check(node.left), self.check(node.right)
        if left.kind not in ORDERED or right.kind not in ORDERED:
            raise mismatch("compared is what has no order")
        agreed_type(left, right)
        compare = {"<": o.less, "<=": o.at_most, ">": o.greater, ">=": o.at_least}[node.operator]
        return Typed(TRUTH, comparison(compare, left, right))

    def check_equality(self, node):
        if isinstance(node.left, Text):
            right = self.check(node.right)
            left = self.check(node.left, right.type.codes)
        else:
            left = self.check(node.left)
            right = self.check(node.right, left.type.codes)
        if left.kind not in ORDERED + (CODE, BOOL, DIVISION):
            raise mismatch(f"{left.type} is not compared")
        agreed_type(left, right)
        if left.kind in ORDERED or left.kind == DIVISION:
            compare = o.equal_ordered
        else:
            compare = o.equal_members if left.kind == BOOL else o.equal_codes
        equal = comparison(compare, left, right)
        if node.operator == "==":
            return Typed(TRUTH, equal)
        return Typed(TRUTH, lambda run: o.opposite(equal(run)))

    def check_in(self, node):
        if isinstance(node.left, Text):
            right = self.check(node.right)
            left = self.check(node.left, right.type.codes if right.kind == CODES else None)
        else:
            left = self.check(node.left)
            right = None
        if left.kind != CODE:
            raise mismatch("`in` asks of a code")
        of = left.value
        right = right or self.check(node.right, left.type.codes)
        if right.kind != CODES or right.type.codes is not left.type.codes:
            raise mismatch("no set of codes of this list")
        within = right.value
        return Typed(TRUTH, lambda run: o.within(of(run), within(run)))

    def check_choice(self, node, place):
        """O15"""
        condition = self.truth(node.condition).value
        first, second = self.check(node.first, place), self.check(node.second, place)
        type_ = agreed_type(first, second)
        if type_.kind == PERIOD:
            raise mismatch(f"a choice of {type_}")
        return Typed(type_, choice(condition, first.value, second.value, type_.kind))


def takes_list(node):
    """Whether brackets in a sum may take the place's list."""
    return isinstance(node, (Brackets, Choice)) or (isinstance(node, Binary) and node.operator in ("+", "-"))


def comparison(compare, left, right):
    """Dates compared are days on which the result may change (N5)."""
    first, second = left.value, right.value
    if left.kind != DATE:
        return lambda run: compare(first(run), second(run))

    def compared(run):
        a, b = first(run), second(run)
        f.note_compared(run, a, b)
        return compare(a, b)
    return compared


def is_exact(kind, value, run):
    if kind in ORDERED or kind == DIVISION:
        return value[2] == value[3] and value[2] is not None and not value[4]
    if kind == BOOL:
        return value[2] != UNDETERMINED
    if kind == CODES:
        return value[2] is not None
    return value[2] & (value[2] - 1) == 0 and (kind != PERSON or value[2] != run.somebody_else)


def hull_of_people(run, a, b):
    mask = a[2] | b[2]
    exact = is_exact(PERSON, (0, 0, mask), run)
    blame = a[0] | b[0] if not exact else (a[0] if a[1] & WEAK else 0) | (b[0] if b[1] & WEAK else 0)
    return (blame, a[1] | b[1], mask)


def choice(condition, first, second, kind):
    """O15 as a function."""
    hull = {NUMBER: hull_number, DATE: hull_number, MONTH: hull_number, BOOL: hull_truth, CODE: hull_code, CODES: hull_codes,
            DIVISION: hull_number}.get(kind)

    def chosen(run):
        truth = condition(run)
        if truth[2] == 2:
            return o.chosen(truth, first(run))
        if truth[2] == 1:
            return o.chosen(truth, second(run))
        a, b = first(run), second(run)
        if kind == DATE:
            f.note_compared(run, a, b)
        value = hull(a, b) if hull else hull_of_people(run, a, b)
        return o.unchosen(truth, value, is_exact(kind, value, run))
    return chosen


CALLS = {**calls.CALLS, **calls_of_days.CALLS, **knowing.CALLS, **tables.CALLS, "closed": closed}
CHECKS = {
    Number: Checker.check_number, Truth: Checker.check_truth, Text: Checker.check_text, Name: Checker.check_name,
    Brackets: Checker.check_brackets, Member: Checker.check_member, Call: Checker.check_call, Unary: Checker.check_unary,
    Binary: Checker.check_binary, Choice: Checker.check_choice,
}
BINARIES = {
    "&&": Checker.check_junction, "||": Checker.check_junction,
    "*": Checker.check_product, "/": Checker.check_product, "<": Checker.check_order, "<=": Checker.check_order,
    ">": Checker.check_order, ">=": Checker.check_order, "==": Checker.check_equality, "!=": Checker.check_equality,
    "in": Checker.check_in,
}
