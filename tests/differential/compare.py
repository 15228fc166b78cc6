"""One form for what either side says of a case, and the comparison of two of them; what must hold of one side's results alone."""
from fractions import Fraction

PARTS = ('text', 'exact_text', 'low', 'high', 'undefined')


def _blame(items):
    return frozenset(tuple(item) for item in items)


def of_engine(line):
    """The engine's line in the form that the evaluator gives (evaluator/__init__.py), with `kind` and `exact` besides."""
    if 'error' in line:
        return {'error': line['error']}

    def value(of, prefix=''):
        found = {part: of.get(prefix + part, '') for part in PARTS}
        found['undefined'] = bool(found['undefined'])
        return found
    entries = {}
    for entry in line['entries']:
        entries[entry['id'], entry.get('person', '')] = {
            **value(entry), 'blame': _blame(entry.get('blame', ())), 'marks': frozenset(entry['marks']), 'kind': entry['kind'],
            'exact': entry.get('exact', False)}
    indications = {}
    for one in line['indications']:
        amount, validity = value(one, 'amount_'), value(one, 'validity_')
        indications[one['programme'], one.get('person', '')] = {
            'result': one['result'], 'robust': one.get('robust', False), 'blame': _blame(one.get('blame', ())), 'marks': frozenset(one['marks']),
            'amount': amount['text'], 'amount_exact_text': amount['exact_text'], 'amount_low': amount['low'], 'amount_high': amount['high'],
            'amount_blame': _blame(one.get('amount_blame', ())),
            'validity': validity['text'], 'validity_exact_text': validity['exact_text'], 'validity_low': validity['low'],
            'validity_high': validity['high'], 'validity_blame': _blame(one.get('validity_blame', ()))}
    return {'entries': entries, 'indications': indications, 'next_change': line.get('next_change')}


COMPARED = {'entries': PARTS + ('blame', 'marks'),
            'indications': ('result', 'robust', 'blame', 'marks') + tuple(
                what + part for what in ('amount', 'validity') for part in ('', '_exact_text', '_low', '_high', '_blame'))}


def differences(engine, other, next_change=True):
    """[(where, part, engine's, the other's)] of two results in one form; empty where they are equal."""
    if 'error' in engine or 'error' in other:
        same = engine.get('error') == other.get('error')
        return [] if same else [('case', 'error', engine.get('error'), other.get('error'))]
    found = []
    for section, parts in COMPARED.items():
        ours, theirs = engine[section], other[section]
        for key in ours.keys() ^ theirs.keys():
            found.append((key, 'present', key in ours, key in theirs))
        for key in ours.keys() & theirs.keys():
            for part in parts:
                if part.startswith('validity') and part not in theirs[key]:
                    continue
                a, b = ours[key][part], theirs[key][part]
                if a != b:
                    found.append((key, part, a, b))
    if next_change and engine['next_change'] != other['next_change']:
        found.append(('case', 'next_change', engine['next_change'], other['next_change']))
    return found


def shown(difference):
    where, part, a, b = difference
    if isinstance(a, frozenset):
        a, b = sorted(a - b), sorted(b - a)
        return f'{where} {part}: engine only {a}, evaluator only {b}'
    return f'{where} {part}: engine {a!r}, evaluator {b!r}'


CLOSED = {'unproven', 'preliminary'}  # marks of what is taken for known although it is not


def _holds(exact, known):
    """Whether a value that may be all that `known` says may be `exact`."""
    if known['kind'] == 'number':
        value = Fraction(exact['low'])
        return (not known['low'] or Fraction(known['low']) <= value) and (not known['high'] or value <= Fraction(known['high']))
    if known['kind'] == 'date':
        return (not known['low'] or known['low'] <= exact['low']) and (not known['high'] or exact['low'] <= known['high'])
    if known['kind'] == 'truth':
        return known['text'] in ('UNDETERMINED', exact['text'])
    if known['kind'] == 'code':
        # Of a set of codes that is not known, every code of the list is given.
        return exact['text'] == known['text'] or (
            not known['exact'] and (known['text'].endswith('|…') or set(filter(None, exact['text'].split('|'))) <= set(known['text'].split('|'))))
    return not known['exact'] or known['text'] == exact['text']


def unsound(complete, hidden):
    """Where the result of a household of which everything is known is not among what was possible while less was known."""
    if 'error' in complete or 'error' in hidden:
        return []
    found = []
    for key, exact in complete['entries'].items():
        known = hidden['entries'].get(key)
        if known is None or not exact['exact'] or exact['undefined'] or (exact['marks'] | known['marks']) & CLOSED:
            continue
        if not _holds(exact, known):
            found.append((key, 'holds', exact['text'], known['text']))
    for key, exact in complete['indications'].items():
        known = hidden['indications'].get(key)
        if known and known['robust'] and not exact['marks'] & CLOSED and exact['result'] != known['result']:
            found.append((key, 'robust', exact['result'], known['result']))
    return found
