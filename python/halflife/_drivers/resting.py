"""A run *rests* when it waits for nothing but a change of its inputs; `settled` does not wait for it."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from halflife._drivers.protocol import StoreLike


async def rest(store: StoreLike) -> NoReturn:
    """Wait until the run is superseded."""
    store._driver.rest()
    while True:
        await asyncio.get_running_loop().create_future()
