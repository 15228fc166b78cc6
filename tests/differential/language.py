"""Random expressions of the policy language, right in their types by construction. The constructs: constructs.py."""
import re

from constructs import CONSTRUCTS, LEAVES, WORDS

# Which part of a template stands for a list of facts of a kind.
LISTS = {'state': 'facts', 'month': 'monthly', 'day': 'daily', 'year': 'spanned', 'period': 'spanned'}
# Types of keys that are days or months, by what they are counted by.
TIMES = {'date': 'day', 'month': 'month'}
# About so many constructs make an expression, however deep it may go.
BUDGET = 30

# A type may be given by what is narrower.
WIDER = {'count': ['Count', 'Count', 'bare'], 'ratio': ['Ratio', 'Ratio', 'bare'], 'months': ['Months'] * 3 + ['months'],
         'days': ['Days'] * 3 + ['days']}
# Types of parameters that cannot rise.
NOT_STEPPED = ('bool', 'two', 'two_set', 'place')
# Parts of templates, and names, that constraints have none of.
OF_A_CASE = ('people', 'facts', 'monthly', 'daily', 'spanned', 'each', 'closable', 'closable people')
NOT_CONSTANT = re.compile(r'\b(policy_day|application_day|acceptance_day|request_day|persons|scope|division|staff_relative|check_kind)\b')
# As policy files write a type; fields and symbols of it are of ours.
WRITTEN = {'money': 'money', 'rate': 'money/month', 'annual': 'money/year', 'Ratio': 'ratio', 'Count': 'count', 'Months': 'months',
           'years': 'years', 'Days': 'days', 'bool': 'bool', 'date': 'date', 'period': 'period', 'two': 'code(two)',
           'two_set': 'codes(two)', 'month': 'month', 'person': 'person', 'text': 'text', 'place': 'division'}
OURS = {written: ours for ours, written in WRITTEN.items()}


class Dead(Exception):
    """Nothing of this type can stand here."""


def in_its_place(before, text, behind):
    """In parentheses, where something beside it could take a part of it."""
    if before.endswith(('(', ', ')) and behind.startswith((')', ',')):
        return text
    depth = 0
    for c in text:
        if c in '([':
            depth += 1
        elif c in ')]':
            depth -= 1
        elif depth == 0 and c in ' -!':
            return f'({text})'
    return text


class Construct:
    def __init__(self, line):
        self.type, weight, self.tag, template = line.split(None, 3)
        self.weight = int(weight)
        self.group = ''
        if template.startswith('@'):
            self.group, template = template[1:].split(None, 1)
        self.parts = re.split(r'\{([^}]*)\}', template)


def _table(text):
    table = {}
    for line in text.strip().splitlines():
        construct = Construct(line)
        table.setdefault(construct.type, []).append(construct)
    return table


LEAF_TABLE = _table(LEAVES)
CONSTRUCT_TABLE = _table(CONSTRUCTS)
GROUPS = sorted({c.group for table in CONSTRUCT_TABLE.values() for c in table if c.group})


TYPES = set(LEAF_TABLE) | set(CONSTRUCT_TABLE) | set(WIDER) | set(WRITTEN)


def tags():
    """Every name by which something is counted."""
    found = set()
    for table in (LEAF_TABLE, CONSTRUCT_TABLE):
        for constructs in table.values():
            for construct in constructs:
                if construct.tag.startswith('{'):
                    found.update(WORDS[construct.tag[1:-1]])
                else:
                    found.add(construct.tag)
    found.update('round ' + mode for mode in WORDS['MODE'])
    found.update('round ' + grain for grain in WORDS['GRAIN'])
    found.update(('table', 'table by day', 'table by month', 'by()', 'filter', 'persons', 'members', 'obligors', 'during'))
    return found


class Symbol:
    """A name that expressions may use. `tainted`: it rests on who the members are, or on who the obligors are."""

    def __init__(self, name, kind, personal=False, tainted=False, given=()):
        self.name, self.type, self.personal, self.tainted = name, kind, personal, tainted
        self.given = given  # types of the arguments of a table
        self.parameter = False


class Writer:
    """Writes expressions. `kinds` is the vocabulary: {kind: {'by': …, 'fields': {name: {'type': …}}}}."""

    def __init__(self, random, kinds, groups):
        self.random, self.kinds, self.groups = random, kinds, groups
        self.symbols = []
        self.tags = []
        self.people = ('persons',)  # lists of people that may be named now
        self._variables = 0
        self.variants = {}  # {kind: names by which rules of evidence may be asked for}
        self.no_case = False
        self.wrong = None  # so many places on, something of another type is written

    def constants_only(self, symbols):
        """From now on only what constraints may say (T24)."""
        self.symbols, self.kinds, self.people, self.no_case = symbols, {}, ('persons',), True

    def _may_stand(self, construct):
        if self.no_case and (NOT_CONSTANT.search(' '.join(construct.parts[::2])) or any(part in OF_A_CASE or part.startswith('var ') for part in construct.parts[1::2])):
            return False
        return not construct.group or construct.group in self.groups

    def write(self, kind, depth, personal=False):
        """(expression, tags, whether it is tainted), or Dead where nothing of this type was found."""
        for _ in range(50):
            self.tags = []
            self._variables = 0
            self._tainted = False
            self._spent = self._calls = 0
            try:
                text = self._of(kind, depth, [('p', 'person')] if personal else [])
            except Dead:
                continue
            if len(text) <= 1200:
                return text, set(self.tags), self._tainted
        raise Dead

    def _of(self, kind, depth, sight):
        kind = self.random.choice(WIDER[kind]) if kind in WIDER else kind
        choices = []
        if depth > 0 and self.random.random() * BUDGET > self._spent:
            choices = [c for c in CONSTRUCT_TABLE.get(kind, []) if self._may_stand(c)]
        for _ in range(8):
            if not choices:
                break
            construct = self.random.choices(choices, [c.weight for c in choices])[0]
            mark = len(self.tags)
            self._spent += 1
            try:
                return self._fill(construct, depth, sight)
            except Dead:
                del self.tags[mark:]
        return self._leaf(kind, sight)

    def _leaf(self, kind, sight):
        options = []
        people = [name for name, of in sight if of == 'person']
        for symbol in self.symbols:
            if symbol.type != kind or (symbol.tainted and len(self.people) == 1):
                continue
            if symbol.given:
                options.append((3, symbol, symbol))
            elif not symbol.personal:
                options.append((2, symbol.name, symbol))
            elif people:
                options.append((3, f'{self.random.choice(people)}.{symbol.name}', symbol))
        for name, of in sight:
            for field, declared in self.kinds.get(of, {'fields': {}})['fields'].items():
                if OURS[declared['type']] == kind:
                    options.append((8, f'{name}.{field}', None))
        for construct in filter(self._may_stand, LEAF_TABLE.get(kind, [])):
            options.append((construct.weight, construct, None))
        while options:
            i = self.random.choices(range(len(options)), [o[0] for o in options])[0]
            _, option, symbol = options.pop(i)
            if isinstance(option, Symbol):
                try:
                    return self._call(option, sight)
                except Dead:
                    continue
            if not isinstance(option, Construct):
                self._tainted |= symbol is not None and symbol.tainted
                return option
            try:
                return self._fill(option, 0, sight)
            except Dead:
                pass
        raise Dead

    def _call(self, table, sight):
        owners = [name for name, of in sight if of == 'person']
        if self._calls > 1 or (table.personal and not owners):
            raise Dead
        self._calls += 1
        try:
            arguments = ', '.join(self._of(kind, 1, sight) for kind in table.given)
        finally:
            self._calls -= 1
        self.tags.append('table')
        self.tags.extend(f'table by {TIMES[of]}' for of in table.given if of in TIMES)
        return (self.random.choice(owners) + '.' if table.personal else '') + f'{table.name}({arguments})'

    def _named(self, kind):
        names = [s.name for s in self.symbols if s.parameter and not s.personal and kind in ('any', s.type)]
        if not names:
            raise Dead
        return self.random.choice(names)

    def _stepped(self):
        """T22 of `rising` and `falling`."""
        names = [s.name for s in self.symbols if s.parameter and not s.personal and s.type not in NOT_STEPPED and sum(isinstance(of, str) and of not in TIMES for _, of in s.keys) == 1]
        if not names:
            raise Dead
        return self.random.choice(names)

    def _fill(self, construct, depth, sight):
        words = {}
        out = []
        inside = None
        tag = construct.tag
        for i, part in enumerate(construct.parts):
            if i % 2 == 0:
                out.append(part)
            elif part == 'n':
                out.append(str(self.random.choice([0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 12])))
            elif part.isupper():
                word = self.random.choice(WORDS[part])
                if tag == '{' + part + '}':
                    tag = word
                if part in ('MODE', 'GRAIN'):
                    self.tags.append('round ' + word)
                out.append(word)
            elif part.startswith('var '):
                names = [name for name, of in sight if of == part[4:]]
                if not names:
                    raise Dead
                out.append(self.random.choice(names))
            elif part.startswith('named '):
                out.append(self._named(part[6:]))
            elif part == 'stepped':
                out.append(self._stepped())
            elif part == 'closable':
                out.append(self._list_of_facts(self.random.choice(['facts', 'monthly', 'daily', 'spanned']), depth, sight)[0])
            elif part == 'closable people':
                if len(self.people) == 1:
                    raise Dead
                out.append(self.random.choice(['members', 'obligors']))
                self._tainted = True
            elif part in ('people', 'facts', 'monthly', 'daily', 'spanned', 'each'):
                text, inside = self._list(part, depth, sight)
                out.append(text)
            elif part == 'x':
                out.append(inside[-1][0])
            elif part.startswith('in '):
                out.append(self._of(self._perhaps_wrong(part[3:]), depth - 1, inside))
            else:
                out.append(self._of(self._perhaps_wrong(part), depth - 1, sight))
            if i % 2 and (part in TYPES or part[3:] in TYPES):
                out[-1] = in_its_place(construct.parts[i - 1], out[-1], construct.parts[i + 1])
        self.tags.append(tag)
        return ''.join(out)

    def _perhaps_wrong(self, kind):
        if self.wrong is None:
            return kind
        self.wrong -= 1
        return kind if self.wrong else self.random.choice(sorted(CONSTRUCT_TABLE))

    def _list_of_facts(self, what, depth, sight):
        kinds = [k for k, kind in self.kinds.items() if LISTS[kind['by']] == what and k != 'limit']
        if not kinds:
            raise Dead
        of = text = self.random.choice(kinds)
        if what != 'facts':
            kind = 'month' if any(of == 'month' for _, of in sight) and self.random.random() < 0.6 else 'period'
            during = self._of(kind, min(depth - 1, 1), sight) if what != 'daily' or self.random.random() < 0.5 else self._days_before()
            text += f'.during({during})'
            self.tags.append('during')
        if of in self.variants and self.random.random() < 0.5:
            text += f".by('{self.random.choice(self.variants[of])}')"
            self.tags.append('by()')
        return text, of

    def _days_before(self):
        """A period whose ends are days of any month."""
        first = self.random.choice(['{day} - days(1)', '{day} - days(20)', 'add_months({day}, -months(12))', 'application_day - days(30)'])
        last = self.random.choice(['application_day', 'application_day', 'application_day + days(1)', 'policy_day'])
        return f'period({first.format(day=last)}, {last})'

    def _list(self, what, depth, sight):
        if len(sight) > 3:
            raise Dead
        self._variables += 1
        name = f'v{self._variables}'
        if what == 'people':
            of = 'person'
            text = self.random.choice(self.people)
            self._tainted |= text != 'persons'
            self.tags.append(text)
        elif what == 'each':
            of = 'month'
            text = f'each_month({self._of("period", min(depth - 1, 1), sight)})'
        else:
            people = [name for name, of in sight if of == 'person']
            if not people:
                raise Dead
            text, of = self._list_of_facts(what, depth, sight)
            text = f'{self.random.choice(people)}.{text}'
        inside = sight + [(name, of)]
        while self.random.random() < 0.3:
            text += f'.filter({name}, {self._of("bool", depth - 2, inside)})'
            self.tags.append('filter')
        return text, inside
