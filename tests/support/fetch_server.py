"""A server for tests of resources: the test triggers its answers, and it remembers its requests."""

import asyncio
from typing import Any

from halflife.testing import ManualClock


class FetchServer:
    """A server whose answers the test triggers, and that remembers its requests."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.infos: list[Any] = []
        self.cancelled: list[Any] = []
        self.answers: dict[Any, asyncio.Future[Any]] = {}

    async def fetch(self, value: Any, info: Any) -> Any:
        self.asked.append(value)
        self.infos.append(info)
        answer = self.answers[value] = asyncio.get_running_loop().create_future()
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled.append(value)
            raise

    async def answer(self, value: Any, data: Any) -> None:
        if isinstance(data, Exception):
            self.answers[value].set_exception(data)
        else:
            self.answers[value].set_result(data)
        await quiet()


async def quiet() -> None:
    await ManualClock().advance(0)


async def echo(value: Any, info: Any) -> Any:
    return f"data of {value}"
