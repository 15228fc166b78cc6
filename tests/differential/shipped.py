"""Policies that are shipped, and those that worked cases are made by, with random cases of their vocabulary."""
import glob
import os
import random

import yaml

import cases as case_maker

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOADER = getattr(yaml, 'CBaseLoader', yaml.BaseLoader)


class Source:
    """Where a seed's pack and cases come from."""

    def __init__(self, maker, tags=frozenset(), edges=(), pack=None, directories=()):
        self.maker, self.tags, self.edges, self.pack, self.directories = maker, tags, edges, pack, list(directories)

    def write(self, scratch):
        if self.pack:
            self.pack.write(scratch)
            return [scratch]
        return self.directories


def files_of(directories):
    files = {}
    for directory in directories:
        for folder, _, names in os.walk(directory):
            for name in names:
                if name.endswith('.yaml'):
                    with open(os.path.join(folder, name), encoding='utf-8') as file:
                        content = yaml.load(file, Loader=LOADER)
                    files[os.path.join(os.path.basename(folder), f'{len(files)}.yaml')] = content
    return files


_vocabularies = {}


def vocabulary_of(directories):
    """(vocabulary, divisions that have files)"""
    key = tuple(directories)
    if key not in _vocabularies:
        vocabulary = {'kinds': {}, 'codes': {}, 'categories': [], 'evidence': {}, 'programmes': []}
        divisions = set()
        for directory in directories:
            for path in sorted(glob.glob(os.path.join(directory, '*', '*.yaml'))):
                folder = os.path.basename(os.path.dirname(path))
                if folder != 'national':
                    divisions.add(folder)
                with open(path, encoding='utf-8') as file:
                    content = yaml.load(file, Loader=LOADER)
                vocabulary['kinds'].update(content.get('facts') or {})
                vocabulary['categories'] += list(content.get('categories') or {})
                vocabulary['programmes'] += content.get('programmes') or ()
                for name, rule in (content.get('evidence') or {}).items():
                    vocabulary['evidence'].setdefault(name, []).extend(rule['rows'])
                for name, codes in (content.get('codes') or {}).items():
                    vocabulary['codes'].setdefault(name, []).extend(codes.get('values') or codes.get('add') or {})
        _vocabularies[key] = vocabulary, sorted(divisions) or ['110000']
    return _vocabularies[key]


def sets():
    found = [[os.path.join(ROOT, 'policies')], [os.path.join(ROOT, 'policies'), os.path.join(ROOT, 'tests/assess/policies')]]
    return found * 3 + [[path] for path in sorted(glob.glob(os.path.join(ROOT, 'tests/assess/packs/*')))]


def source(chance):
    directories = chance.choice(sets())
    vocabulary, divisions = vocabulary_of(directories)
    return Source(directories=directories, maker=case_maker.Cases(random.Random(chance.random()), vocabulary, divisions))
