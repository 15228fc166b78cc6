"""Constraints and bands, one at a time laid over a random pack: both sides must load it, warn of it or refuse it alike."""
import copy
import random
import re
import tempfile

import packs

TRIED = 5  # for each pack
OUTCOMES = ('constraint kept', 'CONSTRAINT_BROKEN', 'CONSTRAINT_UNDETERMINED', 'band kept', 'BAND_BREACH', 'GUIDANCE_LEFT', 'CONSTRAINT_UNDETERMINED of a band')
WARNINGS = ('CONSTRAINT_UNDETERMINED', 'GUIDANCE_LEFT')
BEFORE = '1999-06-01'  # when nothing has a row
LATE = '2025-02-15'
BANDED = ('money', 'rate', 'annual', 'Ratio', 'Count', 'Months', 'years', 'Days')


class _Demands:
    """Writes demands of a pack, of its parameters that are the nation's and the household's."""

    def __init__(self, chance, pack):
        self.chance, self.maker = chance, pack.maker
        self.files = copy.deepcopy(pack.files)
        self.nation = self.files[f'{packs.NATION}/{packs.NATION}.yaml']
        self.maker.random = self.maker.writer.random = chance
        self.parameters = [s for s in self.maker.writer.symbols if s.parameter and s.name in self.nation.get('parameters', {})]
        self.maker.writer.constants_only([s for s in self.parameters if not s.personal])

    def hollow(self, but=None):
        """Leaves parameters without rows at first, so that it is open what is demanded of them."""
        for name, declared in self.nation.get('parameters', {}).items():
            rows = declared.get('rows', ())
            for row in rows if name != but else ():
                if row['from'] == packs.BEGIN and 'to' not in row:
                    row['from'] = LATE
            kept = [row for row in rows if row['from'] != packs.BEGIN or name == but]
            if kept:
                declared['rows'] = kept

    def expression(self, kind):
        """Of some tries the first that names a parameter."""
        for _ in range(10):
            text = self.maker.writer.write(kind, self.chance.choice([1, 1, 2, 3]))[0]
            if re.search(r'\bk\d', text):
                break
        return text

    def level(self):
        """A file of the nation or below it."""
        return self.chance.choice([self.nation, self.nation] + list(self.files.values()))

    def row(self, **parts):
        return {'from': self.chance.choice([BEFORE, packs.BEGIN, packs.BEGIN, '2025-02-15', '2025-07-01']), 'clause': 'T 1', 'trust': 'verified', **parts}

    def constraint(self):
        file = self.level()
        if self.chance.random() < 0.6:
            self.hollow()
        rows = [self.row(holds=self.expression('bool'))]
        rows[0]['clause'] = next(iter(file['documents'])) + ' 1'
        file.setdefault('constraints', {})['demand'] = {'label': 'l', 'rows': rows}
        return rows[0]['holds']

    def bound(self, kind):
        return self.maker.constant(kind) if self.chance.random() < 0.3 else self.expression(kind)

    def band(self):
        left = [s for s in self.parameters if s.type in BANDED and 'delegate' in self.nation['parameters'][s.name]]
        if not left:
            return None
        symbol = self.chance.choice(left)
        hollow = self.chance.random() < 0.5
        if hollow:
            self.hollow(but=symbol.name)
        file = self.chance.choice([self.nation, self.nation, self.files[f'{packs.REGION}/{packs.REGION}.yaml']])
        row = self.row(clause=next(iter(file['documents'])) + ' 1')
        if hollow:
            row['from'] = packs.BEGIN
        for name in self.chance.choice([('min',), ('max',), ('min', 'max')]):
            row[name] = self.bound(symbol.type)
        key = {name: self.chance.choice(self.maker.key_parts(codes)) for name, codes in symbol.keys if self.chance.random() < 0.3}
        key = {name: part for name, part in key.items() if part}
        if key:
            row['key'] = key
        declared = file.setdefault('parameters', {}).setdefault(symbol.name, {})
        delegate = declared.setdefault('delegate', {'to': ['county']})
        what = self.chance.choice(['bands', 'guides'])
        delegate.setdefault(what, []).append(row)
        return f'{what} of {symbol.name}: {row}'


def try_some(run, seed, pack):
    chance = random.Random(f'demand {seed}')
    for _ in range(TRIED):
        demands = _Demands(chance, pack)
        what = chance.choice(['constraint', 'band', 'band'])
        try:
            said = getattr(demands, what)()
        except packs.language.Dead:
            said = None
        if said is not None:
            _try(run, seed, packs.Pack(demands.files), what, said)


def _try(run, seed, pack, what, said):
    with tempfile.TemporaryDirectory(prefix='hedui-differential-') as scratch:
        pack.write(scratch)
        ours = {code for _, code, _ in run.engine.load([scratch]) or ()} or {code for code in run.engine.warnings if code in WARNINGS}
        run.counts['demands'] += 1
        for code in ours or {f'{what} kept'}:
            run.counts[f'{code} of a band' if code == 'CONSTRAINT_UNDETERMINED' and what == 'band' else code] += 1
        if run.evaluator is None:
            return
        try:
            theirs = {code for code, _ in run.evaluator.load([scratch]).read.warnings if code in WARNINGS}
        except run.evaluator.Defects as defects:
            theirs = {code for _, code in ((d[0], d[1]) for d in defects.codes)}
    if ours != theirs:
        run.report(seed, 'different demands', f'{what}: {said}', [f'engine {sorted(ours)}, evaluator {sorted(theirs)}'])
