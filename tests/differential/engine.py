"""The engine: one process of hedui-assess-many."""
import json
import subprocess


class Ended(Exception):
    """The engine is gone: the worst of differences."""


class Engine:
    def __init__(self, program):
        self.program = program
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
        return self._line().get('defects')

    def assess(self, texts):
        """What the pack makes of each of these case files of one line."""
        results = []
        # A few at a time: what is written must be read before the pipe is full on both sides.
        for i in range(0, len(texts), 4):
            self.last = ''.join(text + '\n' for text in texts[i:i + 4])
            self._process.stdin.write(self.last)
            self._process.stdin.flush()
            results += [self._line() for _ in texts[i:i + 4]]
        return results

    def close(self):
        self._process.stdin.close()
        self._process.wait()
