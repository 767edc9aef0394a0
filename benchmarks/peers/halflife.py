"""halflife, as its users write it."""

from dialect import Dialect

DIALECT = Dialect(
    name="halflife",
    setup="from halflife import Store, atom, derived\nstore = Store()",
    source="atom({value})",
    derived="derived({function})",
    read="get({node})",
    outside="store.get({node})",
    write="store.set({node}, {value})",
    observe="kept.append(store.subscribe({node}, lambda value: sink(value)))",
    observe_bare="kept.append(store.subscribe({node}, sink))",
    batch="store.batch()",
    parameters=("get",),
)
