"""Holds what `hedui assess --format json` prints against this evaluator: `of_json`, `differences`, and all case files."""

import glob
import json
import os
import subprocess
import sys

from .expectations import unmet
from .reading import read

USAGE = "\n".join((
    "python3 -m evaluator compare HEDUI ROOT", "python3 -m evaluator expect ROOT", "python3 -m evaluator assess CASE DIRECTORY…"))
PARTS = ("kind", "person", "source", "category", "answer", "reason", "detail", "policy")


def blame_of_json(items):
    return frozenset(tuple("" if part == "reason" and item.get(part) == "NONE" else item.get(part, "") for part in PARTS)
                     for item in items)


def entry_of_json(value, blame, marks):
    found = {"text": value["text"], "exact_text": value.get("exact_text", ""), "low": "", "high": "",
             "undefined": value.get("undefined", False), "blame": blame_of_json(blame), "marks": frozenset(marks)}
    ends = ("from", "to") if value["kind"] in ("date", "division") else ("low", "high")
    if value["kind"] != "period":
        found["low"], found["high"] = (value.get(end, "") for end in ends)
    return found


def of_json(told):
    entries = {(item["id"], item.get("person", "")): entry_of_json(item["value"], item["blame"], item["marks"])
               for item in told["entries"]}
    indications = {}
    for item in told["indications"]:
        found = indications[item["programme"], item.get("person", "")] = {
            "result": item["result"], "robust": item["robust"], "blame": blame_of_json(item["blame"]),
            "marks": frozenset(item["marks"])}
        for name in ("amount", "validity"):
            value = item.get(name, {})
            found[name] = value.get("text", "")
            found.update({f"{name}_{part}": value.get(part, "") for part in ("exact_text", "low", "high")})
            found[f"{name}_blame"] = blame_of_json(item.get(f"{name}_blame", ()))
    return {"entries": entries, "indications": indications, "next_change": told.get("next_change")}


def differences(ours, theirs):
    """Texts of what differs; empty if the two are equal."""
    if "error" in ours or "error" in theirs:
        pair = ours.get("error"), theirs.get("error")
        return [] if pair[0] == pair[1] else [f"error: {pair[0]} / {pair[1]}"]
    found = []
    if ours["next_change"] != theirs["next_change"]:
        found.append(f"next_change: {ours['next_change']} / {theirs['next_change']}")
    for part in ("entries", "indications"):
        for key in sorted(ours[part].keys() | theirs[part].keys()):
            mine, other = ours[part].get(key), theirs[part].get(key)
            if mine is None or other is None:
                found.append(f"{key}: {'missing here' if mine is None else 'missing there'}")
                continue
            for name in mine:
                if mine[name] != other.get(name):
                    found.append(f"{key} {name}: {shown(mine[name], other[name])}")
    return found


def shown(mine, other):
    if isinstance(mine, frozenset):
        return f"only here {sorted(mine - other)}, only there {sorted(other - mine)}"
    return f"{mine!r} / {other!r}"


def run_hedui(hedui, case, directories):
    command = [hedui, "assess", case, "--format", "json"]
    for directory in directories:
        command += ["--policies", directory]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stdout.startswith("{"):
        return of_json(json.loads(done.stdout))
    text = done.stderr or done.stdout
    code = text.split(":", 1)[0]
    return {"error": code if code in ("NO_POLICY_SET", "CASE", "ARITHMETIC_OVERFLOW") else "CASE_FILE", "text": text}


def cases_of(root):
    """(name, text, result here, path, directories) of every case file of the tests."""
    from . import load
    packs = {}
    base = os.path.join(root, "tests/assess/cases")
    for path in sorted(glob.glob(base + "/**/*.yaml", recursive=True)):
        folder = os.path.relpath(os.path.dirname(path), base)
        own = ["policies", "tests/assess/policies"] if folder == "." else [f"tests/assess/packs/{folder}"]
        directories = [os.path.join(root, directory) for directory in own]
        if folder not in packs:
            packs[folder] = load(directories)
        with open(path, encoding="utf-8") as opened:
            text = opened.read()
        yield os.path.relpath(path, base), text, packs[folder].assess(text), path, directories


def check_cases(root, found_in):
    """Prints what `found_in` finds in every case; the number of cases that have something."""
    failed = count = 0
    for name, text, ours, path, directories in cases_of(root):
        found = found_in(text, ours, path, directories)
        count += 1
        failed += bool(found)
        for line in found:
            print(f"{name}: {line}")
    print(f"{count} cases, {failed} differ")
    return failed


def compare_cases(hedui, root):
    return check_cases(root, lambda _, ours, path, directories: differences(ours, run_hedui(hedui, path, directories)))


def expect_cases(root):
    return check_cases(root, lambda text, ours, *_: unmet(read(text).get("expect") or (), ours))


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "compare":
        return 1 if compare_cases(arguments[1], arguments[2]) else 0
    if len(arguments) == 2 and arguments[0] == "expect":
        return 1 if expect_cases(arguments[1]) else 0
    if len(arguments) >= 2 and arguments[0] == "assess":
        from . import load
        with open(arguments[1], encoding="utf-8") as opened:
            result = load(arguments[2:]).assess(opened.read())
        print(json.dumps(result, default=sorted, ensure_ascii=False, indent=1) if "error" in result else listing(result))
        return 0
    print(USAGE, file=sys.stderr)
    return 2


def listing(result):
    lines = [f"next_change {result['next_change']}"]
    for part in ("entries", "indications"):
        for key, item in result[part].items():
            lines.append(f"{'.'.join(key).rstrip('.')}: " + ", ".join(
                f"{name} {sorted(value) if isinstance(value, frozenset) else value}" for name, value in item.items() if value))
    return "\n".join(lines)
