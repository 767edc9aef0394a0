"""The floor: the same functions called bare from C (see `floor/floor.c`).

For the create shapes the floor is `CLOSURE`: nothing but the function object that a derived
atom is made of, and the loop around it.
"""

from dataclasses import replace

from dialect import Dialect

DIALECT = Dialect(
    name="floor",
    setup="from halflife_floor import Program\nprogram = Program()",
    source="program.source({value})",
    derived="program.derived({function})",
    read="get({node})",
    outside="program.get({node})",
    write="program.set({node}, {value})",
    observe="program.subscribe({node}, lambda value: sink(value))",
    observe_bare="program.subscribe({node}, sink)",
    batch="program",
    parameters=("get",),
)

CLOSURE = replace(
    DIALECT,
    setup="def call(made):\n    return made if isinstance(made, int) else made(call)",
    source="{value}",
    derived="({function})",
    outside="call({node})",
)
