"""The *reprs* of atoms, stores, loadables and async values: one line of text, or a small HTML view.

The functions are pure and accept any value: a `__repr__` that raises, is a megabyte long, spans lines or contains
escape sequences of a terminal is shown as a short text. In HTML every character that comes from the user is escaped,
quotes too, so no value can inject markup; all colors are translucent, which suits light and dark pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from itertools import islice
from typing import Any

LONGEST_VALUE = 100
LONGEST_STRING = 60
MOST_ITEMS = 5
DEEPEST = 3
MOST_DIGITS = 40

_CARD = (
    "display:inline-block;font-family:monospace;padding:2px 8px;border-radius:4px;"
    "border:1px solid rgba(128,128,128,.4);color:inherit"
)
_CHIP = "padding:0 6px;border-radius:3px;background:rgba({color},.25)"
_COLORS = {
    "hasData": "46,160,67",
    "loading": "210,153,34",
    "superseded": "128,128,128",
    "hasError": "218,54,51",
}
_NEUTRAL = "128,128,128"


def abbreviated(value: object, longest: int = LONGEST_VALUE) -> str:
    """The `repr` of any value in one line of at most `longest` characters; never raises.

    Only the first items of plain containers are read, so a list of ten million costs the same as one of ten.
    KeyboardInterrupt and SystemExit propagate.

        >>> abbreviated(list(range(1000)))
        '[0, 1, 2, 3, 4, ...]'
    """
    return _cut(_one_line(_described(value, DEEPEST)), longest)


def atom_repr(atom: Any) -> str:
    """One line: kind and name, and the initial value of a source atom.

    An atom without a name of its own shows its computed `name`.

        >>> from types import SimpleNamespace as Fake
        >>> atom_repr(Fake(name="user_id", kind="source", is_async=False, initial=1))
        "<source atom 'user_id', initially 1>"
    """
    initially = f", initially {abbreviated(atom.initial)}" if atom.kind == "source" else ""
    return f"<{_kind(atom)} {abbreviated(atom.name)}{initially}>"


def atom_html(atom: Any) -> str:
    """`atom_repr` as HTML."""
    parts = [_chip(_kind(atom), _NEUTRAL), _name(atom.name)]
    if atom.kind == "source":
        parts.append(f"initially {escape(abbreviated(atom.initial))}")
    return _card(parts)


def store_repr(name: str | None, counts: tuple[int, int, int] | None, *, closed: bool) -> str:
    """One line: the name and, if known, the numbers of atoms with state, of observed ones and of pending runs.

    >>> store_repr("app", (3, 2, 1), closed=False)
    "<Store 'app': 3 atoms, 2 observed, 1 pending>"
    >>> store_repr("app", None, closed=False)
    "<Store 'app'>"
    """
    named = "Store" if name is None else f"Store {abbreviated(name)}"
    state = _store_state(counts, closed=closed)
    return f"<{named}: {state}>" if state else f"<{named}>"


def store_html(name: str | None, counts: tuple[int, int, int] | None, *, closed: bool) -> str:
    """`store_repr` as HTML."""
    parts = [_chip("store", _NEUTRAL)]
    if name is not None:
        parts.append(_name(name))
    if state := _store_state(counts, closed=closed):
        parts.append(escape(state))
    return _card(parts)


def loadable_repr(loadable: Any) -> str:
    """One line, as the loadable would be written: `HasData([1, 2], refreshing=True)`."""
    return f"{_LOADABLE_NAMES[loadable.state]}({', '.join(_loadable_parts(loadable))})"


def loadable_html(loadable: Any) -> str:
    """`loadable_repr` as HTML, with a chip for the state."""
    chip = _chip(loadable.state, _COLORS[loadable.state])
    return _card([chip, *map(escape, _loadable_parts(loadable))])


def async_value_repr(value: Any) -> str:
    """One line: the state of its run, and the data or the error once it is done."""
    shown = _async_value_result(value)
    return f"<AsyncValue {value.state}{f': {shown}' if shown else ''}>"


def async_value_html(value: Any) -> str:
    """`async_value_repr` as HTML, with a chip for the state."""
    shown = _async_value_result(value)
    chip = _chip(value.state, _COLORS[value.state])
    return _card([chip, escape(shown)] if shown else [chip])


_LOADABLE_NAMES = {"loading": "Loading", "hasData": "HasData", "hasError": "HasError"}


def _loadable_parts(loadable: Any) -> list[str]:
    match loadable.state:
        case "hasData":
            refreshing = ["refreshing=True"] if loadable.refreshing else []
            return [abbreviated(loadable.data), *refreshing]
        case "hasError":
            return [abbreviated(loadable.error), *_previous(loadable)]
        case _:
            return _previous(loadable)


def _previous(loadable: Any) -> list[str]:
    return [f"previous={abbreviated(loadable.previous)}"] if loadable.has_previous else []


def _async_value_result(value: Any) -> str:
    if value.state not in ("hasData", "hasError"):
        return ""
    try:
        return abbreviated(value.result())
    except Exception as error:
        return abbreviated(error)


def _kind(atom: Any) -> str:
    word = "action" if atom.kind == "action" else f"{atom.kind} atom"
    return f"async {word}" if atom.is_async else word


def _store_state(counts: tuple[int, int, int] | None, *, closed: bool) -> str:
    if closed:
        return "closed"
    if counts is None:
        return ""
    atoms, observed, pending = counts
    return f"{atoms} {'atom' if atoms == 1 else 'atoms'}, {observed} observed, {pending} pending"


def _card(parts: Iterable[str]) -> str:
    """A bordered line of parts, each of which is HTML already."""
    return f'<span style="{_CARD}">{" ".join(parts)}</span>'


def _chip(text: str, color: str) -> str:
    return f'<span style="{_CHIP.format(color=color)}">{escape(text)}</span>'


def _name(name: object) -> str:
    return f"<b>{escape(_cut(_one_line(str(name)), LONGEST_STRING))}</b>"


def _described(value: object, depth: int) -> str:
    """`repr(value)`; of plain containers and strings only the beginning."""
    # The exact type: a subclass may have its own `__repr__` and `__len__`.
    describe = _DESCRIBERS.get(type(value))
    try:
        return str.__str__(repr(value)) if describe is None else describe(value, depth)
    except Exception as error:
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"


def _described_string(value: Any, _depth: int) -> str:
    if len(value) <= LONGEST_STRING:
        return repr(value)
    return f"{value[: LONGEST_STRING - 3]!r}..."


def _described_int(value: Any, _depth: int) -> str:
    # Python raises for integers of more than a few thousand digits.
    bits = value.bit_length()
    return repr(value) if bits <= MOST_DIGITS * 3 else f"<int of {bits} bits>"


def _described_dict(value: Any, depth: int) -> str:
    def pair(item: tuple[object, object]) -> str:
        return f"{_described(item[0], depth - 1)}: {_described(item[1], depth - 1)}"

    return f"{{{_described_items(value, value.items(), depth, pair)}}}"


def _described_list(value: Any, depth: int) -> str:
    return f"[{_described_items(value, value, depth)}]"


def _described_tuple(value: Any, depth: int) -> str:
    comma = "," if len(value) == 1 else ""
    return f"({_described_items(value, value, depth)}{comma})"


def _described_set(value: Any, depth: int) -> str:
    return f"{{{_described_items(value, value, depth)}}}" if value else "set()"


def _described_frozenset(value: Any, depth: int) -> str:
    return f"frozenset({_described_set(value, depth) if value else ''})"


def _described_items(
    value: Any,
    items: Iterable[Any],
    depth: int,
    describe: Callable[[Any], str] | None = None,
) -> str:
    if not value:
        return ""
    if depth <= 0:
        return "..."
    # Taken before they are described: a user's `__repr__` may change the container.
    first = list(islice(items, MOST_ITEMS))
    described = [describe(item) if describe else _described(item, depth - 1) for item in first]
    return ", ".join([*described, *(["..."] if len(value) > MOST_ITEMS else [])])


_DESCRIBERS: dict[type, Callable[[Any, int], str]] = {
    str: _described_string,
    bytes: _described_string,
    bytearray: _described_string,
    int: _described_int,
    dict: _described_dict,
    list: _described_list,
    tuple: _described_tuple,
    set: _described_set,
    frozenset: _described_frozenset,
}


def _one_line(text: str) -> str:
    """Replace line breaks by blanks, and characters that a terminal would interpret or not show by escapes."""
    # The repr of a value may be very long: drop first what would be cut away later.
    text = text[: LONGEST_VALUE * 4]
    if len(text.splitlines()) > 1:
        text = " ".join(text.split())
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
