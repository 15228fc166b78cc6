#!/usr/bin/env python3
"""The smallest pack and case that still show a difference, found by leaving out what is not needed.

  minimise.py --engine PROGRAM --seed S [--number N]    the N-th difference of that seed
"""
import argparse
import copy
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import yaml  # noqa: E402

import cases as case_maker  # noqa: E402
import compare  # noqa: E402
import differential  # noqa: E402
from engine import Engine  # noqa: E402

SIMPLE = ['true', 'false', 'yuan(1)', 'yuan(0)', 'yuan(1) / months(1)', 'persons.size()', 'ratio(1)', 'months(1)', 'days(1)', 'years(1)', 'policy_day',
          'p.birth', 'months_before(policy_day, months(1))', '1']


class Judge:
    """Whether a pack and a case differ in the way that is looked for."""

    def __init__(self, engine, evaluator, part):
        self.engine, self.evaluator, self.part = engine, evaluator, part
        self.tried = 0
        self.differences = []

    def __call__(self, files, case):
        self.tried += 1
        with tempfile.TemporaryDirectory(prefix='hedui-differential-') as scratch:
            for path, content in files.items():
                os.makedirs(os.path.dirname(os.path.join(scratch, path)), exist_ok=True)
                with open(os.path.join(scratch, path), 'w', encoding='utf-8') as file:
                    json.dump(content, file)
            if self.engine.load([scratch]):
                return False
            text = case_maker.text_of(case)
            ours = compare.of_engine(self.engine.assess([text])[0])
            if ours.get('error') == 'CASE_FILE':
                return False
            try:
                theirs = self.evaluator.load([scratch]).assess(text)
            except Exception:  # noqa: BLE001
                return False
            found = [d for d in compare.differences(ours, theirs) if self.part in (None, d[1])]
            if found:
                self.differences, self.results = found, (ours, theirs)
            return bool(found)


def parts_of(node, path=()):
    """Paths to everything that may be left out, the largest first."""
    found = []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        found.append(path + (key,))
        found += parts_of(value, path + (key,))
    return sorted(found, key=len)


def without(tree, path):
    tree = copy.deepcopy(tree)
    node = tree
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    return tree


def at(tree, path):
    for key in path:
        tree = tree[key]
    return tree


def left_out(tree, good):
    """Leaves out part after part as long as `good` holds."""
    again = True
    while again:
        again = False
        for path in parts_of(tree):
            try:
                at(tree, path)
            except (KeyError, IndexError):
                continue
            smaller = without(tree, path)
            if good(smaller):
                tree, again = smaller, True
    return tree


def smaller_texts(text):
    """Expressions with something in parentheses lifted out, or put simply."""
    spans = []
    opened = []
    for i, c in enumerate(text):
        if c in '([':
            opened.append(i)
        elif c in ')]' and opened:
            begin = opened.pop()
            spans.append((begin, i + 1))
    for word in SIMPLE:
        if word != text and len(word) < len(text):
            yield word
    for begin, end in sorted(spans, key=lambda s: s[0] - s[1]):
        inner = text[begin + 1:end - 1]
        yield inner
        for argument in re.split(r', ', inner):
            yield argument
    for begin, end in sorted(spans, key=lambda s: s[0] - s[1]):
        head = re.search(r'[\w.]*$', text[:begin]).start()
        for word in SIMPLE:
            if len(word) < end - head:
                yield text[:head] + word + text[end:]
        inner = text[begin + 1:end - 1]
        for part in [inner] + re.split(r' \? | : |, | && | \|\| | [-+*/<>=!]+ ', inner):
            if part != inner or head == begin:
                yield text[:begin] + '(' + part + ')' + text[end:]
                yield text[:begin] + part + text[end:]
    for match in re.finditer(r'\.filter\(', text):
        depth, i = 0, match.end() - 1
        while i < len(text):
            depth += (text[i] == '(') - (text[i] == ')')
            i += 1
            if not depth:
                break
        yield text[:match.start()] + text[i:]
    for sign in (' && ', ' || ', ' + ', ' - ', ' * ', ' / ', ' : ', ' ? ', ' < ', ' == '):
        for part in text.split(sign)[:4]:
            yield part


def simpler(files, good):
    again = True
    while again:
        again = False
        for path in parts_of(files):
            if path[-1] != 'value' or not isinstance(at(files, path), str):
                continue
            for text in smaller_texts(at(files, path)):
                if len(text) >= len(at(files, path)):
                    continue
                other = copy.deepcopy(files)
                at(other, path[:-1])['value'] = text
                if good(other):
                    files, again = other, True
                    break
    return files


def minimised(judge, files, case):
    for _ in range(3):
        before = json.dumps([files, case])
        case = left_out(case, lambda c: judge(files, c))
        files = left_out(files, lambda f: judge(f, case))
        files = simpler(files, lambda f: judge(f, case))
        if json.dumps([files, case]) == before:
            break
    return files, case


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', required=True)
    parser.add_argument('--seed', type=int, required=True)
    parser.add_argument('--number', type=int, default=0)
    parser.add_argument('--cases', type=int, default=differential.CASES_PER_PACK)
    options = parser.parse_args()
    import evaluator
    run = differential.Run(options.engine, evaluator)
    run.keep = []
    run.seed(options.seed, options.cases)
    if len(run.keep) <= options.number:
        print(f'seed {options.seed} shows {len(run.keep)} differences')
        return 1
    files, text, part = run.keep[options.number]
    judge = Judge(Engine(options.engine), evaluator, part)
    case = json.loads(text)
    if not judge(files, case):
        print('not seen again')
        return 1
    files, case = minimised(judge, files, case)
    judge(files, case)
    for path, content in files.items():
        print(f'# {path}')
        print(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=160, default_flow_style=None))
    print('# case')
    print(yaml.safe_dump(case, allow_unicode=True, sort_keys=False, width=160, default_flow_style=None))
    print('\n'.join(compare.shown(d) for d in judge.differences))
    for where, _, _, _ in judge.differences[:1]:
        for result in judge.results:
            print(result.get('entries', {}).get(where) or result)
    print(f'{judge.tried} tries')
    return 0


if __name__ == '__main__':
    sys.exit(main())
