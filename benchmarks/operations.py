"""Operations: single reads, sets and makings of atoms, written like the shapes.

Reads and sets stand ten in a row, so that the loop around them weighs little.
"""

from shapes import successor
from words import Bench, derived, observe, outside, read, reading, source, write


def read_many(size: int) -> Bench:
    """An observed derived that reads 1,000 clean, observed derived atoms, each once."""
    head = source(1)
    nodes = [successor(head) for _ in range(size)]
    for node in nodes:
        observe(node)
    trigger = source(0)
    tens = [tuple(nodes[start : start + 10]) for start in range(0, size, 10)]

    @reading
    def reader():
        for a, b, c, d, e, f, g, h, i, j in tens:
            read(a)
            read(b)
            read(c)
            read(d)
            read(e)
            read(f)
            read(g)
            read(h)
            read(i)
            read(j)
        return read(trigger)

    total = derived(reader)
    observe(total)

    def update(values):
        for value in values:
            write(trigger, value)

    return Bench(update, lambda: outside(total) == 2 and outside(nodes[-1]) == 2, 2, size)


def read_again(size: int) -> Bench:
    """An observed derived that reads one clean, observed derived atom 1,000 times."""
    head = source(1)
    node = successor(head)
    observe(node)
    trigger = source(0)
    rounds = range(size // 10)

    @reading
    def reader():
        for _ in rounds:
            read(node)
            read(node)
            read(node)
            read(node)
            read(node)
            read(node)
            read(node)
            read(node)
            read(node)
            read(node)
        return read(trigger)

    total = derived(reader)
    observe(total)

    def update(values):
        for value in values:
            write(trigger, value)

    return Bench(update, lambda: outside(total) == 2 and outside(node) == 2, 2, size)


def read_outside(size: int) -> Bench:
    """A clean, observed derived atom, read from outside."""
    head = source(1)
    node = successor(head)
    observe(node)

    def update(values):
        for _ in values:
            outside(node)
            outside(node)
            outside(node)
            outside(node)
            outside(node)
            outside(node)
            outside(node)
            outside(node)
            outside(node)
            outside(node)

    return Bench(update, lambda: outside(node) == 2, 0, 10)


def set_unobserved(size: int) -> Bench:
    """Sets of a source that nobody looks at."""
    head = source(0)

    def update(values):
        for value in values:
            write(head, 3)
            write(head, 4)
            write(head, 5)
            write(head, 6)
            write(head, 7)
            write(head, 8)
            write(head, 9)
            write(head, 10)
            write(head, 11)
            write(head, value)

    return Bench(update, lambda: outside(head) == 2, 0, 10)


def set_observed(size: int) -> Bench:
    """A source with one observer of its own."""
    head = source(0)
    observe(head)

    def update(values):
        for value in values:
            write(head, value)

    return Bench(update, lambda: outside(head) == 2, 1, 1)


def create_sources(size: int) -> Bench:
    """Sources made and kept, not yet in a store."""

    def update(values):
        return [source(0) for _ in values]

    return Bench(update, lambda: [outside(node) for node in update([1, 2])] == [0, 0], 0, 1)


def create_derived(size: int) -> Bench:
    """Derived atoms made and kept, each with a closure of its own, not yet read."""
    head = source(3)

    def update(values):
        return [derived(lambda: read(head)) for _ in values]

    return Bench(update, lambda: [outside(node) for node in update([1, 2])] == [3, 3], 0, 1)


def first_read(size: int) -> Bench:
    """A chain made and read for the first time, once per value."""

    def update(values):
        for value in values:
            last = source(value)
            for _ in range(size):
                last = successor(last)
            outside(last)
        return last

    # Past some depth a library may leave a nested read and come back to it: then runs are no measure.
    return Bench(update, lambda: outside(update([2])) == size + 2, size if size <= 50 else None, size)


def hold_sources(size: int) -> Bench:
    """Sources made, read once (so that a store holds state for them) and kept."""
    made = [None] * size

    def update(values):
        for index in range(size):
            node = made[index] = source(0)
            outside(node)

    return Bench(update, lambda: outside(made[-1]) == 0, 0, size)


def hold_derived(size: int) -> Bench:
    """Derived atoms of one source made, read once and kept, each with a closure of its own."""
    head = source(3)
    made = [None] * size

    def update(values):
        for index in range(size):
            node = made[index] = derived(lambda: read(head))
            outside(node)

    return Bench(update, lambda: outside(made[-1]) == 3, 0, size)
