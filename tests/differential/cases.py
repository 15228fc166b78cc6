"""Random cases for any vocabulary: households of which everything is known, and the same ones with part of it taken away.

A case is a dict as docs/case-format.md has it, all scalars texts. `vocabulary` is {'kinds': …, 'codes': {list: codes},
'categories': […], 'evidence': {kind: rows of every level}}, kinds as policy files declare them.
"""
import collections
import copy
import datetime
import json

RELATIONS = ['child', 'child', 'parent', 'grandchild', 'grandparent', 'sibling', 'other']
REASONS = {
    'unavailable': ['late', 'quota', 'breaker', 'held', 'malformed', 'oversized', 'empty', 'unreachable', 'source_error', 'no_authorization', 'cancelled', 'overloaded'],
    'refused': ['source_refused', 'warrant_rejected', 'no_authorization'],
    'ambiguous': ['wrong_person', 'contradiction', ''],
    'stale': ['too_old', ''], 'pending': ['', 'held'], 'not_covered': ['', 'unknown_person'],
    'not_asked': ['no_authorization', 'not_routable', 'minimised', 'deceased'],
}
UNASKED = ['not_routable', 'minimised']
CONSTANTS = ['1/3', '50 %', '0.5', '12.5%', '1.25', '7/2', '0.75']
ANSWER_KINDS = ['found', 'confirmed_none'] + sorted(REASONS)
MATCHING_TAGS = {'told by several', 'told by several with other amounts', 'told by another category', 'held with an earlier fact', 'declared as held with a found fact'}
POLICY_DAYS = ['2025-03-03'] * 3 + ['2025-03-10', '2025-02-27', '2025-03-31', '2025-03-01', '2025-01-31', '2024-12-20']


def day(text):
    return datetime.date.fromisoformat(text)


def months_back(policy_day, count):
    number = policy_day.year * 12 + policy_day.month - 1 - count
    return f'{number // 12:04}-{number % 12 + 1:02}'


class Cases:
    """Makes cases. `divisions` are those that cases lie in; `always` names categories that always answer, and what they tell."""

    def __init__(self, random, vocabulary, divisions, edges=()):
        self.random, self.vocabulary, self.divisions = random, vocabulary, divisions
        self.kinds = vocabulary['kinds']
        self.edges = list(edges)
        self.categories = [c for c in vocabulary['categories'] if c != 'lim']
        self.stated = [k for k in self.kinds if k != 'limit']
        self.timed = [k for k in self.stated if self.kinds[k]['by'] != 'state']
        self.by_word = [k for k in self.timed if any('statement' in row['complete_by'] for row in vocabulary['evidence'].get(k, []))]
        self.missed = missed_by_rules(vocabulary)
        self.telling = {c: [k for k in self.stated if c in self.kinds[k].get('categories', [])] for c in self.categories}

    def chance(self, share):
        return self.random.random() < share

    # What is complete

    def complete(self):
        pick = self.random.choice
        policy = day(pick(POLICY_DAYS))
        application = policy - datetime.timedelta(days=pick([0, 0, 0, 3, 12, 40, -4]))
        case = {'division': pick(self.divisions), 'scope': pick(['urban', 'rural']), 'dates': {'application': str(application), 'policy': str(policy)}}
        for name in ('acceptance', 'request'):
            if self.chance(0.6):
                case['dates'][name] = str(application + datetime.timedelta(days=pick([0, 0, 5])))
        if self.chance(0.6):
            case['check_kind'] = pick(['new', 'review', 'complaint', 'spot_check', 'objection', 'assistance', 'urgent'])
        if self.chance(0.6):
            case['staff_relative'] = pick(['true', 'false'])
        self.policy, self.numbers = policy, []
        persons = case['persons'] = []
        spouse = False
        for i in range(pick([1, 1, 2, 2, 3, 3, 4, 5, 6])):
            person = {'id': f'p{i}', 'relation': 'applicant' if i == 0 else pick(RELATIONS), 'number': f'{i + 1}', 'birth': self.birth(), 'sex': pick(['male', 'female'])}
            if i and not spouse and self.chance(0.3):
                person['relation'], spouse = 'spouse', True
            elif i and self.chance(0.25):
                person['role'] = 'obligor'
            persons.append(person)
            self.numbers.append(person['number'])
        for person in persons:
            if self.stated and self.chance(0.5):
                person['declared'] = [self.fact(pick(self.stated)) for _ in range(self.random.randint(1, 3))]
            # Of some months, days or years, which may be those asked about.
            if self.timed and self.chance(0.3):
                kind = pick(self.timed + 3 * self.by_word + 3 * [k for k in self.by_word if self.kinds[k]['by'] == 'day'])
                person.setdefault('declared', []).extend(self.fact(kind) for _ in range(self.random.randint(1, 4)))
                if self.chance(0.3):
                    self.hide_declared(person['declared'][-1])
        answers = case['answers'] = []
        for person in persons:
            for category in self.categories:
                for source, manual in self.sources():
                    answers.append(self.answer(person['id'], category, source, manual))
        if self.edges:
            answers.append({'person': 'p0', 'category': 'lim', 'source': 's0', 'kind': 'found', 'facts': []})
            if len(persons) > 1:
                answers.append({'person': [p['id'] for p in persons[1:]], 'category': 'lim', 'source': 's0', 'kind': 'confirmed_none'})
        self.told_twice(answers)
        self.held_together(case)
        # Some ask for a programme, which may have no set; some are refused.
        if self.chance(0.05):
            case['programme'] = pick(self.vocabulary['programmes'] + ['nobody_has_it'])
        elif len(persons) > 2 and self.chance(0.02):
            persons[-1]['relation'] = persons[-2]['relation'] = 'spouse'
        return case

    def sources(self):
        """(source, what the answer says of being by people; None: nothing)"""
        return self.random.choices([[('s1', None)], [('s1', None), ('s2', None)], [('s1', None), ('manual', 'true')], [('s1', 'true')], [('s1', 'false'), ('manual', None)],
                                    [('manual', 'false')]], [40, 8, 4, 1, 1, 1])[0]

    def birth(self):
        """Often around a birthday that ages of rules turn on."""
        if self.chance(0.1):
            return self.random.choice(['2008-02-29', '1960-02-29'])
        near = self.policy + datetime.timedelta(days=self.random.choice([0, 0, 1, -1, 7, -30, 100, 200]))
        years = self.random.choice([0, 3, 6, 16, 18, 18, 34, 50, 60, 60, 80])
        return str(near.replace(year=near.year - years, day=min(near.day, 28)))

    def answer(self, person, category, source, manual):
        kinds = self.telling[category]
        answer = {'person': person, 'category': category, 'source': source, 'kind': 'found' if kinds and self.chance(0.6) else 'confirmed_none'}
        r = self.random.random()
        if r < 0.8:
            answer['covered'] = {'from': '2015-01-01', 'to': '2030-01-01'}
        elif r < 0.9:
            answer['covered'] = {}
        else:
            answer['covered'] = {'from': '2015-01-01'}
        if manual is not None:
            answer['manual'] = manual
        if answer['kind'] == 'found':
            answer['facts'] = [self.fact(self.random.choice(kinds), full=True) for _ in range(self.random.choice([0, 1, 1, 1, 2, 3]))]
            # What this category does not tell of is never looked at.
            if self.chance(0.02):
                answer['facts'].append(self.fact(self.random.choice(self.stated)))
        if self.chance(0.05):
            answer['superseded'] = 'true'
        return answer

    def fact(self, kind, full=False):
        fact = {'kind': kind}
        for name, field in self.kinds[kind]['fields'].items():
            needed = full and 'default' not in field
            if needed or self.chance(0.8):
                fact[name] = self.value(field)
        by = self.kinds[kind]['by']
        if by == 'year' and 'year' in fact:
            fact['year'] = str(self.policy.year - self.random.choice([0, 1, 1, 2]))
        if by == 'period' and 'from' in fact and 'until' in fact and self.chance(0.9):
            fact['until'] = str(day(fact['from']) + datetime.timedelta(days=self.random.choice([1, 31, 90, 365, 400])))
        return fact

    def value(self, field):
        kind, pick = field['type'], self.random.choice
        least = field.get('min')
        if kind.startswith('code('):
            return pick(self.vocabulary['codes'][kind[5:-1]])
        if kind.startswith('money'):
            amount = pick([self.random.randint(0, 30), self.random.randint(0, 3000), self.random.randint(-9, 9) if least is None or least.startswith('-') else 3])
            cents = f'.{self.random.randint(0, 99):02}' if self.chance(0.4) else ''
            return f'{amount}{cents}'
        if kind == 'ratio' and self.chance(0.4):
            return pick(CONSTANTS + ([] if least else ['-20 %', '-1/7']))
        if kind in ('count', 'ratio', 'months', 'years', 'days', 'area'):
            return str(self.random.randint(0, 3) if self.chance(0.8) else self.random.randint(0, 70))
        if kind == 'bool':
            return pick(['true', 'false'])
        if kind == 'date':
            return str(self.policy + datetime.timedelta(days=pick([0, 1, -1, 5, -20, -40, -400, -7000, 30])))
        if kind == 'month':
            return months_back(self.policy, pick([0, 1, 1, 1, 2, 2, 3, 4, 6, 12, -1]))
        if kind == 'person':
            return pick(self.numbers + ['99'])
        if kind == 'division':
            return pick(self.divisions)
        return 'text'

    # What matching says (`matching` of a fact)

    def told_twice(self, answers):
        """Some facts are told by other answers about the same person too, which may give other amounts."""
        for answer in answers:
            if answer['category'] == 'lim':
                continue
            for fact in answer.get('facts', ()):
                kind = self.kinds[fact['kind']]
                others = [other for other in answers if other is not answer and other['person'] == answer['person'] and tells(other)]
                told = answer['category'] in kind.get('categories', ())
                if not others or not self.chance(0.12 if told else 0.6):
                    continue
                also = []
                for other in self.random.choices(others, k=self.random.choice([1, 1, 2])):
                    one = {'answer': [other['person'], other['category'], other['source']]}
                    if 'amount' in fact and kind['fields']['amount']['type'] == 'money' and self.chance(0.75):
                        one['amount'] = self.value(kind['fields']['amount'])
                    also.append(one)
                fact['matching'] = {'also': also}

    def held_together(self, case):
        """A few things are several people's: with a later one they stand as held with an earlier one."""
        members = [person['id'] for person in case['persons'] if person.get('role', 'member') == 'member']
        things = [(answer, fact) for answer in case['answers'] if answer['person'] in members for fact in answer.get('facts', ())]
        for number in range(self.random.choice([0, 0, 1, 2, 3]) if things else 0):
            answer, thing = self.random.choice(things)
            later = members[members.index(answer['person']) + 1:]
            same = {name: value for name, value in thing.items() if name != 'matching'}
            told = thing.setdefault('matching', {}).setdefault('thing', f'thing{number}')
            for person in self.random.sample(later, min(len(later), self.random.choice([1, 1, 2]))):
                mine = {**same, 'matching': {'held_with': told}}
                if self.chance(0.15):
                    declaring = next(one for one in case['persons'] if one['id'] == person)
                    declaring.setdefault('declared', []).append(mine)
                    continue
                tellers = [one for one in case['answers'] if one['person'] == person and tells(one) and one['category'] in self.kinds[thing['kind']].get('categories', ())]
                if tellers:
                    self.random.choice(tellers)['facts'].append(mine)

    # On the edge

    def at_the_edge(self, case, values):
        """Sets the limits of a complete case: {code: yuan}, each the value itself or a fen beside it."""
        told = next(a for a in case['answers'] if a['category'] == 'lim')
        told['facts'] = []
        for code, value in values.items():
            fen = round(value * 100) + self.random.choice([0, 0, 1, -1])
            sign, fen = ('-', -fen) if fen < 0 else ('', fen)
            told['facts'].append({'kind': 'limit', 'which': code, 'amount': f'{sign}{fen // 100}.{fen % 100:02}'})

    # What is not known

    def hide(self, complete, waited):
        """The same household with less known about it. `waited`: of answers only such is hidden as is still to come, so that whatever
        comes of the complete one must be among what may come of this."""
        case = copy.deepcopy(complete)
        share = self.random.choice([0.05, 0.15, 0.3, 0.5])
        for name in ('scope', 'check_kind', 'staff_relative'):
            if self.chance(share / 2):
                case.pop(name, None)
        for name in ('acceptance', 'request'):
            if self.chance(share / 2):
                case['dates'].pop(name, None)
        for person in case['persons']:
            for name in ('birth', 'sex'):
                if self.chance(share / 3):
                    person.pop(name, None)
            for fact in person.get('declared', ()):
                if self.chance(share / 2):
                    self.hide_declared(fact)
        kept = []
        # Where people found something, a rule may be content with that, and miss nobody.
        people = {answer_of(answer) for answer in case['answers'] if 'manual' in answer or answer['source'] == 'manual'}
        matched = {answer for one in case['answers'] for answer in matched_by(one)}
        several = collections.Counter(answer_of(answer) for answer in case['answers'])
        for answer in case['answers']:
            if answer['category'] != 'lim' and not (waited and key_of(answer) in matched) and self.chance(share):
                missed = answer['category'] in self.missed and answer_of(answer) not in people
                # An answer that is not there at all is missed only where it is the only one, and where rules need it; NOT_COVERED is an answer.
                if self.chance(0.12) and not (waited and (several[answer_of(answer)] > 1 or not missed)):
                    continue
                self.hide_answer(answer, sorted(REASONS.keys() - ({'not_covered'} if waited else set())), waited and not missed)
            for fact in answer.get('facts', []):
                if answer['category'] != 'lim' and self.chance(share / 3):
                    self.hide_fact(fact)
            kept.append(answer)
        case['answers'] = kept
        for answer in kept:
            for fact in answer.get('facts', ()):
                keep_matching(fact, {key_of(one) for one in kept if tells(one)})
        return case

    def hide_answer(self, answer, kinds, asked):
        """`asked`: not so that it was nobody's to give."""
        pick = self.random.choice
        r = self.random.random()
        if r < 0.55:
            answer['kind'] = pick(kinds)
            reason = pick([one for one in REASONS[answer['kind']] if not asked or one not in UNASKED])
            if reason:
                answer['reason'] = reason
            if self.chance(0.8):
                answer.pop('facts', None)
        elif r < 0.75:
            beside = self.policy + datetime.timedelta(days=pick([0, 1, -1, 15, -40]))
            answer['covered'] = pick([{'from': '2015-01-01', 'to': str(beside)}, {'from': str(beside)}, {'from': '2015-01-01', 'to': months_back(self.policy, 0) + '-01'}])
        elif r < 0.9:
            answer['data_day'] = str(self.policy + datetime.timedelta(days=pick([-1, -4, -30, -70, 0])))
        elif answer['kind'] == 'found':
            answer['complete'] = 'false'

    def hide_fact(self, fact):
        fields = [n for n in self.kinds[fact['kind']]['fields'] if n in fact]
        r = self.random.random()
        if r < 0.3:
            fact['possible'] = 'true'
        elif fields and r < 0.7:
            fact['doubtful'] = self.random.sample(fields, 1)
        else:
            # Unreadable, or absent: not known either.
            for name in self.random.sample(fields, min(1, len(fields))):
                field = self.kinds[fact['kind']]['fields'][name]
                if field['type'].startswith('code('):
                    fact[name] = 'strange'
                elif field['type'].startswith('money') and 'min' in field:
                    fact[name] = '-11'
                elif 'default' not in field:
                    del fact[name]

    def hide_declared(self, fact):
        """Of what is stated something is left out, its month or day most of all."""
        fields = self.kinds[fact['kind']]['fields']
        told = [n for n in fields if n in fact and 'default' not in fields[n]]
        when = [n for n in told if n in ('month', 'day', 'year', 'from', 'until')]
        if told:
            del fact[self.random.choice(when if when and self.chance(0.7) else told)]

    # Changes that may change nothing

    def shuffled(self, case):
        """The same case in another order."""
        case = copy.deepcopy(case)
        self.random.shuffle(case['persons'])
        if '"held_with"' not in json.dumps(case):
            self.random.shuffle(case['answers'])  # else some of their facts are earlier ones
        for holder in case['persons'] + case['answers']:
            for name in ('declared', 'facts'):
                if name in holder:
                    self.random.shuffle(holder[name])
        return case


def answer_of(answer):
    """Of whom and of what it is; limits are told of several at once."""
    return str(answer['person']), answer['category']


def key_of(answer):
    return answer_of(answer) + (answer['source'],)


def tells(answer):
    return answer['kind'] == 'found' and 'superseded' not in answer and answer['category'] != 'lim'


def matched_by(answer):
    """Answers of which matching says something in an answer's facts."""
    for fact in answer.get('facts', ()):
        if 'matching' in fact:
            yield key_of(answer)
            for one in fact['matching'].get('also', ()):
                yield tuple(one['answer'])


def matching_tags(case):
    """Which of MATCHING_TAGS are seen in a case."""
    found = set()
    for answer in case['answers']:
        for matching in (fact['matching'] for fact in answer.get('facts', ()) if 'matching' in fact and tells(answer)):
            also = matching.get('also', ())
            if also:
                found.add('told by several')
            if any('amount' in one for one in also):
                found.add('told by several with other amounts')
            if any(one['answer'][1] != answer['category'] for one in also):
                found.add('told by another category')
            if 'held_with' in matching:
                found.add('held with an earlier fact')
    if any('matching' in fact for person in case['persons'] for fact in person.get('declared', ())):
        found.add('declared as held with a found fact')
    return found


def written_tags(case):
    """Of facts' ratios, whether one is written as policies write constants."""
    told = [fact for holder in case['persons'] + case['answers'] for name in ('declared', 'facts') for fact in holder.get(name, ())]
    return {'ratio as a constant'} if any('part' in fact and not fact['part'].lstrip('-').isdigit() for fact in told) else set()


def keep_matching(fact, telling):
    """Leaves what matching would say still, where a fact, or other answers that tell it, are known no more."""
    also = fact.get('matching', {}).get('also', [])
    also[:] = [one for one in also if tuple(one['answer']) in telling]
    if 'amount' in fact.get('doubtful', ()) or fact.get('amount', '-11') == '-11':
        for one in also:
            one.pop('amount', None)


def missed_by_rules(vocabulary):
    """The categories of which every rule of evidence of what they tell of waits for an answer also where there is none."""
    def misses(category):
        rows = (row for name, kind in vocabulary['kinds'].items() if category in kind.get('categories', []) for row in vocabulary['evidence'].get(name, []))
        return all(row.get('use') == 'declared' or category in row['complete_by'] for row in rows)
    return {category for category in vocabulary['categories'] if misses(category)}


def text_of(case):
    return json.dumps(case, ensure_ascii=False, separators=(',', ':'))
