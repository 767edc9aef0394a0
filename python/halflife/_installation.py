"""*Installation*: hands the native half what it needs of the Python half, once, before anything is used."""

import enum
from collections import Counter, defaultdict, deque
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from halflife import _core, _debugging, _draftables, _drivers, _errors, _naming, _repr, _signals, _signatures

_core._install(
    store_closed=_errors.StoreClosedError,
    wrong_thread=_errors.WrongThreadError,
    no_event_loop=_errors.NoEventLoopError,
    cycle=_errors.CycleError,
    write_during_read=_errors.WriteDuringReadError,
    flush_loop=_errors.FlushLoopError,
    not_settled=_errors.NotSettledError,
    superseded=_errors.Superseded,
    recipe_error=_errors.RecipeError,
    revoked_draft=_errors.RevokedDraftError,
    patch_error=_errors.PatchError,
    find_name=_naming.find_name,
    describe_name="describe_name",
    own_folders=_naming.OWN_FOLDERS,
    note_name=_naming.note_name,
    inspect_read=_signatures.inspect_read,
    check_function=_signatures.check_function,
    wait=_drivers.wait,
    is_in_run=_drivers.is_in_run,
    same_task=_drivers.same_task,
    current_task=_drivers.current_task,
    make_signal=_signals.make_signal,
    show_atom=_repr.atom_repr,
    show_atom_html=_repr.atom_html,
    show_loadable=_repr.loadable_repr,
    show_loadable_html=_repr.loadable_html,
    show_async_value=_repr.async_value_repr,
    show_async_value_html=_repr.async_value_html,
    describe_record=_draftables.describe,
    check_leaf=_draftables.check_leaf,
    watch_leaves=_debugging.watch_leaves if _debugging.ENABLED else None,
    drafted_built_ins=_draftables.drafted_built_ins,
    default_dict=defaultdict,
    counter=Counter,
    deque=deque,
    scalars=(date, datetime, time, timedelta, Decimal, UUID),
    enum_type=enum.Enum,
)
