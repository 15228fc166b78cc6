"""The grammar of expressions, G1 to G8: from text to a tree of nodes."""

import re
from dataclasses import dataclass

from .errors import Defect

LONGEST_BYTES = 4096
LONGEST_DIGITS = 18
DEEPEST_CHOICE = 47
LONGEST_CHAIN = 48
MOST_DOTS = 48

TOKENS = re.compile(
    r"(?P<blank>[ \t\n\v\f\r]+)|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'[^'\\]*'|\"[^\"\\]*\")|(?P<symbol>&&|\|\||<=|>=|==|!=|[-+*/<>!?:().,\[\]])")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "in")
NO_NAMES = ("true", "false", "in")


@dataclass
class Number:
    text: str


@dataclass
class Text:
    text: str


@dataclass
class Truth:
    value: bool


@dataclass
class Name:
    name: str


@dataclass
class Call:
    name: str
    arguments: list


@dataclass
class Member:
    """`of.name`, or with arguments `of.name(…)`."""
    of: object
    name: str
    arguments: object


@dataclass
class Brackets:
    items: list


@dataclass
class Unary:
    operator: str
    operand: object


@dataclass
class Binary:
    operator: str
    left: object
    right: object


@dataclass
class Choice:
    condition: object
    first: object
    second: object


def tokens_of(text):
    """(kind, text) of every token, closed by one of kind `end`."""
    found, at = [], 0
    while at < len(text):
        match = TOKENS.match(text, at)
        if match is None:
            raise Defect("EXPRESSION_SYNTAX", f"at {at}: {text[at:at + 10]!r}")
        kind, token, at = match.lastgroup, match.group(), match.end()
        if kind == "number":
            if at < len(text) and re.match(r"[A-Za-z_]", text[at]):
                raise Defect("EXPRESSION_SYNTAX", f"a number runs into a name at {at}")
            if any(len(side) > LONGEST_DIGITS for side in token.split(".")):
                raise Defect("EXPRESSION_LIMIT", "a number of too many digits")
        if kind != "blank":
            found.append((kind, token))
    found.append(("end", ""))
    return found


class Parser:
    """One method for each line of G6."""

    def __init__(self, text):
        self.tokens = tokens_of(text)
        self.at = 0
        self.depth = -1

    def peek(self):
        """The symbol or word that comes next; texts and numbers are none."""
        kind, token = self.tokens[self.at]
        return token if kind in ("symbol", "name") else None

    def take(self, *wanted):
        token = self.peek()
        if token in wanted:
            self.at += 1
            return token
        return None

    def need(self, wanted):
        if not self.take(wanted):
            raise Defect("EXPRESSION_SYNTAX", f"{wanted} is missing before {self.tokens[self.at][1]!r}")

    def whole(self):
        node = self.choice()
        if self.tokens[self.at][0] != "end":
            raise Defect("EXPRESSION_SYNTAX", f"{self.tokens[self.at][1]!r} is too much")
        return node

    def choice(self):
        self.depth += 1
        if self.depth > DEEPEST_CHOICE:
            raise Defect("EXPRESSION_LIMIT", "too deep")
        node = self.either()
        if self.take("?"):
            first = self.choice()
            self.need(":")
            node = Choice(node, first, self.choice())
        self.depth -= 1
        return node

    def chain(self, part, *operators):
        node, length = part(), 0
        while operator := self.take(*operators):
            length += 1
            if length > LONGEST_CHAIN:
                raise Defect("EXPRESSION_LIMIT", "a chain of too many operators")
            node = Binary(operator, node, part())
        return node

    def either(self):
        return self.chain(self.both, "||")

    def both(self):
        return self.chain(self.compare, "&&")

    def compare(self):
        node = self.sum()
        if operator := self.take(*COMPARISONS):
            node = Binary(operator, node, self.sum())
        return node

    def sum(self):
        return self.chain(self.product, "+", "-")

    def product(self):
        return self.chain(self.unary, "*", "/")

    def unary(self):
        if operator := self.take("!", "-"):
            return Unary(operator, self.postfix())
        return self.postfix()

    def postfix(self):
        node, dots = self.primary(), 0
        while self.take("."):
            dots += 1
            if dots > MOST_DOTS:
                raise Defect("EXPRESSION_LIMIT", "too many dots")
            kind, name = self.tokens[self.at]
            if kind != "name":
                raise Defect("EXPRESSION_SYNTAX", "no name behind a dot")
            self.at += 1
            node = Member(node, name, self.arguments(")") if self.take("(") else None)
        return node

    def primary(self):
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return Number(token)
        if kind == "text":
            return Text(token[1:-1])
        if kind == "name" and token in ("true", "false"):
            return Truth(token == "true")
        if kind == "name" and token not in NO_NAMES:
            return Call(token, self.arguments(")")) if self.take("(") else Name(token)
        if kind == "symbol" and token == "(":
            node = self.choice()
            self.need(")")
            return node
        if kind == "symbol" and token == "[":
            return Brackets(self.arguments("]"))
        raise Defect("EXPRESSION_SYNTAX", f"{token!r} begins no value")

    def arguments(self, closing):
        if self.take(closing):
            return []
        found = [self.choice()]
        while self.take(","):
            found.append(self.choice())
        self.need(closing)
        return found


def parse(text):
    if len(text.encode()) > LONGEST_BYTES:
        raise Defect("EXPRESSION_LIMIT", "too long")
    return Parser(text).whole()
