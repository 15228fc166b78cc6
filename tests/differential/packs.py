"""Random policy packs: a nation, a region, sometimes a county. Every pack loads; what is in it is said by `Pack.tags`.

Its files are JSON, which is YAML, and all scalars are texts.
"""
import datetime
import json
import os

import language

NATION, REGION, COUNTY = 'national', '640000', '640104'
CATEGORIES = ['cat', 'reg', 'tax', 'vis']
KEY_CODES = {'scope': ['urban', 'rural'], 'role': ['member', 'obligor'], 'sex': ['male', 'female'],
             'relation': ['applicant', 'spouse', 'child', 'parent', 'grandchild', 'grandparent', 'sibling', 'other']}
PERSONAL_KEYS = ('role', 'sex', 'relation', 'birth')
# Days on which rows begin and end; cases stand around them.
EDGES = ['2024-06-01', '2025-01-01', '2025-02-15', '2025-03-01', '2025-03-03', '2025-03-04', '2025-03-20', '2025-04-01', '2025-07-01', '2026-01-01']
BEGIN = '2000-01-01'
# Limits of money that a case sets itself, told by one register that always answers: so that a case can be put on the edge.
EDGE_CODES = ['a', 'b', 'c']

# Types of numbers that a row may be chosen by.
NUMBER_KEYS = ['Count', 'years', 'money', 'Ratio']
# Days that are keys, and what their ranges begin and end at, as those of given ones do.
DAY_KEYS = ['policy_day', 'application_day', 'acceptance_day', 'birth']
KEY_ENDS = {'date': EDGES + ['1965-03-03', '1990-01-01', '2007-03-10', '2024-02-29', '2024-03-01'],
            'month': ['1990-01', '2024-02', '2024-12', '2025-01', '2025-02', '2025-03', '2025-04']}
COUNTED = {'use': ['found', 'higher', 'declared', 'agreed'], 'otherwise': ['unknown', 'found', 'declared', 'presumed'], 'manual': ['adds', 'suffices'],
           'by': ['declaration', 'statement', 'category']}

TAGS = {'is_member', 'members_complete', 'obligors_complete', 'keyed', 'two keys', 'keyed by number', 'keyed by day', 'keyed by month', 'row of a level below', 'when', 'any', 'programme of persons', 'programme row below', 'added code'}


def nothing_between(kind, first, second):
    """Whether of two ends of ranges one follows the other."""
    if kind == 'Count':
        return int(second) == int(first) + 1
    if kind not in KEY_ENDS:
        return False
    first, second = (datetime.date.fromisoformat(text if kind == 'date' else text + '-01') for text in (first, second))
    return (second - first).days <= (1 if kind == 'date' else 31)


class Pack:
    def __init__(self, files=None):
        self.files = files or {}  # {path below the directory: content}
        self.tags = set()
        self.edges = []  # (code, quantity): what is held against the limit of that code
        self.vocabulary = None

    def write(self, directory):
        for path, content in self.files.items():
            os.makedirs(os.path.dirname(os.path.join(directory, path)), exist_ok=True)
            with open(os.path.join(directory, path), 'w', encoding='utf-8') as file:
                json.dump(content, file, ensure_ascii=False, indent=1)


class _Maker:
    def __init__(self, random):
        self.random = random
        self.pack = Pack()
        self.pack.maker = self
        self.groups = [g for g in language.GROUPS if random.random() < 0.5]
        self.depth = random.choice([1, 2, 3, 3, 4, 4, 5])
        self.nation = self._file('000000')
        self.names = 0
        self.made = []  # (symbol, section, writer's symbols before it, lists of people)
        self.clause = 'T 1'
        self.left = []  # programmes whose rows levels below may give

    def _file(self, division):
        return {'division': division, 'documents': {'T' if division == '000000' else f'T{division}': {'title': 't'}}}

    def chance(self, share):
        return self.random.random() < share

    # Rows

    def spans(self):
        """Periods that do not overlap, the most part holding on the days of cases."""
        r = self.random.random()
        if r < 0.6:
            return [{'from': BEGIN}]
        if r < 0.85:
            day = self.random.choice(EDGES)
            return [{'from': BEGIN, 'to': day}, {'from': day}]
        if r < 0.93:
            first, second = sorted(self.random.sample(EDGES, 2))
            return [{'from': BEGIN, 'to': first}, {'from': second}]
        return [{'from': BEGIN, 'to': self.random.choice(EDGES)}]

    def row(self, span, **parts):
        return dict(span, **parts, clause=self.clause, trust='verified' if self.chance(0.7) else 'assumed')

    def rows(self, value):
        return [self.row(span, value=value()) for span in self.spans()]

    # Vocabulary

    def vocabulary(self):
        def field(kind, **more):
            return dict({'label': 'f', 'type': kind}, **more)

        def maybe(**more):
            return more if self.chance(0.4) else {}
        lowest = self.random.choice([{}, {'min': '0'}, {'min': '0'}, {'min': '-10'}])
        kinds = {
            'thing': {'by': 'state', 'categories': ['cat', 'reg'], 'fields': {
                'kind2': field('code(two)', **maybe(default='b')), 'amount': field('money', **lowest), 'who': field('person'),
                'day': field('date'), 'flag': field('bool', **maybe(default='false')), 'number': field('count', **maybe(default='1')),
                'note': field('text'), 'home': field('division')}},
            'pay': {'by': 'month', 'categories': ['tax', 'cat'], 'fields': {
                'month': field('month'), 'amount': field('money', **lowest), 'flag': field('bool', **maybe(default='true')),
                'kind2': field('code(two)'), 'part': field('ratio', **maybe(min='0'))}},
            'care': {'by': 'state', 'categories': ['vis', 'reg'], 'fields': {
                'who': field('person'), 'span': field('months', **maybe(min='0')), 'old': field('years', min='0'), 'long': field('days'),
                'yearly': field('money/year'), 'monthly': field('money/month', min='0'), 'since': field('month')}},
            'word': {'by': 'state', 'fields': {'flag': field('bool'), 'amount': field('money', min='0'), 'day': field('date')}},
            'annual': {'by': 'year', 'categories': ['tax', 'vis'], 'fields': {
                'year': field('count'), 'amount': field('money', **lowest), 'flag': field('bool', **maybe(default='true'))}},
            'spell': {'by': 'period', 'categories': ['reg', 'tax'], 'fields': {
                'from': field('date'), 'until': field('date'), 'amount': field('money', **lowest), 'kind2': field('code(two)')}},
            'bill': {'by': 'day', 'categories': ['vis', 'cat'], 'fields': {
                'day': field('date'), 'amount': field('money', **lowest), 'flag': field('bool', **maybe(default='false')), 'part': field('ratio')}},
            'limit': {'by': 'state', 'categories': ['lim'], 'fields': {'which': field('code(two)'), 'amount': field('money')}},
        }
        for name in ('care', 'word', 'annual', 'spell', 'bill'):
            if self.chance(0.3):
                del kinds[name]
        for kind in kinds.values():
            kind['label'] = 'k'
            kind['evidence_by'] = ['region', 'city', 'county']
        self.kinds = kinds
        # A list that levels below may add to.
        self.open_codes = self.chance(0.2)
        self.nation.update({
            'codes': {'two': {'label': 'l', 'values': {'a': '甲', 'b': '乙', 'c': '丙'}}},
            'categories': {name: name for name in CATEGORIES + ['lim']},
            'facts': kinds,
        })
        if self.open_codes:
            self.nation['codes']['two']['open'] = self.random.choice(['true', ['region', 'county']])
            self.pack.tags.add('added code')
        self.pack.vocabulary = {'kinds': kinds, 'codes': {'two': ['a', 'b', 'c']}, 'categories': CATEGORIES, 'evidence': {}, 'programmes': []}

    def evidence(self, name):
        if name == 'limit':
            return {'rows': [{'from': BEGIN, 'complete_by': ['lim'], 'use': 'found', 'clause': self.clause, 'trust': 'verified'}]}
        if self.chance(0.06):
            return None
        rows = []
        for span in self.spans():
            if self.chance(0.6):
                needs = self.kinds[name].get('categories', ['declaration'])
            else:
                needs = self.random.sample(self.kinds[name].get('categories', []) * 4 + ['declaration', 'statement'], self.random.choice([1, 1, 2]))
                needs = [n + '@s1' if n in CATEGORIES and self.chance(0.3) else n for n in dict.fromkeys(needs)]
            if self.kinds[name]['by'] != 'state' and self.chance(0.35 if self.kinds[name]['by'] == 'day' else 0.2):
                needs = self.random.choice([['statement'], ['statement', *needs]])
                needs = list(dict.fromkeys(needs))
            use = self.random.choice(['found', 'found', 'higher', 'higher', 'declared', 'agreed'])
            otherwise = self.random.choice(['unknown', 'unknown', 'unknown', 'found', 'declared'])
            manual = self.random.choice(['adds', 'suffices'])
            self.pack.tags.update((f'use {use}', f'otherwise {otherwise}', f'manual {manual}'))
            self.pack.tags.update('by ' + need.split('@')[0] if need in ('declaration', 'statement') else 'by category' for need in needs)
            if len(needs) > 1 and self.chance(0.1):
                needs = [{'any': needs}]
                self.pack.tags.add('any')
            row = self.row(span, complete_by=needs, use=use, otherwise=otherwise, manual=manual)
            if name in self.presumed and self.chance(0.3):
                row.update(otherwise='presumed', presume=self.presumed[name])
                self.pack.tags.add('otherwise presumed')
            if self.kinds[name]['by'] == 'month' and self.chance(0.15):
                row['asked'] = 'to_data_day'
            if self.whom and self.chance(0.25):
                # Before the one for everybody.
                rows.append({**row, 'when': self.random.choice(self.whom), 'use': self.random.choice(COUNTED['use'])})
                self.pack.tags.add('when')
            if self.chance(0.2):
                rows.append({**row, 'variant': 'other', 'use': self.random.choice(COUNTED['use'])})
                self.writer.variants[name] = ['other']
            rows.append(row)
        return {'rows': rows}

    def evidences(self):
        """Tests and amounts that evidence may name rest on no facts, since those would rest on them."""
        kinds, self.writer.kinds = self.writer.kinds, {}
        self.whom, self.presumed = [], {}
        for _ in range(self.random.choice([0, 0, 1])):
            if symbol := self.rule('bool', self.name('t'), personal=True):
                self.whom.append(symbol.name)
        for name, kind in (('pay', 'rate'), ('thing', 'money')):
            if self.chance(0.3) and (symbol := self.rule(kind, personal=True)):
                self.presumed[name] = symbol.name
        self.writer.kinds = kinds
        self.made = []
        self.nation['evidence'] = {name: rule for name in self.kinds if (rule := self.evidence(name))}

    # Parameters

    def constant(self, kind):
        pick = self.random.choice
        if kind == 'two_set':
            return self.random.sample(['a', 'b', 'c'], self.random.randint(0, 3))
        return {
            'money': lambda: pick([str(self.random.randint(-3, 40)), f'{self.random.randint(0, 30)}.{self.random.randint(0, 99):02}', '10/3']),
            'rate': lambda: str(self.random.randint(0, 900)), 'annual': lambda: str(self.random.randint(0, 9000)),
            'Ratio': lambda: pick(['0.5', '20 %', '1/3', '2', '-1', '0', '150%']),
            'Count': lambda: str(self.random.randint(0, 4)), 'Months': lambda: str(self.random.randint(0, 14)),
            'years': lambda: pick(['16', '18', '60', '1']), 'Days': lambda: str(self.random.randint(0, 400)), 'bool': lambda: pick(['true', 'false']),
            'two': lambda: pick('abc'), 'place': lambda: pick(language.WORDS['PLACE']), 'date': lambda: pick(EDGES + ['1999-12-31']),
        }[kind]()

    def ranges(self, kind):
        """Ranges of numbers that do not meet, and single ones."""
        if kind in KEY_ENDS:
            texts = sorted(self.random.sample(KEY_ENDS[kind], 3))
        else:
            ends = sorted(self.random.sample(range(-1, 40) if kind != 'Count' else range(0, 6), 3))
            texts = [f'{end}.5' if kind in ('money', 'Ratio') and self.chance(0.3) and end >= 0 else str(end) for end in ends]
        parts = [self.random.choice([{'to': texts[0]}, {'upto': texts[0]}])]
        low = 'over' if 'upto' in parts[0] else self.random.choice(['from', 'over'])
        parts.append({low: texts[0], self.random.choice(['to', 'upto']): texts[1]})
        if low == 'over' and nothing_between(kind, *texts[:2]):
            parts[1].pop('to', None)
            parts[1]['upto'] = texts[1]
        low = 'over' if 'upto' in parts[1] else self.random.choice(['from', 'over'])
        parts.append(self.random.choice([{low: texts[1]}, {low: texts[1], 'upto': texts[2]}, texts[2]]))
        if self.chance(0.2):
            parts.pop(self.random.randrange(3))
        return parts

    def key_parts(self, codes):
        """Codes parted into a few groups; perhaps not all of them. None: the key is left out. A type instead of codes: ranges of it."""
        if self.chance(0.15):
            return [None]
        if isinstance(codes, str):
            return self.ranges(codes)
        codes = list(codes)
        self.random.shuffle(codes)
        if self.chance(0.2):
            codes.pop()
        groups = [[] for _ in range(self.random.randint(1, 3))]
        for code in codes:
            self.random.choice(groups).append(code)
        return [g for g in groups if g]

    def keyed_rows(self, kind, keys, some=1.0):
        rows = []
        for first in self.key_parts(keys[0][1]) if keys else [None]:
            for second in self.key_parts(keys[1][1]) if len(keys) > 1 else [None]:
                if not self.chance(some):
                    continue
                key = {keys[i][0]: part[0] if isinstance(part, list) and len(part) == 1 and self.chance(0.5) else part
                       for i, part in enumerate((first, second)) if part}
                for span in self.spans():
                    rows.append(self.row(span, **({'key': key} if key else {}), value=self.constant(kind)))
        return rows

    def parameter(self, kind):
        name = self.name('k')
        keys = []
        if self.chance(0.5):
            options = dict(KEY_CODES)
            options.update({s.name: ['a', 'b', 'c'] for s in self.writer.symbols if s.type == 'two' and not s.tainted and not s.given})
            options.update({s.name: s.type for s in self.writer.symbols if s.type in NUMBER_KEYS and not s.tainted and not s.given and self.chance(0.5)})
            options.update({'given_two': ['a', 'b', 'c'], 'given_number': self.random.choice(NUMBER_KEYS)})
            options.update({s.name: 'date' for s in self.writer.symbols if s.type == 'date' and not s.tainted and not s.given and self.chance(0.5)})
            options.update({name: 'date' for name in DAY_KEYS if self.chance(0.3)})
            options.update({f'given_{name}': kind for kind, name in language.TIMES.items() if self.chance(0.7)})
            for key in self.random.sample(sorted(options), self.random.choice([1, 1, 2])):
                keys.append((key, options[key]))
                self.pack.tags.add('keyed')
                if isinstance(options[key], str):
                    self.pack.tags.add(f'keyed by {language.TIMES.get(options[key], "number")}')
            if len(keys) > 1:
                self.pack.tags.add('two keys')
        declared = {'label': 'l', 'type': language.WRITTEN[kind], 'rows': self.keyed_rows(kind, keys)}
        if keys:
            declared['keys'] = [{'name': key, 'type': 'code(two)' if of[0] == 'a' else language.WRITTEN[of]} if key.startswith('given_') else key
                                for key, of in keys]
        if kind in ('money', 'rate', 'Months') and self.chance(0.4):
            declared['min'] = '-3'
        if self.chance(0.5):
            declared['delegate'] = {'to': ['region', 'county']}
        if not declared['rows']:
            del declared['rows']
        personal = any(k in PERSONAL_KEYS or any(s.name == k and s.personal for s in self.writer.symbols) for k, _ in keys)
        given = [of if isinstance(of, str) else 'two' for key, of in keys if key.startswith('given_')]
        symbol = language.Symbol(name, kind, personal, given=given)
        symbol.keys, symbol.parameter = keys, True
        self.add(symbol, 'parameters', declared)

    # Quantities and tests

    def name(self, letter):
        self.names += 1
        return f'{letter}{self.names}'

    def add(self, symbol, section, declared, file=None):
        (self.nation if file is None else file).setdefault(section, {})[symbol.name] = declared
        if file is None and 'delegate' in declared:
            self.made.append((symbol, section, list(self.writer.symbols), self.writer.people))
        self.writer.symbols.append(symbol)

    def rule_rows(self, kind, personal, depth=None):
        tainted = False
        rows = []
        for span in self.spans():
            text, tags, taint = self.writer.write(kind, self.depth if depth is None else depth, personal)
            tainted |= taint
            self.pack.tags |= tags
            rows.append(self.row(span, value=text))
        return rows, tainted

    def rule(self, kind, name=None, personal=None, file=None):
        personal = self.chance(0.5) if personal is None else personal
        try:
            rows, tainted = self.rule_rows(kind, personal)
        except language.Dead:
            return None
        test = kind == 'bool' and (name is not None or self.chance(0.85))
        declared = {'label': 'l', 'rows': rows}
        if not test:
            declared['type'] = language.WRITTEN[kind]
        if personal:
            declared['of'] = 'person'
        if file is None and self.chance(0.4):
            declared['delegate'] = {'to': ['region', 'county']}
        symbol = language.Symbol(name or self.name('t' if test else 'q'), kind, personal, tainted)
        self.add(symbol, 'tests' if test else 'quantities', declared, file)
        return symbol

    def edge(self, code):
        money = [s for s in self.writer.symbols if s.type == 'money' and not s.personal and s.name.startswith('q')]
        if not money:
            return
        held = self.random.choice(money)
        order = self.random.choice(language.WORDS['ORDER'])
        limit = f"persons.sum(x, x.limit.filter(y, y.which == '{code}').sum(y, y.amount))"
        rows = [self.row({'from': BEGIN}, value=f'{held.name} - {limit}')]
        self.nation['quantities'][f'gap_{code}'] = {'label': 'l', 'type': 'money', 'rows': rows}
        rows = [self.row({'from': BEGIN}, value=f'{held.name} {order} {limit}')]
        self.nation['tests'][f'edge_{code}'] = {'label': 'l', 'rows': rows}
        self.pack.tags.add(order)
        self.pack.edges.append((code, held.name))

    def calendar(self, *years):
        rows = []
        for year in years:
            days = self.random.sample(range(1, 13), 4)
            rows.append({'from': f'{year}-01-01', 'to': f'{year + 1}-01-01', 'off': [f'{year}-{m:02}-{self.random.choice(["03", "04", "05"])}' for m in days[:2]],
                         'work': [f'{year}-{m:02}-{self.random.choice(["01", "02", "08", "09"])}' for m in days[2:]], 'clause': self.clause,
                         'trust': 'verified' if self.chance(0.8) else 'assumed'})
        return {'rows': rows}

    def below(self, division):
        """A file of a region or county: rows of what is delegated, and symbols of its own."""
        file = self._file(division)
        self.clause = f'T{division} 1'
        if self.open_codes and self.chance(0.7):
            code = 'd' if division == REGION else 'e'
            file['codes'] = {'two': {'add': {code: '丁'}}}
            self.pack.vocabulary['codes']['two'].append(code)
        if self.chance(0.2):
            file['calendar'] = self.calendar(2025)
        nations, people = self.writer.symbols, self.writer.people
        for symbol, section, before, seen in self.made:
            if not self.chance(0.35):
                continue
            if section == 'parameters':
                rows = self.keyed_rows(symbol.type, symbol.keys, some=0.6)
            else:
                self.writer.symbols, self.writer.people = before, seen
                try:
                    rows, tainted = self.rule_rows(symbol.type, symbol.personal, min(self.depth, 3))
                except language.Dead:
                    continue
                finally:
                    self.writer.symbols, self.writer.people = nations, people
                if tainted and not symbol.tainted:
                    continue
            if rows:
                file.setdefault(section, {})[symbol.name] = {'rows': rows}
                self.pack.tags.add('row of a level below')
        for kind in self.random.choices(['money', 'bool', 'rate'], k=self.random.randint(0, 2)):
            self.rule(kind, file=file)
        for name in self.kinds:
            if name != 'limit' and self.chance(0.15) and (rule := self.evidence(name)):
                file.setdefault('evidence', {})[name] = rule
        own = self.writer.symbols[len(nations):]
        self.programmes(file, self.random.choice([0, 1]))
        tests = [s.name for s in self.writer.symbols if s.type == 'bool' and not s.personal and s.name.startswith('t')]
        for name in self.left:
            if tests and self.chance(0.5):
                rows = [self.row(span, indication=self.random.choice(tests)) for span in self.spans()]
                file.setdefault('programmes', {})[name] = {'rows': rows}
                self.pack.tags.add('programme row below')
        self.writer.symbols = nations + own
        self.pack.files[f'{division}/{division}.yaml'] = file

    def programmes(self, file, count):
        if self.chance(0.25):
            self.programme_of_persons(file)
        tests = [s.name for s in self.writer.symbols if s.type == 'bool' and not s.personal and s.name.startswith('t')]
        amounts = [s.name for s in self.writer.symbols if s.type in ('money', 'rate') and not s.personal and s.name.startswith('q')]
        if file is self.nation:
            tests = [f'edge_{code}' for code, _ in self.pack.edges] + tests
        for i in range(min(count, len(tests))):
            name = self.name('programme_')
            test = tests[i] if file is self.nation and i < len(self.pack.edges) else self.random.choice(tests)
            rows = []
            for span in self.spans():
                more = {'amount': self.random.choice(amounts)} if amounts and self.chance(0.7) else {}
                rows.append(self.row(span, indication=test, **more))
            file.setdefault('programmes', {})[name] = {'label': 'l', 'rows': rows}
            if file is self.nation and self.chance(0.3):
                file['programmes'][name]['delegate'] = {'to': ['region', 'county']}
                self.left.append(name)

    def programme_of_persons(self, file):
        tests = [s.name for s in self.writer.symbols if s.type == 'bool' and s.personal and s.name.startswith('t')]
        amounts = [s.name for s in self.writer.symbols if s.type in ('money', 'rate') and s.personal and s.name.startswith('q')]
        if not tests:
            return
        more = {'amount': self.random.choice(amounts)} if amounts else {}
        validities = [s.name for s in self.writer.symbols if s.type in ('Months', 'years', 'Days') and not s.given]
        if self.chance(0.5):
            more['validity'] = self.random.choice(validities + ['6 months', '180 days', '1 years'])
        rows = [self.row({'from': BEGIN}, indication=self.random.choice(tests), **more)]
        file.setdefault('programmes', {})[self.name('programme_')] = {'label': 'l', 'of': 'person', 'rows': rows}
        self.pack.tags.add('programme of persons')

    def make(self):
        self.vocabulary()
        self.writer = language.Writer(self.random, self.kinds, self.groups)
        self.nation['quantities'], self.nation['tests'] = {}, {}
        self.nation['calendar'] = self.calendar(2024, 2025)
        self.evidences()
        for kind in self.random.choices(['money', 'rate', 'Ratio', 'Count', 'Months', 'years', 'Days', 'bool', 'two', 'two_set', 'date', 'annual', 'place'], k=7):
            self.parameter(kind)
        for _ in range(self.random.choice([0, 1])):
            self.rule('two_set')
        # What who belongs may rest on; then who belongs; then all else.
        for kind in self.random.choices(['money', 'bool', 'bool', 'Ratio', 'date', 'two', 'period'], k=3):
            self.rule(kind)
        for name, personal, share in (('is_member', True, 0.7), ('members_complete', False, 0.5), ('obligors_complete', False, 0.6)):
            if self.chance(share):
                mark = len(self.writer.symbols)
                self.rule('bool', name, personal)
                del self.writer.symbols[mark:]
                self.pack.tags.add(name)
        self.writer.people = ('persons', 'members', 'members', 'members', 'obligors')
        for kind in ['money', 'money'] + self.random.choices(
                ['money', 'money', 'rate', 'bool', 'bool', 'Ratio', 'Count', 'Months', 'years', 'Days', 'date', 'period', 'two', 'annual'], k=9):
            self.rule(kind)
        for personal in (False, False):
            self.rule('bool', personal=personal)
        for code in EDGE_CODES[:self.random.choice([1, 2, 2, 3])]:
            self.edge(code)
        self.programmes(self.nation, self.random.randint(2, 4))
        self.pack.files[f'{NATION}/{NATION}.yaml'] = self.nation
        self.below(REGION)
        if self.chance(0.3):
            self.below(COUNTY)
        for file in self.pack.files.values():
            for name, rule in file.get('evidence', {}).items():
                self.pack.vocabulary['evidence'].setdefault(name, []).extend(rule['rows'])
            self.pack.vocabulary['programmes'] += file.get('programmes', ())
            for section in ('quantities', 'tests', 'parameters', 'evidence'):
                if section in file and not file[section]:
                    del file[section]
        return self.pack


def bare_pack(random):
    """A nation's file with a vocabulary and nothing computed."""
    maker = _Maker(random)
    maker.vocabulary()
    return maker.nation


def random_pack(random):
    return _Maker(random).make()
