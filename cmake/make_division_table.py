#!/usr/bin/env python3
"""Turns the dated revisions of the npm package gb2260 into server/base/division_table.tsv.

    npm pack gb2260@0.6.0
    python3 cmake/make_division_table.py gb2260-0.6.0.tgz > server/base/division_table.tsv

Run by hand when the package has a new revision; the build reads the committed table only.
"""
import json
import sys
import tarfile

HEADER = """\
# Division codes (行政区划代码) of GB/T 2260, county level and above, as dated rows: code, name, from, to.
# [from, to) by civil day; an empty `to` is open. A revision is known by its month only, so that a row begins on
# the first day of the month of the first revision that has it, and ends on the first day of the month of the first
# revision without it. What held before {first} is not in the table. Special administrative regions: their own code
# only.
# Generated, never edited by hand; changes after {last} stand in division_changes.tsv.
#   npm pack gb2260@{version} && python3 cmake/make_division_table.py gb2260-{version}.tgz
# Source: npm package gb2260 {version}, lib/<revision>.json, revisions {first} to {last}, taken there from the
# national bureau of statistics. The package is by Hsiaoming Yang and names the MIT licence without a copyright
# line of its own:
#   Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
#   documentation files (the "Software"), to deal in the Software without restriction, including without limitation
#   the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and
#   to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above
#   copyright notice and this permission notice shall be included in all copies or substantial portions of the
#   Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
#   LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT
#   SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION
#   OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
#   DEALINGS IN THE SOFTWARE.
# code\tname\tfrom\tto"""


def month(revision):
    return f"{revision[:4]}-{revision[4:]}"


def day(revision):
    return month(revision) + "-01" if revision else ""


def read_package(path):
    """Returns the version, the revisions in order of time, and {revision: {code: name}}."""
    with tarfile.open(path) as package:
        def read(name):
            return json.load(package.extractfile("package/" + name))
        revisions = sorted(read("lib/revisions.json"))
        return read("package.json")["version"], revisions, {
            revision: read(f"lib/{revision}.json") for revision in revisions}


def spans(revisions, tables):
    """Yields (code, name, first revision with it, first revision without it or None), by code and time."""
    for code in sorted({code for table in tables.values() for code in table}):
        name, since = None, None
        for revision in revisions:
            now = tables[revision].get(code)
            if now != name:
                if name is not None:
                    yield code, name, since, revision
                name, since = now, revision
        if name is not None:
            yield code, name, since, None


def main():
    version, revisions, tables = read_package(sys.argv[1])
    print(HEADER.format(version=version, first=month(revisions[0]), last=month(revisions[-1])))
    for code, name, since, until in spans(revisions, tables):
        print(code, name, day(since), day(until), sep="\t")


if __name__ == "__main__":
    main()
