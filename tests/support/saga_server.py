"""A server for tests of sagas, whose answers the test triggers, and edits of a list of todos."""

import asyncio
from typing import Any

from fetch_server import quiet
from halflife import draft_atom


class Server:
    """A server whose answers the test triggers, and that remembers its requests."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.cancelled = 0
        self.answers: list[asyncio.Future[Any]] = []

    async def save(self, next_value: Any, context: Any) -> Any:
        self.asked.append((next_value, context))
        answer = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def answer(self, number: int, result: Any) -> None:
        if isinstance(result, BaseException):
            self.answers[number].set_exception(result)
        else:
            self.answers[number].set_result(result)
        await quiet()


def todos_atom() -> Any:
    return draft_atom({"order": [], "items": {}}, name="todos")


def add(key: str, text: str = "milk") -> Any:
    def recipe(draft: Any) -> str:
        draft["items"][key] = {"text": text}
        draft["order"].append(key)
        return key

    return recipe


def adding(key: str) -> Any:
    """`add` as a direct update, whose result would count as the new value."""

    def recipe(draft: Any) -> None:
        add(key)(draft)

    return recipe
