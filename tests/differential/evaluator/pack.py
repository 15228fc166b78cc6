"""Policy packs: files of directories read into symbols, kinds, rules of evidence and programmes of divisions."""

import os

from . import vocabulary
from .checker import Checker
from .constants import read_number
from .constraints import Band, Demand, Loader
from .errors import Defect, Defects
from .evidence import read_rule
from .graph import check_cycles
from .kinds import BUILT_IN_LISTS, NAMED, TRUTH, CodeList, read_type
from .overlay import LEVELS, Delegation, check_overlaps
from .reading import read
from .rowfile import read_calendar_row, read_dates, read_expression, read_matches, read_parameter_row, read_validity
from .symbols import HOUSEHOLD, PARAMETER, PERSONAL, QUANTITY, TEST, Key, Symbol, above, built_in, level_of
from .values import CODE, DATE, DIVISION, MONTH, NUMBER

MOST_CODES = 63


class File:
    __slots__ = ("path", "division", "data")


class Programme:
    """A programme; rows by division."""

    def __init__(self, name, division, personal):
        self.name = name
        self.division = division
        self.personal = personal
        self.rows = {}
        self.delegation = Delegation()


class PackReader:
    """Reads all files and gathers their defects."""

    def __init__(self, directories):
        self.defects = []
        self.files = []
        self.code_lists = {}
        self.categories = set()
        self.kinds = {}
        self.built_in = built_in()
        self.symbols = {}
        self.programmes = {}
        self.evidence = {}
        self.variants = set()
        self.constraints, self.bands, self.warnings = [], [], []
        self.calendar = {}
        self.household_slots, self.personal_slots = len(HOUSEHOLD), len(PERSONAL)
        for directory in directories:
            self.read_directory(directory)
        if not self.files:
            self.defects.append((".", "NO_POLICY", "no file"))
        self.files.sort(key=lambda file: (file.division, file.path))
        for step in (self.read_lists, self.read_vocabulary, self.declare, self.read_keys, self.read_evidence,
                     self.read_calendar, self.read_rows, self.read_programmes, self.read_constraints, self.read_bands,
                     self.check_cycles, self.check_demands):
            step()
            if self.defects:
                break
        if self.defects:
            raise Defects(self.defects)

    def read_directory(self, directory):
        for folder in sorted(os.listdir(directory)):
            path = os.path.join(directory, folder)
            if not os.path.isdir(path):
                continue
            for name in sorted(os.listdir(path)):
                if name.endswith(".yaml"):
                    self.read_file(os.path.join(path, name), f"{folder}/{name}", folder)

    def read_file(self, path, name, folder):
        file = File()
        file.path = name
        with self.gathering(name):
            with open(path, encoding="utf-8") as opened:
                file.data = read(opened.read())
            file.division = file.data.get("division", "")
            if file.division != ("000000" if folder == "national" else folder):
                raise Defect("DIVISION_MISMATCH", file.division)
            self.files.append(file)

    def gathering(self, file):
        return Gathering(self, file)

    def sections(self, section):
        for file in self.files:
            for name, item in (file.data.get(section) or {}).items():
                yield file, name, item

    def read_lists(self):
        for file, name, item in self.sections("codes"):
            if "values" in item:
                codes = self.code_lists.setdefault(file.division, {})[name] = CodeList(name, item["values"])
                told = item.get("open", ())
                codes.open = True if told == "true" else told
        for file, name, item in self.sections("codes"):
            if "add" in item:
                with self.gathering(file.path):
                    self.add_codes(file.division, name, item["add"])

    def add_codes(self, division, name, added):
        """T26"""
        codes = self.lists_of(division).get(name)
        if codes is None:
            raise Defect("UNKNOWN_NAME", name)
        if codes.open is not True and LEVELS[level_of(division)] not in codes.open:
            raise Defect("DELEGATION_BREACH", name)
        for code in added:
            if code in codes.codes_of(above(division)):
                raise Defect("DUPLICATE_NAME", code)
            codes.add(division, code)
        if len(codes.codes_of(above(division))) > MOST_CODES:
            raise Defect("CODE_LIST_SIZE", name)

    def lists_of(self, division):
        found = dict(BUILT_IN_LISTS)
        for code in above(division):
            found.update(self.code_lists.get(code, {}))
        return found

    def read_vocabulary(self):
        for file, name, item in self.sections("categories"):
            self.categories.add(name)
        for file, name, item in self.sections("facts"):
            with self.gathering(file.path):
                self.kinds[name] = vocabulary.read_kind(name, item, self.lists_of(file.division))

    # Symbols.

    def names_of(self, division):
        """What a division sees."""
        found = dict(self.built_in)
        for code in above(division):
            found.update(self.symbols.get(code, {}))
        return found

    def declare(self):
        for section, sort in (("parameters", PARAMETER), ("quantities", QUANTITY), ("tests", TEST)):
            for file, name, item in self.sections(section):
                if "label" not in item:
                    continue
                with self.gathering(file.path):
                    if name in self.names_of(file.division):
                        raise Defect("DUPLICATE_NAME", name)
                    type_ = read_type("bool" if sort == TEST else item["type"], self.lists_of(file.division))
                    if sort == QUANTITY and type_.kind == DIVISION:
                        raise Defect("UNKNOWN_TYPE", item["type"])
                    if name == "report_validity" and (sort != PARAMETER or type_ != NAMED["days"] or "keys" in item):
                        raise Defect("TYPE_MISMATCH", name)
                    symbol = Symbol(name, sort, file.division, type_, item.get("of") == "person")
                    symbol.delegation = Delegation()
                    for bound in ("min", "max"):
                        if bound in item:
                            setattr(symbol, bound + "imum", read_number(item[bound], type_))
                    self.symbols.setdefault(file.division, {})[name] = symbol

    def read_keys(self):
        for file, name, item in self.sections("parameters"):
            if "label" in item and "keys" in item:
                with self.gathering(file.path):
                    symbol = self.symbols[file.division][name]
                    names = self.names_of(file.division)
                    symbol.keys = [self.read_key(key, names, file.division) for key in item["keys"]]
                    if len({key.name for key in symbol.keys}) < len(symbol.keys):
                        raise Defect("DUPLICATE_NAME", name)
        if not self.defects:
            self.spread_personal_keys()
            self.give_slots()

    def read_key(self, told, names, division):
        key = Key()
        if isinstance(told, dict):
            key.name, key.symbol = told["name"], None
            key.type = read_type(told["type"], self.lists_of(division))
            if key.type.kind not in (CODE, NUMBER, DATE, MONTH):
                raise Defect("UNKNOWN_TYPE", told["type"])
            return key
        symbol = names.get(told)
        if symbol is None:
            raise Defect("UNKNOWN_NAME", told)
        if symbol.type.kind not in (CODE, NUMBER, DATE) or symbol.is_table:
            raise Defect("TYPE_MISMATCH", told)
        key.name, key.symbol, key.type = told, symbol, symbol.type
        return key

    def all_symbols(self):
        return [symbol for symbols in self.symbols.values() for symbol in symbols.values()]

    def spread_personal_keys(self):
        """A parameter chosen by something personal is personal itself."""
        changed = True
        while changed:
            changed = False
            for symbol in self.all_symbols():
                if not symbol.personal and any(key.symbol is not None and key.symbol.personal for key in symbol.keys):
                    symbol.personal = changed = True

    def give_slots(self):
        for symbol in self.all_symbols():
            if symbol.personal:
                symbol.slot, self.personal_slots = self.personal_slots, self.personal_slots + 1
            else:
                symbol.slot, self.household_slots = self.household_slots, self.household_slots + 1

    def read_rows(self):
        for section in ("parameters", "quantities", "tests"):
            for file, name, item in self.sections(section):
                symbol = self.names_of(file.division).get(name)
                if symbol is None:
                    self.defects.append((file.path, "UNKNOWN_NAME", name))
                    continue
                with self.gathering(file.path):
                    symbol.delegation.read(file.division, symbol.division, item.get("delegate"))
                    if item.get("rows"):
                        symbol.delegation.check(file.division, symbol.division, name)
                for told in item.get("rows") or ():
                    with self.gathering(file.path):
                        symbol.rows.setdefault(file.division, []).append(self.read_row(file, symbol, told))

        for symbol in self.all_symbols():
            for division, rows in symbol.rows.items():
                with self.gathering(division):
                    check_overlaps(rows, symbol.keys, symbol.name)

    def read_row(self, file, symbol, told):
        if symbol.sort == PARAMETER:
            return read_parameter_row(symbol, told, above(file.division))
        return read_expression(self.checker(file.division, symbol.personal), symbol, told)

    def checker(self, division, personal, constants=False):
        return Checker(self.names_of(division), self.kinds, self.categories, self.variants, above(division), personal, constants)

    def read_demand(self, division, name, text, type_, told):
        """An expression of constants only."""
        demand = Demand()
        read_dates(demand, told)
        checker = self.checker(division, False, True)
        demand.name, demand.division = name, division
        demand.value, demand.uses = checker.whole(text, type_), frozenset(checker.uses)
        return demand

    def read_constraints(self):
        """C1"""
        declared = {}
        for file, name, item in self.sections("constraints"):
            with self.gathering(file.path):
                if any(name in declared.get(code, ()) for code in above(file.division)):
                    raise Defect("DUPLICATE_NAME", name)
                declared.setdefault(file.division, set()).add(name)
                rows = [self.read_demand(file.division, name, told["holds"], TRUTH, told) for told in item["rows"]]
                check_overlaps(rows, (), name)
                self.constraints.extend(rows)

    def read_bands(self):
        """C5"""
        for kind in ("quantities", "tests"):
            for file, name, item in self.sections(kind):
                if any((item.get("delegate") or {}).get(section) for section in ("bands", "guides")):
                    with self.gathering(file.path):
                        raise Defect("BAD_VALUE", name)
        for file, name, item in self.sections("parameters"):
            for section in ("bands", "guides"):
                for told in (item.get("delegate") or {}).get(section) or ():
                    with self.gathering(file.path):
                        self.bands.append(self.read_band(file.division, self.names_of(file.division)[name], told,
                                                         section == "bands"))

    def read_band(self, division, symbol, told, binding):
        if symbol.type.kind != NUMBER:
            raise Defect("TYPE_MISMATCH", symbol.name)
        band = Band()
        read_dates(band, told)
        band.symbol, band.division, band.binding = symbol, division, binding
        band.match = read_matches(symbol, told, above(division))
        band.minimum, band.maximum = (self.read_bound(division, symbol, told, bound) for bound in ("min", "max"))
        return band

    def read_bound(self, division, symbol, told, bound):
        if bound not in told:
            return None
        if vocabulary.is_constant(told[bound]):
            return vocabulary.read_value(told[bound], symbol.type, above(division))
        return self.read_demand(division, symbol.name, told[bound], symbol.type, told)

    def check_demands(self):
        with self.gathering("."):
            loader = Loader(self, self.constraints, self.bands)
            loader.check()
            self.warnings = loader.warnings

    def read_evidence(self):
        for file, name, item in self.sections("evidence"):
            with self.gathering(file.path):
                if name not in self.kinds:
                    raise Defect("UNKNOWN_NAME", name)
                for told in item.get("rows") or ():
                    rule = read_rule(told, self.names_of(file.division), self.kinds[name])
                    read_dates(rule, told)
                    self.variants.add((name, rule.variant))
                    self.evidence.setdefault(self.kinds[name], {}).setdefault(file.division, []).append(rule)

    def read_calendar(self):
        for file in self.files:
            for told in (file.data.get("calendar") or {}).get("rows") or ():
                with self.gathering(file.path):
                    self.calendar.setdefault(file.division, []).append(read_calendar_row(told))

    def read_programmes(self):
        for file, name, item in self.sections("programmes"):
            with self.gathering(file.path):
                declared = [code for code in above(file.division) if name in self.programmes.get(code, {})]
                if declared:
                    programme = self.programmes[declared[0]][name]
                else:
                    programme = Programme(name, file.division, item.get("of") == "person")
                    self.programmes.setdefault(file.division, {})[name] = programme
                programme.delegation.read(file.division, programme.division, item.get("delegate"))
                if item.get("rows"):
                    programme.delegation.check(file.division, programme.division, name)
                for told in item.get("rows") or ():
                    programme.rows.setdefault(file.division, []).append(
                        self.read_programme_row(told, self.names_of(file.division), programme))

    @staticmethod
    def read_programme_row(told, names, programme):
        row = ProgrammeRow()
        read_dates(row, told)
        row.test = names.get(told.get("indication"))
        row.amount = names.get(told["amount"]) if "amount" in told else None
        if row.test is None or ("amount" in told and row.amount is None):
            raise Defect("UNKNOWN_NAME", str(told))
        row.validity = read_validity(told["validity"], names) if "validity" in told else None
        if row.test.sort != TEST or row.test.personal != programme.personal:
            raise Defect("TYPE_MISMATCH", row.test.name)
        return row

    def check_cycles(self):
        for division in sorted({file.division for file in self.files}):
            with self.gathering(division):
                check_cycles(self, division)


class ProgrammeRow:
    """`validity` is a symbol, or the type and value written."""
    __slots__ = ("start", "end", "assumed", "test", "amount", "validity")

    def in_force(self, day):
        return self.start <= day and (self.end is None or day < self.end)


class Gathering:
    """Keeps a defect that is raised within, with the file that has it."""

    def __init__(self, reader, file):
        self.reader = reader
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Defect):
            self.reader.defects.append((self.file, error.code, error.text))
            return True
        return False
