"""The public names, their parameters and members: a change of this public interface fails here."""

import inspect

import pytest

import halflife
from halflife import Store

PROMISED = """
    RESET AbortSignal AsyncValue Atom CycleError Event Family FlushLoopError Graph HalflifeError HasData
    HasError Layer Layers LensError Loading NoEventLoopError NotSettledError OptimisticHandle OptimisticUpdater
    Patch PatchError RecipeError RemovedItemError RevokedDraftError RunCancelledError Store StoreClosedError
    Subscription Superseded WriteDuringReadError WrongThreadError action all_loaded apply_patches atom current
    debounced default_store derived draft draft_atom editable effect family finish from_iter from_json_patch
    initial_from is_draft lazy lens loadable optimistic original pending_at produce produce_with_patches reducer
    refreshable resettable resource select split throttled to_json_patch unwrap with_default
""".split()  # noqa: SIM905 - a table of words

# The first parameters of each function, by name and in order.
PARAMETERS = {
    "atom": ["initial", "name", "equals", "on_mount"],
    "derived": ["read", "write", "name", "equals", "on_mount", "cancel", "cancel_on_unmount"],
    "action": ["write", "name"],
    "effect": ["fn", "name"],
    "lazy": ["factory"],
    "loadable": ["a", "keep_previous"],
    "unwrap": ["a", "fallback", "keep_previous"],
    "Store": ["clock", "name", "storage", "mount_grace", "on_error"],
    "all_loaded": ["atoms"],
    "debounced": ["a", "seconds"],
    "family": ["make", "max_size", "ttl", "clock"],
    "from_iter": ["make_async_iterator", "initial"],
    "initial_from": ["a", "fallback"],
    "reducer": ["initial", "reduce"],
    "refreshable": ["read"],
    "resettable": ["initial"],
    "resource": ["source", "fetcher", "initial", "name", "equals", "thread"],
    "select": ["a", "fn", "equals"],
    "split": ["a", "key"],
    "throttled": ["a", "seconds"],
    "with_default": ["read"],
    "Layers": ["base", "replay", "on_error"],
    "OptimisticUpdater": ["data"],
    "draft_atom": ["initial", "name", "replay", "equals", "on_mount"],
    "editable": ["async_atom", "name"],
    "lens": ["root", "focus", "name"],
    "optimistic": ["atom", "store"],
    "pending_at": ["atom", "path"],
}
STORE = """
    get value set update subscribe changes until batch refresh settled dispose close post dehydrate hydrate graph
    history observe closed clock layers saga mutate
""".split()  # noqa: SIM905 - a table of words

# The members of each class, by name.
MEMBERS = {
    "Layers": "base visible pending apply rollback commit set_base edit_base rollback_all commit_all update set",
    "Layer": "id context status error commit rollback",
    "OptimisticUpdater": "value apply rollback_all",
    "OptimisticHandle": "commit rollback",
    "Saga": "update effect post_effect run",
    "SagaHandle": "status cancel rollback result done layer __await__",
    "Mutation": "state reset __call__",
    "MutationHandle": "status cancel rollback result done layer wait variables retry __await__",
    "MutationState": "data error status variables submitted_at failure_count is_loading is_error is_paused",
}


def test_every_promised_name_is_there() -> None:
    assert set(PROMISED) <= set(halflife.__all__)
    for name in halflife.__all__:
        assert getattr(halflife, name) is not None


def test_a_star_import_gives_what_all_says() -> None:
    namespace = {}
    exec("from halflife import *", namespace)  # noqa: S102 - what is tested
    assert set(namespace) - {"__builtins__"} == set(halflife.__all__)


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_parameters_have_the_promised_names(name) -> None:
    names = list(inspect.signature(getattr(halflife, name)).parameters)
    assert names[: len(PARAMETERS[name])] == PARAMETERS[name]


def test_the_store_has_every_promised_member() -> None:
    with Store() as store:
        for name in STORE:
            assert hasattr(store, name), name


@pytest.mark.parametrize("name", MEMBERS)
def test_a_class_has_every_promised_member(name) -> None:
    for member in MEMBERS[name].split():
        assert hasattr(getattr(halflife, name), member), member
