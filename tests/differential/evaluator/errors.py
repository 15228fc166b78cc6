"""Why a pack does not load, and why a case is refused."""


class Defects(Exception):
    """A pack that does not load: `codes` holds (file, code) of every defect found, `texts` says what it is."""

    def __init__(self, found):
        self.codes = [(file, code) for file, code, _ in found]
        self.texts = [f"{file}: {code}: {text}" for file, code, text in found]
        super().__init__("\n".join(self.texts))


class Defect(Exception):
    """One defect of an expression or value."""

    def __init__(self, code, text=""):
        self.code = code
        self.text = text
        super().__init__(f"{code}: {text}")


class Refused(Exception):
    """An assessment that is refused, with its code."""

    def __init__(self, code, text=""):
        self.code = code
        super().__init__(f"{code}: {text}")


def overflow():
    """X4: a result that does not fit, X6: a day out of range."""
    return Refused("ARITHMETIC_OVERFLOW")
