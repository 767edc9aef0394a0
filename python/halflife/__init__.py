"""State that loads, goes stale, refreshes, fails, and is edited optimistically."""

from halflife import _bootstrap as _bootstrap  # isort: skip - before anything else

from halflife._atoms.all_loaded import all_loaded
from halflife._atoms.debounce import debounced, throttled
from halflife._atoms.family import Family, family
from halflife._atoms.from_iter import from_iter
from halflife._atoms.initial_from import initial_from
from halflife._atoms.reducer import reducer
from halflife._atoms.refreshable import refreshable
from halflife._atoms.reset import RESET, resettable, with_default
from halflife._atoms.resource import ResourceAtom, ResourceInfo, resource
from halflife._atoms.select import select
from halflife._atoms.split import SplitAtom, split
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
from halflife._drivers.abort_signal import AbortSignal
from halflife._errors import (
    CircuitOpenError,
    CycleError,
    FlushLoopError,
    HalflifeError,
    LensError,
    MaxAttemptsExceeded,
    MissingKeyError,
    MutationCancelled,
    NoEventLoopError,
    NonRetryableError,
    NotSettledError,
    PatchError,
    RecipeError,
    RemovedItemError,
    RetryError,
    RevokedDraftError,
    RunCancelledError,
    StoreClosedError,
    Superseded,
    WriteDuringReadError,
    WrongThreadError,
)
from halflife._events import Event
from halflife._optimistic.draft_atom import DraftAtom, draft_atom
from halflife._optimistic.editable import Editable, editable
from halflife._optimistic.layers import Layer, Layers
from halflife._optimistic.lens import Lens, lens
from halflife._optimistic.pending import pending_at
from halflife._optimistic.saga import Saga, SagaHandle
from halflife._store.default_store import default_store
from halflife._store.graph import Graph, GraphNode
from halflife._store.optimistic import Optimistic, OptimisticHandle, OptimisticUpdater, optimistic
from halflife._store.store import Store
from halflife._support.draftable import draftable
from halflife._types import Getter, Setter
from halflife.query.batches import batched
from halflife.query.breakers import CircuitBreaker
from halflife.query.client import QueryClient
from halflife.query.feed_reader import FeedProgress, FetchAll
from halflife.query.filters import QueryInfo
from halflife.query.infinite import InfiniteAtom
from halflife.query.infinite_result import InfiniteResult
from halflife.query.mutation_context import MutationContext
from halflife.query.mutation_handle import MutationHandle
from halflife.query.mutation_state import MutationState
from halflife.query.mutations import Mutation
from halflife.query.options import QueryDefaults, QueryOptions, query_options
from halflife.query.paged import Paged
from halflife.query.pages import Page
from halflife.query.queries import QueryAtom
from halflife.query.query_cache import CachedEntry, QueryCache
from halflife.query.results import QueryResult
from halflife.query.retries import Retry
from halflife.query.routes import Routes

__version__ = "0.1.0"

__all__ = [
    "RESET",
    "AbortSignal",
    "ActionAtom",
    "AsyncAtom",
    "AsyncValue",
    "Atom",
    "CachedEntry",
    "CircuitBreaker",
    "CircuitOpenError",
    "CycleError",
    "DraftAtom",
    "Editable",
    "Event",
    "Family",
    "FeedProgress",
    "FetchAll",
    "FlushLoopError",
    "Getter",
    "Graph",
    "GraphNode",
    "HalflifeError",
    "HasData",
    "HasError",
    "InfiniteAtom",
    "InfiniteResult",
    "Layer",
    "Layers",
    "Lens",
    "LensError",
    "Loading",
    "MaxAttemptsExceeded",
    "MissingKeyError",
    "Mutation",
    "MutationCancelled",
    "MutationContext",
    "MutationHandle",
    "MutationState",
    "NoEventLoopError",
    "NonRetryableError",
    "NotSettledError",
    "Optimistic",
    "OptimisticHandle",
    "OptimisticUpdater",
    "Page",
    "Paged",
    "Patch",
    "PatchError",
    "QueryAtom",
    "QueryCache",
    "QueryClient",
    "QueryDefaults",
    "QueryInfo",
    "QueryOptions",
    "QueryResult",
    "RecipeError",
    "RemovedItemError",
    "ResourceAtom",
    "ResourceInfo",
    "Retry",
    "RetryError",
    "RevokedDraftError",
    "Routes",
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
    "batched",
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
    "query_options",
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
