"""A *leak* is an atom or a store that is still alive although the program does not need it any more."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from halflife._core import Atom, StoreBase
from halflife._support.reprs import abbreviated
from halflife.testing._clocks import ManualClock

#: The most leaks that a message names.
_NAMED = 10


@contextmanager
def assert_no_leaks(*, clock: ManualClock | None = None) -> Iterator[None]:
    """Assert that every atom and store made inside the block is freed at its end.

    The block must drop everything that it makes, so put the code under test in a function. The garbage collector runs
    before and after. If the block raises, its error propagates.

    Args:
        clock: asserts too that the block leaves no timer behind on this clock.

    Raises:
        AssertionError: atoms, stores or timers are left; the message names them.

    Example:
        >>> def use():
        ...     with Store() as store:
        ...         store.get(derived(lambda get: get(user_id) * 2))
        >>> with assert_no_leaks():
        ...     use()
    """
    gc.collect()
    # Weakly: an object that dies inside the block must not share its id with a leaked one.
    before = WeakSet(_alive())
    timers_before = clock.pending if clock is not None else 0
    yield
    gc.collect()
    left = [one for one in _alive() if one not in before]
    if left:
        named = ", ".join(abbreviated(one) for one in left[:_NAMED])
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        raise AssertionError(f"{len(left)} atoms or stores are still alive: {named}{more}")
    if clock is not None and clock.pending > timers_before:
        raise AssertionError(f"{clock.pending - timers_before} timers are still pending on {clock!r}")


def _alive() -> list[Atom[object] | StoreBase]:
    # By type, because isinstance would read `__class__` of any proxies of the program.
    return [one for one in gc.get_objects() if issubclass(type(one), (Atom, StoreBase))]
