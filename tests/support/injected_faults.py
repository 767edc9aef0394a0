"""*Injected faults*: callbacks are counted, and one of them fails."""


class InjectedError(Exception):
    """The fault that is an error."""


class InjectedInterrupt(KeyboardInterrupt):
    """The fault that is not an `Exception`."""


class Faults:
    """Counts callbacks, and fails in one of them."""

    def __init__(self, at: int, kind: type[BaseException], *, armed: bool = True) -> None:
        self.at, self.kind = at, kind
        self.count = 0
        self.armed = armed
        self.where = ""

    def step(self, where: str) -> None:
        if self.armed:
            self.count += 1
            if self.count == self.at:
                self.where = where
                raise self.kind(where)
