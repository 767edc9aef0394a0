"""The *confirmation machine*: chains of async atoms under an editable, and a server that answers at any time.

The server holds a set of edits. A request records the server's edits when it is sent, so its answer may be old.
An atom's value is the intersection of its own request and all its inputs. The checks do not depend on how the
store works: a confirmed edit stays visible; a refused edit is not visible; no request from before a confirmation
stays open after it; a request cancelled for a confirmation is sent again once no saga runs, and not earlier. When
all requests are answered, the visible edits are those of the server.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from fetch_server import quiet
from halflife import Store, atom, derived, editable, lens, select, unwrap


class Request:
    """One request of an atom."""

    def __init__(self, node: int, known: frozenset[int]) -> None:
        self.node = node
        self.known = known
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Edit:
    """An edit and its state."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_stored = False
        self.handle: Any = None
        self.layer: Any = None
        self.answer: asyncio.Future[None] | None = None

    def put(self, draft: Any) -> None:
        draft[self.number] = True


class Machine:
    """A store with an editable, the server, and the expected visible edits."""

    def __init__(self, seed: int) -> None:
        self.random = choose = random.Random(seed)
        self.store = Store(on_error=self.refused)
        self.stored: set[int] = set()
        self.confirmed: set[int] = set()
        self.over: set[int] = set()  # edits that were refused or rolled back
        self.open: list[Edit] = []
        self.requests: list[Request] = []
        self.held: set[int] = set()
        self.asked: list[int] = []
        self.steps: list[str] = []
        self.errors: list[BaseException] = []
        self.count = 0
        self.selectors = [atom(0) for _ in range(choose.randint(1, 4))]
        self.nodes: list[Any] = []
        for number in range(len(self.selectors)):
            self.nodes.append(self.node(number))
        self.editable = editable(self.nodes[-1])
        self.lens = lens(self.editable, lambda value: value)
        self.subscription: Any = None
        # A run may await an input later that it has not read yet. The store knows this only if the run before it
        # has read the input and the atom has been observed since.
        self.is_always_watched = choose.random() < 0.5

    def refused(self, error: BaseException) -> None:
        if not isinstance(error, PermissionError):
            self.errors.append(error)

    def node(self, number: int) -> Any:
        choose = self.random
        lower = choose.sample(range(number), choose.randint(1, number)) if number else []
        if number and number - 1 not in lower:
            lower.append(number - 1)
        inputs = [self.seen_through(self.nodes[one], choose.randrange(4)) for one in lower]
        is_first = choose.random() < 0.5
        selector = self.selectors[number]

        async def read(get: Any) -> Any:
            get(selector)
            known = await self.ask(number) if is_first else None
            for one in inputs:
                part = get(one)
                part = set(part if isinstance(part, dict) else await part)
                known = part if known is None else known & part
            if not is_first:
                late = await self.ask(number)
                known = late if known is None else known & late
            return dict.fromkeys(sorted(known or ()), True)

        return derived(read, name=f"node{number}")

    def seen_through(self, node: Any, way: int) -> Any:
        """The input itself, or an atom over it."""
        if way == 1:
            return select(node, dict)
        if way == 2:
            return derived(lambda get: get(node))
        if way == 3:
            return unwrap(node, keep_previous=True, fallback={})
        return node

    async def ask(self, node: int) -> set[int]:
        if not self.running():
            self.held.clear()
        if node in self.held:
            self.errors.append(AssertionError(f"node{node} was asked before the sagas had ended"))
        request = Request(node, frozenset(self.stored))
        self.requests.append(request)
        self.asked.append(node)
        try:
            await request.answer
        finally:
            self.requests.remove(request)
        return set(request.known)

    # --- confirmations and checks

    def note_confirmation(self, edit: Edit, *, is_saga: bool) -> None:
        """Called at the moment of the confirmation."""
        if edit.number in self.confirmed:
            return  # recipes are called again when older layers or the base change
        self.confirmed.add(edit.number)
        if self.is_always_watched and self.running() > is_saga:
            self.held |= {request.node for request in self.requests if not request.answer.done()}

    def running(self) -> int:
        return sum(one.handle is not None and not one.handle.done() for one in self.open)

    def check(self, shown: Any = None) -> None:
        if self.errors:
            raise self.errors[0]
        shown = self.store.get(self.editable) if shown is None else shown
        keys = set(shown)
        assert self.confirmed <= keys, f"edits {self.confirmed - keys} were confirmed and are not shown"
        assert not keys & self.over, f"edits {keys & self.over} were refused and are shown"

    # --- operations

    async def begin(self) -> None:
        if self.is_always_watched or self.random.random() < 0.5:
            self.watch()
        waiting = asyncio.ensure_future(self.store.value(self.editable))
        while not waiting.done() or self.requests:
            self.answer_one()
            await quiet()
        await waiting

    def watch(self) -> None:
        if self.subscription is None:
            self.subscription = self.store.subscribe(self.editable, self.check)
        elif not self.is_always_watched:
            self.subscription()
            self.subscription = None

    def answer_one(self) -> None:
        waiting = [request for request in self.requests if not request.answer.done()]
        if waiting:
            self.random.choice(waiting).answer.set_result(None)

    def refresh_one(self) -> None:
        self.store.refresh(self.random.choice(self.nodes))

    def select_another(self) -> None:
        self.store.update(self.random.choice(self.selectors), lambda value: value + 1)

    def new_edit(self) -> Edit:
        self.count += 1
        edit = Edit(self.count)
        self.open.append(edit)
        return edit

    def begin_saga(self) -> None:
        edit = self.new_edit()
        edit.answer = asyncio.get_running_loop().create_future()

        async def save(value: Any) -> None:
            await edit.answer  # type: ignore[misc]

        def note(draft: Any, result: Any) -> None:
            self.note_confirmation(edit, is_saga=True)

        target = self.random.choice([self.editable, self.lens])
        edit.handle = self.store.mutate(target, edit.put, save, note)

    def begin_by_hand(self) -> None:
        edit = self.new_edit()
        edit.layer = self.store.layers(self.editable).apply(edit.put)

    def end_one(self) -> None:
        waiting = [edit for edit in self.open if edit.answer is None or not edit.answer.done()]
        if not waiting:
            return
        edit = self.random.choice(waiting)
        if not edit.is_stored and self.random.random() < 0.5:
            edit.is_stored = True
            self.stored.add(edit.number)
            return
        self.open.remove(edit)
        if not edit.is_stored:
            self.over.add(edit.number)
        if edit.layer is not None:
            if edit.is_stored:
                self.note_confirmation(edit, is_saga=False)
                edit.layer.commit()
            else:
                edit.layer.rollback()
            return
        self.open.append(edit)  # until the saga has ended
        assert edit.answer is not None
        if edit.is_stored:
            edit.answer.set_result(None)
        else:
            self.over.discard(edit.number)
            edit.answer.set_exception(PermissionError())

    async def after(self) -> None:
        await quiet()
        for edit in self.open[:]:
            if edit.handle is not None and edit.handle.done():
                self.open.remove(edit)
                if edit.is_stored:
                    assert edit.number in self.confirmed
                else:
                    self.over.add(edit.number)
        self.check()
        await quiet()

    async def run(self, length: int) -> None:
        acts: list[Callable[[], object]] = [
            *[self.answer_one] * 4,
            *[self.refresh_one] * 2,
            self.select_another,
            *[self.begin_saga] * 2,
            self.begin_by_hand,
            *[self.end_one] * 4,
            self.watch,
        ]
        async with self.store:
            await self.begin()
            is_quiet = True
            for _ in range(length):
                act = self.random.choice(acts)
                self.steps.append(act.__name__)
                before = self.requests[:] if is_quiet and self.is_always_watched else []
                confirmed = len(self.confirmed)
                act()
                is_quiet = self.random.random() < 0.6
                if is_quiet:
                    await self.after()
                    if len(self.confirmed) > confirmed:
                        left = [one.node for one in self.requests if one in before]
                        assert not left, f"requests of {left} are older than the confirmation"
            await self.end()

    async def end(self) -> None:
        """Answer all requests; the visible edits must be those of the server."""
        await self.after()
        for edit in self.open:
            if not edit.is_stored:
                edit.is_stored = True
                self.stored.add(edit.number)
            if edit.layer is not None:
                self.note_confirmation(edit, is_saga=False)
                edit.layer.commit()
            elif edit.answer is not None and not edit.answer.done():
                edit.answer.set_result(None)
        self.open = [edit for edit in self.open if edit.layer is None]
        await self.after()
        for _ in range(2):
            self.store.refresh(self.nodes[0])
            await quiet()
            while self.requests:
                self.answer_one()
                await quiet()
        self.check()
        assert set(self.store.get(self.editable)) == self.stored
        assert self.store._invariant() is None
