"""State that loads, goes stale, refreshes, fails, and is edited optimistically."""

from halflife import _main_interpreter as _main_interpreter  # isort: skip - before the native half is loaded
from halflife import _installation as _installation  # isort: skip - before anything else
from halflife import _drafts as _drafts  # isort: skip

from halflife._core import (
    ActionAtom,
    AsyncAtom,
    AsyncValue,
    Atom,
    HasData,
    HasError,
    Loading,
    Patch,
    SourceAtom,
    Subscription,
    WritableAtom,
    action,
    apply_patches,
    atom,
    current,
    derived,
    draft,
    effect,
    finish,
    from_json_patch,
    is_draft,
    lazy,
    loadable,
    original,
    produce,
    produce_with_patches,
    to_json_patch,
    unwrap,
)
from halflife._default_store import default_store
from halflife._draft_atoms import DraftAtom, draft_atom
from halflife._draftables import draftable
from halflife._editables import Editable, editable
from halflife._errors import (
    CycleError,
    FlushLoopError,
    HalflifeError,
    LensError,
    NoEventLoopError,
    NotSettledError,
    PatchError,
    RecipeError,
    RemovedItemError,
    RevokedDraftError,
    RunCancelledError,
    StoreClosedError,
    Superseded,
    WriteDuringReadError,
    WrongThreadError,
)
from halflife._events import Event
from halflife._families import Family, family
from halflife._graphs import Graph, GraphNode
from halflife._initials import initial_from
from halflife._iterators import from_iter
from halflife._layers import Layer, Layers
from halflife._lenses import Lens, lens
from halflife._loading import all_loaded
from halflife._optimistic import Optimistic, OptimisticHandle, OptimisticUpdater, optimistic
from halflife._pending import pending_at
from halflife._reducers import reducer
from halflife._refreshes import refreshable
from halflife._resets import RESET, resettable, with_default
from halflife._resources import ResourceAtom, ResourceInfo, resource
from halflife._sagas import Saga, SagaHandle
from halflife._selects import select
from halflife._signals import AbortSignal
from halflife._splits import SplitAtom, split
from halflife._store import Store
from halflife._timing import debounced, throttled
from halflife._types import Getter, Setter

__version__ = "0.1.0"

__all__ = [
    "RESET",
    "AbortSignal",
    "ActionAtom",
    "AsyncAtom",
    "AsyncValue",
    "Atom",
    "CycleError",
    "DraftAtom",
    "Editable",
    "Event",
    "Family",
    "FlushLoopError",
    "Getter",
    "Graph",
    "GraphNode",
    "HalflifeError",
    "HasData",
    "HasError",
    "Layer",
    "Layers",
    "Lens",
    "LensError",
    "Loading",
    "NoEventLoopError",
    "NotSettledError",
    "Optimistic",
    "OptimisticHandle",
    "OptimisticUpdater",
    "Patch",
    "PatchError",
    "RecipeError",
    "RemovedItemError",
    "ResourceAtom",
    "ResourceInfo",
    "RevokedDraftError",
    "RunCancelledError",
    "Saga",
    "SagaHandle",
    "Setter",
    "SourceAtom",
    "SplitAtom",
    "Store",
    "StoreClosedError",
    "Subscription",
    "Superseded",
    "WritableAtom",
    "WriteDuringReadError",
    "WrongThreadError",
    "action",
    "all_loaded",
    "apply_patches",
    "atom",
    "current",
    "debounced",
    "default_store",
    "derived",
    "draft",
    "draft_atom",
    "draftable",
    "editable",
    "effect",
    "family",
    "finish",
    "from_iter",
    "from_json_patch",
    "initial_from",
    "is_draft",
    "lazy",
    "lens",
    "loadable",
    "optimistic",
    "original",
    "pending_at",
    "produce",
    "produce_with_patches",
    "reducer",
    "refreshable",
    "resettable",
    "resource",
    "select",
    "split",
    "throttled",
    "to_json_patch",
    "unwrap",
    "with_default",
]
