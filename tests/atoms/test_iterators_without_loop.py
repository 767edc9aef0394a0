"""Iterator atoms without a running event loop."""

from collections.abc import AsyncIterator

import pytest

from halflife import NoEventLoopError, Store, from_iter


async def listen() -> AsyncIterator[int]:
    yield 1


def test_reading_an_iterator_atom_needs_no_event_loop() -> None:
    with Store() as store:
        assert store.get(from_iter(listen, initial=0)) == 0


def test_observing_an_iterator_atom_without_an_event_loop_raises() -> None:
    with Store() as store, pytest.raises((NoEventLoopError, ExceptionGroup)) as caught:
        store.subscribe(from_iter(listen, initial=0), lambda value: None)
    error = caught.value
    assert isinstance(error, NoEventLoopError) or error.subgroup(NoEventLoopError) is not None
