"""A *cancellation* is how asyncio ends a task from outside: `CancelledError`, raised where the task waits."""

from asyncio import CancelledError

__all__ = ["CancelledError"]
