"""The *definitions* of the async machine: the inputs of its atoms, and how their values follow from them."""

from typing import Any

from hypothesis import strategies as st


class BrokenError(Exception):
    """The error of the machine's atoms; compared by its message."""


class Definition:
    """One async atom: its inputs before and after its fetch, and how its value follows from them."""

    def __init__(self, number: int, before: list[Any], after: list[Any], modulus: int, options: dict[str, Any]) -> None:
        self.number = number
        self.before = before
        self.after = after
        self.modulus = modulus
        self.gathers = options["gathers"]
        self.fetches = options["fetches"]
        self.cancel = options["cancel"]
        self.unmount = options["unmount"]

    def made_of(self, parts: list[int]) -> int:
        total = sum((place + 2) * part for place, part in enumerate(parts)) + self.number
        if total % 11 == 7:
            raise BrokenError(f"atom {self.number} does not like {total}")
        return total % self.modulus


options = st.fixed_dictionaries(
    {
        "gathers": st.booleans(),
        "fetches": st.integers(0, 2),
        "cancel": st.sampled_from(["task", "task", "signal"]),
        "unmount": st.sampled_from(["never", "never", "grace"]),
    }
)
