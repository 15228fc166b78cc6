#!/usr/bin/env python3
"""Random packs and cases, assessed by the engine and by the second evaluator, which must agree (README.md).

  differential.py --engine PROGRAM --cases N [--seed S] [--engine-only] [--coverage]
"""
import argparse
import collections
import copy
import datetime
import json
import os
import random
import sys
import tempfile
import time
import traceback
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import cases as case_maker  # noqa: E402
import compare  # noqa: E402
import demands  # noqa: E402
import illtyped  # noqa: E402
import language  # noqa: E402
import packs  # noqa: E402
import shipped  # noqa: E402
from engine import Ended, Engine  # noqa: E402

CASES_PER_PACK = 50
HIDDEN = [True, False]  # for each household of which all is known, two with less: what policies wait for alone, and anything
SHIPPED_EVERY = 10  # one seed in so many takes policies that are shipped, or that tests are made by
SHOWN_MAX = 5
FAILURES = ('engine ended', 'pack does not load', 'pack does not load in the evaluator', 'case is not read', 'unsound', 'evaluator failed', 'difference', 'order matters',
            'changes before next_change', 'different codes', 'refused by one only', 'different demands')


# What the need `statement` of kinds by month and by day is seen to come to (P5): where it is not met, perhaps by something stated of a
# time that is not known.
STATEMENTS = {f'statement by {by} {outcome}' for by in ('month', 'day') for outcome in ('met', 'not met', 'perhaps met')}
# Whether something is outstanding (P11): of lists that are proven otherwise, also by what stands in for it (P7, P9), and that are not.
OUTSTANDING = {'outstanding, proven otherwise', 'outstanding, not proven either', 'outstanding, stood in for', 'outstanding beside a source that is named', 'outstanding of people'}


def watch_evidence(evaluator, seen):
    """From now on, what the second evaluator asks of evidence comes to is added to `seen`."""
    run, rules = evaluator.run.Run, evaluator.evidence
    statement, prove, outstanding = run.statement_blame, rules.proof_of, rules.outstanding

    def statement_blame(self, person, kind, period):
        blame = statement(self, person, kind, period)
        told = self.of_period(self.told_by(person, kind)[1], kind, period)
        if blame is not None:
            known = period is None or period[2] is not None
            seen.add(f'statement by {kind.by} {"perhaps met" if told and known else "not met"}')
        elif told:
            seen.add(f'statement by {kind.by} met')
        return blame

    def proof_of(self, person, kind, rule, period):
        self.outstanding_blame = 0
        met, blame = prove(self, person, kind, rule, period)
        if self.outstanding_blame:
            seen.add('outstanding, proven otherwise' if met else 'outstanding, not proven either')
            needed = {need[0] for group in rule.needs if isinstance(group, list) or rule.manual_suffices for need in (group if isinstance(group, list) else [group])}
            if met and any(item[3] in needed for item in self.items(self.outstanding_blame)):
                seen.add('outstanding, stood in for')
        return met, blame

    def outstanding_of(self, person, kind, rule, question):
        blame = self.outstanding_blame = outstanding(self, person, kind, rule, question)
        named = {category for category, source in rule.asked() if source}
        if any(item[3] in named and item[2] for item in self.items(blame)):
            seen.add('outstanding beside a source that is named')
        if any(item[2] == 'manual' for item in self.items(blame)):
            seen.add('outstanding of people')
        return blame
    run.statement_blame, rules.proof_of, rules.outstanding = statement_blame, proof_of, outstanding_of


def random_source(seed):
    """(directories, files of the pack or None, a maker of cases, tags, codes of limits that cases set)"""
    chance = random.Random(f'pack {seed}')
    if seed % SHIPPED_EVERY == 3:
        return shipped.source(chance)
    pack = packs.random_pack(chance)
    divisions = ['640000', '640104', '640104', '640200', '110000']
    maker = case_maker.Cases(random.Random(f'cases {seed}'), pack.vocabulary, divisions, pack.edges)
    return shipped.Source(pack=pack, maker=maker, tags=pack.tags, edges=[code for code, _ in pack.edges])


class Totals:
    """What runs counted, added up."""

    def __init__(self):
        self.counts = collections.Counter()
        self.tags = collections.Counter()  # cases by what they, or the packs they are assessed by, hold
        self.random_cases = 0  # by random packs: what tags are shares of
        self.spent = collections.Counter()  # seconds

    def add(self, other):
        self.counts.update(other['counts'])
        self.tags.update(other['tags'])
        self.spent.update(other['spent'])
        self.random_cases += other['random_cases']

    def __getitem__(self, name):
        return getattr(self, name)

    def summary(self):
        counts = self.counts

        def share(part, whole):
            return f'{100 * counts[part] / max(1, counts[whole]):.1f} %'
        return [
            f'{counts["cases"]} cases by {counts["packs"]} packs, {counts["compared"]} compared; {counts["entries"]} entries; '
            f'{counts["NO_POLICY_SET"]} without a set, {counts["CASE"]} not well formed, {counts["ARITHMETIC_OVERFLOW"]} overflow',
            f'{share("undetermined", "indications")} of indications undetermined, {share("robust", "indications")} robust; '
            f'{100 * counts["at the edge"] / max(1, self.random_cases):.1f} % of cases within a fen of a limit; {share("inexact entries", "entries")} of entries not exact',
            f'{counts["completions"]} completions, {counts["shuffled"]} in another order, {counts["later days"]} later days; '
            f'{counts["expressions"]} expressions that may be wrong, {counts["refused expressions"]} refused',
            f'{counts["demands"]} constraints and bands: ' + ', '.join(f'{counts[outcome]} {outcome}' for outcome in demands.OUTCOMES),
            'seconds: ' + ', '.join(f'{name} {value:.1f}' for name, value in sorted(self.spent.items())),
        ]

    def shares(self):
        return [f'{100 * count / max(1, self.random_cases):6.2f} %  {tag}' for tag, count in sorted(self.tags.items(), key=lambda item: item[1])]

    def uncovered(self):
        """What too few households show."""
        wanted = language.tags() | {f'answer {kind}' for kind in case_maker.ANSWER_KINDS} | packs.TAGS | case_maker.MATCHING_TAGS | STATEMENTS | OUTSTANDING | {'ratio as a constant'}
        wanted |= {f'{what} {word}' for what, words in packs.COUNTED.items() for word in words}
        missing = [f'{tag}: {100 * self.tags[tag] / max(1, self.random_cases):.2f} %' for tag in sorted(wanted) if self.tags[tag] * 100 < self.random_cases]
        missing += [f'{outcome}: {self.counts[outcome]} of {self.counts["demands"]}' for outcome in demands.OUTCOMES if self.counts[outcome] * 100 < self.counts['demands']]
        if self.counts['undetermined'] * 5 < self.counts['indications']:
            missing.append('fewer than 20 % of indications are undetermined')
        if self.counts['at the edge'] * 10 < self.random_cases:
            missing.append('fewer than 10 % of cases lie within a fen of a limit')
        return missing

    def failures(self):
        return [f'{count} {what}' for what, count in sorted(self.counts.items()) if what in FAILURES and count]


class Run(Totals):
    """Seeds one after another, and what was counted and found."""

    def __init__(self, program, evaluator):
        super().__init__()
        self.engine = Engine(program)
        self.evaluator = evaluator
        self.found = []  # texts
        self.seen = set()  # tags of what the second evaluator came by in a case
        if evaluator is not None:
            watch_evidence(evaluator, self.seen)
        self.keep = None  # a list, for minimise.py: (files, case text, part) of every difference

    def timed(self, name, call, *arguments):
        begin = time.perf_counter()
        try:
            return call(*arguments)
        finally:
            self.spent[name] += time.perf_counter() - begin

    def report(self, seed, what, text, lines):
        self.counts['failures'] += 1
        self.counts[what] += 1
        if len(self.found) < SHOWN_MAX:
            self.found.append('\n  '.join([f'seed {seed}: {what}: {text}'] + lines[:6]))

    def seed(self, seed, count):
        try:
            self.try_seed(seed, count)
        except Ended as ended:
            self.report(seed, 'engine ended', str(ended)[:2000], [])
            self.engine = Engine(self.engine.program)

    def try_seed(self, seed, count):
        source = self.timed('generating', random_source, seed)
        with tempfile.TemporaryDirectory(prefix='hedui-differential-') as scratch:
            directories = source.write(scratch)
            defects = self.timed('engine', self.engine.load, directories)
            if defects:
                self.report(seed, 'pack does not load', '', [' '.join(d) for d in defects])
                return
            pack = None
            if self.evaluator:
                try:
                    pack = self.timed('evaluator loading', self.evaluator.load, directories)
                except Exception as refused:  # noqa: BLE001: whatever it is, it is to be told
                    self.report(seed, 'pack does not load in the evaluator', '', [repr(getattr(refused, 'codes', refused)), traceback.format_exc()[-900:]])
            self.counts['packs'] += 1
            if self.keep is not None:
                self.files = shipped.files_of(directories)
            self.households(seed, source, pack, count)
        if not source.edges:
            return
        self.timed('ill-typed', illtyped.try_some, self, seed)
        self.timed('demands', demands.try_some, self, seed, source.pack)

    def households(self, seed, source, pack, count):
        chance = random.Random(f'more {seed}')
        bases = []
        for _ in range(max(1, count // (1 + len(HIDDEN)))):
            bases.append(self.timed('generating', source.maker.complete))
        if source.edges:
            probes = self.timed('engine', self.engine.assess, [case_maker.text_of(c) for c in bases])
            for base, probe in zip(bases, probes):
                entries = {e['id']: e for e in probe.get('entries', ())}
                values = {}
                for code in source.edges:
                    gap = entries.get(f'gap_{code}', {})
                    if gap.get('exact') and abs(Fraction(gap['low'])) < 10 ** 13:
                        values[code] = Fraction(gap['low'])
                source.maker.at_the_edge(base, values)
        for base in bases:
            group = [base] + [self.timed('generating', source.maker.hide, base, waited) for waited in HIDDEN]
            texts = [case_maker.text_of(c) for c in group]
            results = [compare.of_engine(line) for line in self.timed('engine', self.engine.assess, texts)]
            for case, text, result in zip(group, texts, results):
                self.count(source, case, result)
                if 'error' in result and result['error'] not in ('NO_POLICY_SET', 'CASE', 'ARITHMETIC_OVERFLOW'):
                    self.report(seed, 'case is not read', text, [str(result)])
                    continue
                if pack is not None:
                    self.seen.clear()
                    self.compare(seed, pack, text, result)
                    self.tags.update(self.seen if source.edges else ())
            for waited, text, result in zip(HIDDEN, texts[1:], results[1:]):
                if not waited:
                    continue
                if unsound := compare.unsound(results[0], result):
                    self.report(seed, 'unsound', text, [str(u) for u in unsound])
                self.counts['completions'] += 1
            one = chance.randrange(len(group))
            if chance.random() < 0.1:
                self.shuffled(seed, source, group[one], results[one])
            if chance.random() < 0.4:
                self.until_next_change(seed, chance, group[one], results[one])

    def compare(self, seed, pack, text, result):
        try:
            other = self.timed('evaluator', pack.assess, text)
            differences = compare.differences(result, other)
        except Exception:  # noqa: BLE001
            self.report(seed, 'evaluator failed', text, [traceback.format_exc()[-1500:]])
            return
        self.counts['compared'] += 1
        if differences:
            if self.keep is not None:
                self.keep.append((copy.deepcopy(self.files), text, differences[0][1]))
            self.report(seed, 'difference', text, [compare.shown(d) for d in differences])

    def count(self, source, case, result):
        self.counts['cases'] += 1
        if 'error' in result:
            self.counts[result['error']] += 1
            return
        for indication in result['indications'].values():
            self.counts['indications'] += 1
            self.counts['undetermined'] += indication['result'] == 'UNDETERMINED'
            self.counts['robust'] += indication['robust']
        self.counts['entries'] += len(result['entries'])
        self.counts['inexact entries'] += sum(not e['exact'] for e in result['entries'].values())
        if not source.edges:
            return
        self.random_cases += 1
        gaps = [result['entries'][f'gap_{code}', ''] for code in source.edges]
        self.counts['at the edge'] += any(g['exact'] and abs(Fraction(g['low'])) <= Fraction(1, 100) for g in gaps)
        tags = set(source.tags)
        for answer in case['answers']:
            tags.add(f'answer {answer["kind"]}')
            if 'reason' in answer:
                tags.add(f'reason {answer["reason"]}')
            tags.update(f'answer {name}' for name in ('superseded', 'manual', 'data_day', 'complete') if name in answer)
            tags.update(f'fact {name}' for fact in answer.get('facts', ()) for name in ('possible', 'doubtful') if name in fact)
        tags |= case_maker.matching_tags(case) | case_maker.written_tags(case)
        self.tags.update(tags)

    def shuffled(self, seed, source, case, result):
        text = case_maker.text_of(source.maker.shuffled(case))
        again = compare.of_engine(self.engine.assess([text])[0])
        self.counts['shuffled'] += 1
        if differences := compare.differences(result, again):
            self.report(seed, 'order matters', text, [compare.shown(d) for d in differences])

    def until_next_change(self, seed, chance, case, result):
        """The same case on a later day, before the day that the engine names."""
        if 'error' in result:
            return
        today = case_maker.day(case['dates']['policy'])
        last = today + datetime.timedelta(days=500)
        if result['next_change']:
            last = min(last, case_maker.day(result['next_change']) - datetime.timedelta(days=1))
        if last <= today:
            return
        days = {last, today + datetime.timedelta(days=chance.randint(1, (last - today).days))}
        texts = [case_maker.text_of({**case, 'dates': {**case['dates'], 'policy': str(d)}}) for d in sorted(days)]
        for text, line in zip(texts, self.engine.assess(texts)):
            self.counts['later days'] += 1
            if differences := compare.differences(result, compare.of_engine(line), next_change=False):
                self.report(seed, 'changes before next_change', text, [f'said {result["next_change"]}'] + [compare.shown(d) for d in differences])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', required=True)
    parser.add_argument('--cases', type=int, default=CASES_PER_PACK)
    parser.add_argument('--seed', type=int, default=0, help='the first one; each is a pack with its cases')
    parser.add_argument('--seeds', type=int, help='so many of them, whatever --cases says')
    parser.add_argument('--cases-per-pack', type=int, default=CASES_PER_PACK)
    parser.add_argument('--engine-only', action='store_true', help='properties of the engine alone')
    parser.add_argument('--coverage', action='store_true', help='fail where something is shown by fewer than 1 %% of households')
    parser.add_argument('--shares', action='store_true', help='print what share of households shows what')
    parser.add_argument('--json', help='a file for what was counted')
    parser.add_argument('--stop', action='store_true', help='at the first difference')
    options = parser.parse_args()
    evaluator = None
    if not options.engine_only:
        import evaluator
    run = Run(options.engine, evaluator)
    seed = options.seed
    while seed - options.seed < options.seeds if options.seeds else run.counts['cases'] < options.cases:
        most = options.cases_per_pack
        run.seed(seed, most if options.seeds else min(most, options.cases - run.counts['cases']))
        seed += 1
        if run.counts['failures'] and options.stop:
            break
    run.engine.close()
    for text in run.found:
        print(text)
    print(f'seeds {options.seed} to {seed - 1}')
    print('\n'.join(run.summary()))
    if options.shares:
        print('\n'.join(run.shares()))
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump({name: run[name] for name in ('counts', 'tags', 'random_cases', 'spent')}, file)
    if run.failures():
        print('FAILED:', ', '.join(run.failures()))
    missing = run.uncovered() if options.coverage else []
    for text in missing:
        print('NOT COVERED:', text)
    return 1 if run.failures() or missing else 0


if __name__ == '__main__':
    sys.exit(main())
