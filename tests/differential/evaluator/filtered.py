"""What all folds share: filters (L2), and how their sides are weighed (L16, L17)."""

from .operators import greatest
from .values import ELSEWHERE, MAY_BE_FALSE, POSSIBLE, SURE, UNDETERMINED, UNLISTED, UNPROVEN, WEAK, hull_number, is_exact_number, resting_on


# What a side has: elements, and sure ones among them.
PERHAPS, SURELY = 1, 2


def presence(states):
    """Of the elements of these states: 0, PERHAPS or SURELY."""
    return max((SURELY if state == SURE else PERHAPS for state in states), default=0)


def unproven(value, proof):
    return resting_on(value, proof, UNPROVEN) if proof else value


class Filtered:
    """What all folds share: filters of the variable in `slot`."""

    # Whether the value is a number or date rather than a truth.
    numbers = True

    def __init__(self, slot, filters):
        self.slot = slot
        self.filters = filters

    def passed(self, run, elements, dropped):
        """L2: the elements that the filters leave, the variable set to each in its turn; to `dropped`, blame and weak
        marks, goes what those rest on that dropped one."""
        for element, state, blame, marks in elements:
            if state == ELSEWHERE:
                dropped[0] |= blame
                dropped[1] |= marks
                continue
            run.variables[self.slot] = element
            for passes in self.filters:
                truth = passes(run)
                if truth[2] == MAY_BE_FALSE:
                    if truth[1] & WEAK:
                        dropped[0] |= truth[0]
                        dropped[1] |= truth[1] & WEAK
                    break
                marks |= truth[1]
                if truth[2] == UNDETERMINED and state != UNLISTED:
                    state = POSSIBLE
                    blame |= truth[0]
                elif truth[1] & WEAK:
                    blame |= truth[0]
            else:
                yield element, state, blame, marks

    def hull(self, a, b):
        return hull_number(a, b)

    def weigh(self, found, stated, has_stated, proof=0, has_found=True):
        """L16. `has_stated` says whether the stated side has elements, and SURELY if one is sure; `has_found` is False where
        presumed elements stand beside none (L23). `proof` is the blame of what should prove the stated side, where that counts
        only until there is proof: it is unproven unless it is outweighed (L20, L23)."""
        if not has_stated or (has_found and self.outweighs(found, stated)):
            return resting_on(found, stated[0], stated[1])
        stated = unproven(stated, proof)
        value = greatest(found, stated)
        low = found[2]
        if has_stated == SURELY or value[2] is None or (low is not None and low >= value[2]):
            return value
        return (found[0] | stated[0], value[1], low) + value[3:]

    def replaced(self, run, value, unlisted, blame, awaited, stated):
        """L19, L32: only of sums and the least."""
        return value

    @staticmethod
    def outweighs(found, stated):
        return found[2] is not None and stated[3] is not None and found[2] >= stated[3] and not found[4] and not stated[4]

    def same(self, found, stated):
        """L17: whether both are exact and equal."""
        return is_exact_number(found) and is_exact_number(stated) and found[2] == stated[2]

    def is_exact(self, value):
        return is_exact_number(value)

    def finish(self, run, value):
        """What is done last, when all sides are joined."""
        return value
