"""A coroutine that a plain read returned and nobody will await is closed, so that Python does not warn."""

import pytest

SCRIPT = """
import asyncio, gc, sys, warnings
warnings.simplefilter("always")

async def main():
    store, count, other = Store(on_error=lambda error: None), atom(0), atom(0)

    async def fetch(value):
        await asyncio.sleep(0)
        return value

    read = derived(lambda get: fetch(get(count)))
{body}
    await asyncio.sleep(0)
    store.close()

asyncio.run(main())
gc.collect()
"""

BODIES = {
    "read twice in a batch": """
    with store.batch():
        store.set(count, 1)
        store.get(read)
        store.set(count, 2)
        store.get(read)
    assert await store.value(read) == 2
""",
    "a batch that is undone": """
    try:
        with store.batch():
            store.set(count, 1)
            store.get(read)
            raise LookupError
    except LookupError:
        pass
""",
    "a store closed at once": """
    store.get(read)
""",
    "a store closed in the batch": """
    with store.batch():
        store.get(read)
        store.close()
""",
    "an atom dropped at once": """
    store.get(derived(lambda get: fetch(get(count))))
""",
    "superseded before it starts": """
    store.subscribe(read, lambda value: None)
    store.set(count, 1)
    store.set(count, 2)
""",
    "an error behind it": """
    def both(get):
        held = fetch(get(count))
        return held
    failing = derived(lambda get: [fetch(1).close(), 1 / get(count)])
    store.get(derived(both))
    try:
        store.get(failing)
    except ZeroDivisionError:
        pass
""",
    "with a signal": """
    signalled = derived(lambda get, signal: fetch(get(count)))
    with store.batch():
        store.get(signalled)
        store.set(count, 1)
        store.get(signalled)
""",
    "a source set to one after another": """
    source = atom(None)
    store.set(source, fetch(1))
    store.set(source, fetch(2))
    with store.batch():
        store.set(source, fetch(3))
        store.set(source, 4)
    store.set(source, fetch(5))
""",
    "refreshed": """
    store.get(read)
    store.refresh(read)
    with store.batch():
        store.refresh(read)
        store.refresh(read)
""",
}


@pytest.mark.parametrize("body", BODIES)
def test_no_coroutine_is_left_unawaited(apart, body: str) -> None:
    apart(SCRIPT.format(body=BODIES[body]))  # fails on any output on stderr


def test_without_a_loop_no_coroutine_is_left_unawaited(apart) -> None:
    apart(
        """
        async def fetch(value):
            return value

        store, count = Store(), atom(0)
        read = derived(lambda get: fetch(get(count)))
        for _ in range(2):
            try:
                store.get(read)
            except NoEventLoopError:
                pass
        try:
            store.set(atom(0), fetch(1))
        except NoEventLoopError:
            pass
        """
    )


def test_a_coroutine_that_the_user_holds_is_not_closed(apart) -> None:
    printed = apart(
        """
        import asyncio

        async def fetch():
            return 1

        async def main():
            store, held = Store(), fetch()
            read = derived(lambda get: held)
            with store.batch():
                store.get(read)
                store.close()
            print(await held)

        asyncio.run(main())
        """
    )
    assert printed == "1\n"
