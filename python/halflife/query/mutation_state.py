"""A *mutation state* is the state of one call of a mutation at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from halflife._support.reprs import abbreviated

R_co = TypeVar("R_co", covariant=True)

MutationStatus: TypeAlias = Literal["idle", "loading", "success", "error", "cancelled"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MutationState(Generic[R_co]):
    """The state of the newest call of a mutation, the value of `Mutation.state`; and an item of `client.mutations`.

    Example:
        >>> match store.get(add.state):
        ...     case MutationState(status="error", error=error, variables=variables):
        ...         show_error(error, variables)
    """

    #: The answer of the server; None if there is none.
    data: R_co | None = None
    #: Why the call failed; None if it did not.
    error: Exception | None = None
    #: `idle` (not called yet), `loading` (the call runs or waits), `success`, `error` or `cancelled`.
    status: MutationStatus = "idle"
    #: What the mutation was called with.
    variables: Any = None
    #: When it was called, in seconds of wall-clock time; None if it was not called yet.
    submitted_at: float | None = None
    #: How many attempts of the call have failed.
    failure_count: int = 0
    #: Whether the call waits for the network.
    is_paused: bool = False
    _call: object = field(default=None, kw_only=True)

    @property
    def is_loading(self) -> bool:
        """Whether the call runs or waits."""
        return self.status == "loading"

    @property
    def is_error(self) -> bool:
        """Whether the call failed."""
        return self.status == "error"

    def __repr__(self) -> str:
        parts = [f"status={self.status!r}"]
        if self.status != "idle":
            parts.append(f"variables={abbreviated(self.variables)}")
        if self.data is not None:
            parts.append(f"data={abbreviated(self.data)}")
        if self.error is not None:
            parts.append(f"error={abbreviated(self.error)}")
        if self.is_paused:
            parts.append("is_paused")
        return f"<MutationState {', '.join(parts)}>"
