"""signified: signals with a Rust core; tracks reads by itself."""

from dialect import Dialect

DIALECT = Dialect(
    name="signified",
    setup="from signified import Computed, Effect, Signal, batch",
    source="Signal({value})",
    derived="Computed({function})",
    read="{node}.value",
    outside="{node}.value",
    write="{node}.value = {value}",
    observe="(lambda node: kept.append(Effect(lambda: sink(node.value))))({node})",
    observe_bare="(lambda node: kept.append(Effect(lambda: sink(node.value))))({node})",
    batch="batch()",
    recursion_limit=60_000,
)
