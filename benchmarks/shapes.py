"""Shapes: the graphs a change travels through, each written once for every library.

Each function builds one shape of a given size out of the words of `words.py` and returns a
`Bench`. Every timed set changes the value (1, 2, 1, 2, ...), and every derived value changes
with it, except where a shape is about a cut-off. This file and `operations.py` are compiled
once per library, with that library's own calls put in by `dialect.py`; they are not imported.
"""

from words import Bench, Node, batch, derived, observe, observe_bare, outside, read, source, write


def successor(previous: Node) -> Node:
    return derived(lambda: read(previous) + 1)


def chain(size: int) -> Bench:
    """head -> 1,000 derived, one after the other -> one observer."""
    head = source(0)
    last = head
    for _ in range(size):
        last = successor(last)
    observe(last)

    def update(values):
        for value in values:
            write(head, value)

    return Bench(update, lambda: outside(last) == size + 2, size + 1, size + 1)


def fan_out(size: int) -> Bench:
    """head -> 1,000 derived, each with an observer of its own."""
    head = source(0)
    leaves = [successor(head) for _ in range(size)]
    for leaf in leaves:
        observe(leaf)

    def update(values):
        for value in values:
            write(head, value)

    return Bench(update, lambda: all(outside(leaf) == 3 for leaf in leaves), 2 * size, 2 * size)


def fan_out_bare(size: int) -> Bench:
    """The same with a built-in as callback: a stricter floor, as half the user's cost is gone."""
    head = source(0)
    leaves = [successor(head) for _ in range(size)]
    for leaf in leaves:
        observe_bare(leaf)

    def update(values):
        for value in values:
            write(head, value)

    return Bench(update, lambda: all(outside(leaf) == 3 for leaf in leaves), 2 * size, 2 * size)


def diamond(size: int) -> Bench:
    """head -> 100 derived -> one sum -> one observer."""
    head = source(0)
    middles = [successor(head) for _ in range(size)]
    total = derived(lambda: sum([read(middle) for middle in middles]))
    observe(total)

    def update(values):
        for value in values:
            write(head, value)

    return Bench(update, lambda: outside(total) == 3 * size, size + 2, size + 2)


def crossing(left: Node, right: Node) -> Node:
    return derived(lambda: (read(left) + read(right)) // 2)


def ladder(size: int) -> Bench:
    """Layers of two nodes that both read both nodes above: paths double per layer, work must not."""
    head = source(0)
    left, right = successor(head), successor(head)
    for _ in range(size - 1):
        left, right = crossing(left, right), crossing(right, left)
    observe(left)
    observe(right)

    def update(values):
        for value in values:
            write(head, value)

    functions = 2 * size + 2
    return Bench(update, lambda: outside(left) == outside(right) == 3, functions, functions)


def switching(flag: Node, left: Node, right: Node) -> Node:
    return derived(lambda: read(left) if read(flag) == 1 else read(right))


def dynamic(size: int) -> Bench:
    """1,000 derived that read another source after each set, each with an observer."""
    flag, left, right = source(0), source(10), source(20)
    nodes = [switching(flag, left, right) for _ in range(size)]
    for node in nodes:
        observe(node)

    def update(values):
        for value in values:
            write(flag, value)

    return Bench(update, lambda: all(outside(node) == 20 for node in nodes), 2 * size, 2 * size)


def layer(first: Node, second: Node, third: Node, fourth: Node) -> tuple[Node, Node, Node, Node]:
    """One layer of the cellx benchmark, with an observer on each of its four nodes."""
    nodes = (
        derived(lambda: read(second)),
        derived(lambda: read(first) - read(third)),
        derived(lambda: read(second) + read(fourth)),
        derived(lambda: read(third)),
    )
    for node in nodes:
        observe(node)
    return nodes


def cellx(size: int) -> Bench:
    """The published cellx benchmark: four sources, layers of four, all observed; one batch of four sets."""
    heads = first, second, third, fourth = source(1), source(2), source(3), source(4)
    ends = heads
    for _ in range(size):
        ends = layer(*ends)

    def update(values):
        for value in values:
            with batch():
                write(first, 4 if value == 1 else 1)
                write(second, 3 if value == 1 else 2)
                write(third, 2 if value == 1 else 3)
                write(fourth, 1 if value == 1 else 4)

    def check() -> bool:
        before = [outside(node) for node in ends]
        update([1])
        after = [outside(node) for node in ends]
        update([2])
        published = {
            10: ([3, 6, 2, -2], [2, 4, -2, -3]),
            20: ([2, 4, -1, -6], [-2, 1, -4, -4]),
            50: ([-2, -4, 1, 6], [2, -1, 4, 4]),
            1000: ([-3, -6, -2, 2], [-2, -4, 2, 3]),
        }
        return (before, after) == published[size]

    return Bench(update, check, 8 * size, 8 * size)


def cut_off(size: int) -> Bench:
    """head -> one derived whose value stays -> 1,000 observed dependents: none of them may run."""
    head = source(0)
    gate = derived(lambda: read(head) * 0)
    leaves = [successor(gate) for _ in range(size)]
    for leaf in leaves:
        observe(leaf)

    def update(values):
        for value in values:
            write(head, value)

    return Bench(update, lambda: all(outside(leaf) == 1 for leaf in leaves), 1, 1)


def batch_sum(size: int) -> Bench:
    """100 sets in one batch -> one sum -> one observer."""
    heads = [source(0) for _ in range(size)]
    total = derived(lambda: sum([read(head) for head in heads]))
    observe(total)

    def update(values):
        for value in values:
            with batch():
                for head in heads:
                    write(head, value)

    return Bench(update, lambda: outside(total) == 2 * size, 2, size)
