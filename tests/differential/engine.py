"""The engine: one process of hedui-assess-many."""
import json
import subprocess

PIPE_CHARACTERS = 16384  # of at most four bytes; Linux' pipes take 65,536


def listed(value):
    return value if isinstance(value, list) else [value]


def line_of(text):
    """A case as hedui-assess-many reads it; one that is no case (minimise.py makes such) as it is, to be refused."""
    try:
        return matched_line(text)
    except (KeyError, IndexError, TypeError, ValueError):
        return text


def matched_line(text):
    """A case file as hedui-assess-many reads it: what `matching` says of facts stands before it, by places (assess_many.cc)."""
    if '"matching"' not in text:
        return text
    case = json.loads(text)
    answers, facts = {}, []
    for answer in case.get('answers', ()):
        for person in listed(answer['person']):
            for category in listed(answer['category']):
                answers.setdefault((person, category, answer['source']), len(answers))
                facts += answer.get('facts', ())
    for person in case.get('persons', ()):
        facts += person.get('declared', ())
    said, things = [], {}
    for at, fact in enumerate(facts):
        matching = fact.pop('matching', {})
        if 'thing' in matching:
            things[matching['thing']] = at
        if matching.get('held_with') in things:
            said.append(f'held:{at}:{things[matching["held_with"]]}')
        for one in matching.get('also', ()):
            if tuple(one['answer']) in answers:
                place = answers[tuple(one['answer'])]
                said.append(f'other:{at}:{place}:{round(float(one["amount"]) * 100)}' if 'amount' in one else f'also:{at}:{place}')
    text = json.dumps(case, ensure_ascii=False, separators=(',', ':'))
    return '\t'.join(['matched', ' '.join(said), text]) if said else text


class Ended(Exception):
    """The engine is gone: the worst of differences."""


class Engine:
    def __init__(self, program):
        self.program = program
        self.warnings = []
        self.last = ''  # what it was given last
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding='utf-8', bufsize=1 << 16)

    def _line(self):
        line = self._process.stdout.readline()
        if not line:
            raise Ended(f'exit code {self._process.wait()}, at the latest at {self.last}')
        return json.loads(line)

    def load(self, directories):
        """None, or the defects: [file, code, text]."""
        self.last = '\t'.join(['policies', *directories]) + '\n'
        self._process.stdin.write(self.last)
        self._process.stdin.flush()
        line = self._line()
        self.warnings = line.get('warnings', [])  # codes
        return line.get('defects')

    def assess(self, texts):
        """What the pack makes of each of these case files of one line."""
        results = []
        lines = [line_of(text) + '\n' for text in texts]
        while len(results) < len(lines):
            # A few at a time, and no more than a pipe takes: else both would wait to write. One alone is read to its end before it is answered.
            few = lines[len(results):len(results) + 4]
            while len(few) > 1 and sum(map(len, few)) > PIPE_CHARACTERS:
                few.pop()
            self.last = ''.join(few)
            self._process.stdin.write(self.last)
            self._process.stdin.flush()
            results += [self._line() for _ in few]
        return results

    def close(self):
        self._process.stdin.close()
        self._process.wait()
