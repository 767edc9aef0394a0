"""reaktiv: signals in pure Python; tracks reads by itself."""

from dialect import Dialect

DIALECT = Dialect(
    name="reaktiv",
    setup="from reaktiv import Computed, Effect, Signal, batch",
    source="Signal({value})",
    derived="Computed({function})",
    read="{node}()",
    outside="{node}()",
    write="{node}.set({value})",
    observe="(lambda node: kept.append(Effect(lambda: sink(node()))))({node})",
    observe_bare="(lambda node: kept.append(Effect(lambda: sink(node()))))({node})",
    batch="batch()",
    recursion_limit=60_000,
)
