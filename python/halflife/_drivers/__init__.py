"""The *drivers* connect stores to an event loop. Nothing outside this folder imports asyncio."""

from asyncio import CancelledError

from halflife._drivers.origins import is_in_run
from halflife._drivers.waiting import Watcher, current_task, same_task, wait, wait_for_call

__all__ = ["CancelledError", "Watcher", "current_task", "is_in_run", "same_task", "wait", "wait_for_call"]
