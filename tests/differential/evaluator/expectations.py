"""What case files expect (docs/case-format.md), held against a result."""


def names_of(blame):
    """An item as case files write it: source/category, a policy row's name, or the kind."""
    return {f"{item[2]}/{item[3]}" if item[3] else item[7] or item[0] for item in blame}


def unlike(wanted, name, found, as_set=False):
    if name not in wanted:
        return []
    told = wanted[name]
    if as_set:
        told = set(told)
    return [] if told == found else [f"{name}: {sorted(found) if as_set else found} instead of {wanted[name]}"]


def of_entry(wanted, entry):
    return (unlike(wanted, "value", entry["text"]) + unlike(wanted, "blame", names_of(entry["blame"]), True)
            + unlike(wanted, "marks", entry["marks"], True))


def of_indication(wanted, found):
    return (unlike(wanted, "result", found["result"]) + unlike(wanted, "robust", "true" if found["robust"] else "false")
            + unlike(wanted, "amount", found["amount"])
            + unlike(wanted, "validity", f"{found['validity']} {wanted.get('validity', '').rpartition(' ')[2]}") + unlike(wanted, "blame", names_of(found["blame"]), True)
            + unlike(wanted, "marks", found["marks"], True))


def unmet(expected, result):
    """Texts of what is otherwise than expected."""
    found = []
    for wanted in expected:
        if "error" in wanted:
            found += unlike(wanted, "error", result.get("error"))
        elif "error" in result:
            found.append(f"refused: {result['error']}")
        elif "next_change" in wanted:
            found += unlike(wanted, "next_change", result["next_change"])
        elif "programme" in wanted:
            key = wanted["programme"], wanted.get("person", "")
            one = result["indications"].get(key)
            found += [f"{key}: {text}" for text in (of_indication(wanted, one) if one else ["missing"])]
        else:
            key = wanted["id"], wanted.get("person", "")
            one = result["entries"].get(key)
            found += [f"{key}: {text}" for text in (of_entry(wanted, one) if one else ["missing"])]
    return found
