"""A second evaluator of policy packs, written from docs/evaluation.md alone."""

import sys

from .assess import Pack
from .errors import Defects

# The deepest expression that G8 allows nests more functions than Python does by itself.
sys.setrecursionlimit(20000)


def load(directories):
    """The pack of policy directories; raises Defects."""
    return Pack(directories)


__all__ = ["Defects", "Pack", "load"]
