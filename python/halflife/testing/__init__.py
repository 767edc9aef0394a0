"""What tests of programs that use halflife need: a clock that is moved by hand, the event log, leak checks."""

from halflife.testing._clocks import ManualClock, Passage
from halflife.testing._leaks import assert_no_leaks
from halflife.testing._logs import EventLog, events

__all__ = ["EventLog", "ManualClock", "Passage", "assert_no_leaks", "events"]
