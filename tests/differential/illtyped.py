"""Expressions that may be wrong: one part of a right one given another type, or a sign of it changed. Both sides must refuse
the same ones, and with the same code where only one thing can be wrong."""
import json
import os
import random
import re
import tempfile

import language
import packs

TRIED = 4  # for each pack
TOKEN = re.compile(r"\d+(?:\.\d+)?|[A-Za-z_]\w*|'[^']*'|&&|\|\||[<>=!]=|[-+*/<>!?:().,\[\]]|.")
SIGNS = ['+', '-', '*', '/', '<', '==', '&&', '||', '!', '?', ':', '(', ')', '.', ',', '[', ']', 'in', 'true', '1', 'yuan', 'members', 'p', 'scope', "'a'", '"', '#', '2x', 'sum', 'nobody']


def _changed(chance, text):
    tokens = [t for t in TOKEN.findall(text)]
    i = chance.randrange(len(tokens))
    r = chance.random()
    if r < 0.3:
        del tokens[i]
    elif r < 0.5:
        tokens.insert(i, chance.choice(tokens))
    elif r < 0.8:
        tokens[i] = chance.choice(SIGNS)
    else:
        tokens.insert(i, chance.choice(SIGNS))
    return ''.join(tokens)


def expression(chance, kinds):
    """(type, personal, text, whether one thing at most is wrong)"""
    writer = language.Writer(chance, kinds, language.GROUPS)
    writer.people = ('persons', 'members', 'obligors')
    personal = chance.random() < 0.5
    while True:
        kind = chance.choice(['money', 'rate', 'Ratio', 'Count', 'Months', 'years', 'Days', 'bool', 'date', 'period'])
        try:
            if chance.random() < 0.6:
                writer.wrong = chance.randint(1, 6)
                text = writer.write(kind, chance.randint(1, 4), personal)[0]
                if writer.wrong <= 0:
                    return kind, personal, text, True
            else:
                return kind, personal, _changed(chance, writer.write(kind, chance.randint(1, 4), personal)[0]), False
        except language.Dead:
            pass


def try_some(run, seed):
    chance = random.Random(f'wrong {seed}')
    base = packs.bare_pack(chance)
    for _ in range(TRIED):
        kind, personal, text, single = expression(chance, base['facts'])
        content = dict(base)
        content['quantities'] = {'q': {'label': 'l', 'type': language.WRITTEN[kind], 'of': 'person' if personal else 'household',
                                       'rows': [{'from': packs.BEGIN, 'value': text, 'clause': 'T 1', 'trust': 'verified'}]}}
        with tempfile.TemporaryDirectory(prefix='hedui-differential-') as scratch:
            os.mkdir(os.path.join(scratch, packs.NATION))
            with open(os.path.join(scratch, packs.NATION, 'n.yaml'), 'w', encoding='utf-8') as file:
                json.dump(content, file)
            ours = sorted(code for _, code, _ in run.engine.load([scratch]) or [])
            run.counts['expressions'] += 1
            run.counts['refused expressions'] += bool(ours)
            for code in ours:
                run.tags[f'defect {code}'] += 1
            if run.evaluator is None:
                continue
            theirs = []
            try:
                run.evaluator.load([scratch])
            except run.evaluator.Defects as defects:
                theirs = sorted(code for _, code in defects.codes)
        what = f'{kind}{" of a person" if personal else ""}: {text}'
        if bool(ours) != bool(theirs):
            run.report(seed, 'refused by one only', what, [f'engine {ours}, evaluator {theirs}'])
        elif single and ours != theirs:
            run.report(seed, 'different codes', what, [f'engine {ours}, evaluator {theirs}'])
