"""*Bootstrap*: hands the native module the Python objects that it needs, once, before anything is used."""

import enum
from collections import Counter, defaultdict, deque

from halflife._support import main_interpreter  # isort: skip # noqa: F401 - refuses, before the native module is loaded

from halflife import _core, _errors
from halflife._drivers import abort_signal, origins, waiting
from halflife._optimistic import debugging
from halflife._support import (
    absent,
    draft_abcs,  # noqa: F401 - registers the types of drafts
    draftable,
    equality,
    naming,
    reprs,
    signatures,
)

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
    find_name=naming.find_name,
    describe_name="describe_name",
    own_folders=naming.OWN_FOLDERS,
    note_name=naming.note_name,
    inspect_read=signatures.inspect_read,
    check_function=signatures.check_function,
    wait=waiting.wait,
    is_in_run=origins.is_in_run,
    same_task=waiting.same_task,
    current_task=waiting.current_task,
    make_signal=abort_signal.make_signal,
    show_atom=reprs.atom_repr,
    show_atom_html=reprs.atom_html,
    show_loadable=reprs.loadable_repr,
    show_loadable_html=reprs.loadable_html,
    show_async_value=reprs.async_value_repr,
    show_async_value_html=reprs.async_value_html,
    describe_record=draftable.describe,
    check_leaf=draftable.check_leaf,
    watch_leaves=debugging.watch_leaves if debugging.ENABLED else None,
    drafted_built_ins=draftable.drafted_built_ins,
    default_dict=defaultdict,
    counter=Counter,
    deque=deque,
    scalars=equality.LIBRARY_SCALARS,
    enum_type=enum.Enum,
    absent=absent.ABSENT,
)
