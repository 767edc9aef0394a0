"""State that loads, goes stale, refreshes, fails, and is edited optimistically."""

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from halflife import _core, _drivers, _errors, _naming, _repr, _signals, _signatures

_core._install(  # noqa: SLF001 - our own native half
    store_closed=_errors.StoreClosedError,
    wrong_thread=_errors.WrongThreadError,
    no_event_loop=_errors.NoEventLoopError,
    cycle=_errors.CycleError,
    write_during_read=_errors.WriteDuringReadError,
    flush_loop=_errors.FlushLoopError,
    not_settled=_errors.NotSettledError,
    superseded=_errors.Superseded,
    find_name=_naming.find_name,
    note_name=_naming.note_name,
    inspect_read=_signatures.inspect_read,
    check_write=_signatures.check_write,
    wait=_drivers.wait,
    same_task=_drivers.same_task,
    current_task=_drivers.current_task,
    make_signal=_signals.make_signal,
    show_atom=_repr.atom_repr,
    show_atom_html=_repr.atom_html,
    show_loadable=_repr.loadable_repr,
    show_loadable_html=_repr.loadable_html,
    show_async_value=_repr.async_value_repr,
    show_async_value_html=_repr.async_value_html,
    scalars=(date, datetime, time, timedelta, Decimal, UUID),
    enum_type=enum.Enum,
)

from halflife._core import (  # noqa: E402 - they need what was installed
    AsyncValue,
    Atom,
    HasData,
    HasError,
    Loading,
    Subscription,
    action,
    atom,
    derived,
    effect,
    lazy,
    loadable,
    unwrap,
)
from halflife._errors import (  # noqa: E402
    CycleError,
    FlushLoopError,
    HalflifeError,
    NoEventLoopError,
    NotSettledError,
    RemovedItemError,
    RunCancelledError,
    StoreClosedError,
    Superseded,
    WriteDuringReadError,
    WrongThreadError,
)
from halflife._events import Event  # noqa: E402
from halflife._families import Family, family  # noqa: E402
from halflife._graphs import Graph, GraphNode  # noqa: E402
from halflife._initials import initial_from  # noqa: E402
from halflife._iterators import from_iter  # noqa: E402
from halflife._loading import all_loaded  # noqa: E402
from halflife._reducers import reducer  # noqa: E402
from halflife._refreshes import refreshable  # noqa: E402
from halflife._resets import RESET, resettable, with_default  # noqa: E402
from halflife._resources import ResourceAtom, resource  # noqa: E402
from halflife._selects import select  # noqa: E402
from halflife._signals import AbortSignal  # noqa: E402
from halflife._splits import SplitAtom, split  # noqa: E402
from halflife._store import Store, default_store  # noqa: E402
from halflife._timing import debounced, throttled  # noqa: E402

__version__ = "0.1.0"

__all__ = [
    "RESET",
    "AbortSignal",
    "AsyncValue",
    "Atom",
    "CycleError",
    "Event",
    "Family",
    "FlushLoopError",
    "Graph",
    "GraphNode",
    "HalflifeError",
    "HasData",
    "HasError",
    "Loading",
    "NoEventLoopError",
    "NotSettledError",
    "RemovedItemError",
    "ResourceAtom",
    "RunCancelledError",
    "SplitAtom",
    "Store",
    "StoreClosedError",
    "Subscription",
    "Superseded",
    "WriteDuringReadError",
    "WrongThreadError",
    "action",
    "all_loaded",
    "atom",
    "debounced",
    "default_store",
    "derived",
    "effect",
    "family",
    "from_iter",
    "initial_from",
    "lazy",
    "loadable",
    "reducer",
    "refreshable",
    "resettable",
    "resource",
    "select",
    "split",
    "throttled",
    "unwrap",
    "with_default",
]
