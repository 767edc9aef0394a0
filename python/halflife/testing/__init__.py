"""Tools for tests of programs that use halflife: a clock that is moved by hand, the event log, leak checks."""

from halflife.testing._clocks import ClockAdvance, ManualClock
from halflife.testing._leaks import assert_no_leaks
from halflife.testing._logs import EventLog, events

#: The type of `ManualClock.advance(...)`.
Passage = ClockAdvance

__all__ = ["EventLog", "ManualClock", "Passage", "assert_no_leaks", "events"]
