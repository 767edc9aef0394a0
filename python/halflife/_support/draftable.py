"""A class is *draftable* if drafts know how to copy its objects and which parts of them can be edited.

Drafts know the built-in containers, those of `collections`, and record classes. Other classes are registered with
`draftable`. An object of a class that drafts do not know is a leaf: a draft gives the object itself, which can be
replaced but not edited.
"""

import copy
import enum
import functools
import sys
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar, cast
from weakref import WeakSet

from halflife import _core
from halflife._support.records import describe_record
from halflife._support.reprs import abbreviated

C = TypeVar("C", bound=type)

#: The fields of the native `RecordType`: the kind, the field names, the function that makes another object, whether
#: equal untouched fields keep their objects, the attribute with a dict of further fields, the names in that dict that
#: are no fields, and whether fields may be added and removed.
Description: TypeAlias = tuple[int, tuple[str, ...], Callable[..., Any], bool, str | None, frozenset[str], bool]

#: The native kinds that a class can have.
_MAP: Final = 2
_LIST: Final = 3
_SET: Final = 4
_RECORD: Final = 5

_registered: WeakSet[type] = WeakSet()
#: Built-in classes that are known or were registered. The native module asks about no other built-in class.
drafted_built_ins: set[type] = {OrderedDict, defaultdict, deque}

#: Immutable classes, although some of them have only the `==` and the hash of `object`.
_IMMUTABLE: Final = (
    type(None),
    type(...),
    type(NotImplemented),
    types.FunctionType,
    types.BuiltinFunctionType,
    type,
)


def draftable(cls: C) -> C:
    """Register a class: objects of it can be edited through drafts, like dicts and dataclasses.

    The object is copied by `copy.copy`, and its attributes are edited: those in its ``__dict__`` and its
    ``__slots__``. Methods and properties run with the draft as ``self``. A subclass of `dict`, `list`, `set` or of a
    container of `collections` is edited as that container instead; its other attributes are kept. A subclass has to
    be registered by itself.

    Args:
        cls: a class. Registering a class that drafts already know, such as a dataclass, does nothing.

    Returns:
        The class.

    Raises:
        TypeError: `cls` is no class, or its objects cannot change.

    Example:
        >>> @draftable
        ... class Settings:
        ...     def __init__(self):
        ...         self.theme, self.tags = "dark", []
        >>> new = produce(Settings(), lambda draft: draft.tags.append("a"))
        >>> new.tags
        ['a']
    """
    if not isinstance(cls, type):
        raise TypeError(f"draftable: needs a class, got {abbreviated(cls)}")
    if describe_record(cls) is not None or cls in _STANDARD or cls in (dict, list, set, tuple):
        return cls
    if issubclass(cls, (str, bytes, int, float, complex, tuple, frozenset, enum.Enum, type)) or cls is object:
        raise TypeError(f"draftable: objects of {cls.__qualname__} cannot change; as leaves they need no registration")
    _registered.add(cls)
    if not cls.__flags__ & _HEAP_TYPE:
        drafted_built_ins.add(cls)
    _core.forget_class(cls)
    return cls  # pyright: ignore[reportReturnType] - enum.Enum above makes it a type of anything


_HEAP_TYPE: Final = 1 << 9


def describe(cls: type) -> Description | None:
    """The description of a class for drafts; None if its objects are leaves."""
    standard = _STANDARD.get(cls)
    if standard is not None:
        kind, rebuild = standard
        return kind, (), rebuild, False, None, frozenset(), False
    for base, kind in ((dict, _MAP), (list, _LIST), (deque, _LIST), (set, _SET)):
        if issubclass(cls, base):
            if cls not in _registered:
                return None
            return kind, _slots_of(cls), _rebuild_container, False, _dict_of(cls), _cached_of(cls), True
    record = describe_record(cls)
    if record is not None:
        names, rebuild_record, keeps, more = record
        return _RECORD, _interned(names), rebuild_record, keeps, more, frozenset(), False
    if cls in _registered:
        return _RECORD, _slots_of(cls), _rebuild_object, False, _dict_of(cls), _cached_of(cls), True
    return None


def _interned(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sys.intern(name) for name in names)


def _slots_of(cls: type) -> tuple[str, ...]:
    """The attributes that objects of the class have in slots."""
    names = {
        name: None
        for base in reversed(cls.__mro__)
        for name, found in base.__dict__.items()
        if isinstance(found, types.MemberDescriptorType) and "__slots__" in base.__dict__
    }
    return _interned(tuple(name for name in names if not (name.startswith("__") and name.endswith("__"))))


def _dict_of(cls: type) -> str | None:
    return "__dict__" if cls.__dictoffset__ else None


def _cached_of(cls: type) -> frozenset[str]:
    """The names under which `cached_property` stores values that are computed from the attributes."""
    return frozenset(
        name
        for base in cls.__mro__
        for name, found in base.__dict__.items()
        if isinstance(found, functools.cached_property)
    )


# --- making another object


def _rebuild_ordered(_: Any, contents: dict[Any, Any]) -> Any:
    return OrderedDict(contents)


def _rebuild_default(container: Any, contents: dict[Any, Any]) -> Any:
    return defaultdict(container.default_factory, contents)


def _rebuild_counter(_: Any, contents: dict[Any, Any]) -> Any:
    made: Counter[Any] = Counter()
    dict.update(made, contents)  # Counts nothing, and adds nothing.
    return made


def _rebuild_deque(container: Any, contents: list[Any]) -> Any:
    return deque(contents, container.maxlen)


_STANDARD: Final[dict[type, tuple[int, Callable[..., Any]]]] = {
    OrderedDict: (_MAP, _rebuild_ordered),
    defaultdict: (_MAP, _rebuild_default),
    Counter: (_MAP, _rebuild_counter),
    deque: (_LIST, _rebuild_deque),
}


def _copied(value: Any) -> Any:
    made = copy.copy(value)
    if made is value:
        raise TypeError(
            f"copy.copy of {abbreviated(value)} gives the object itself: a class that is registered with draftable"
            " needs a copy that can be edited"
        )
    for name in _cached_of(type(made)):
        getattr(made, "__dict__", {}).pop(name, None)
    return made


def _rebuild_object(value: Any, changes: dict[str, Any], gone: list[str]) -> Any:
    made = _copied(value)
    for name in gone:
        object.__delattr__(made, name)
    for name, item in changes.items():
        object.__setattr__(made, name, item)
    return made


def _rebuild_container(container: Any, contents: Any) -> Any:
    """Make another object by the methods of the built-in container, bypassing those that the class overrides.

    Attributes are set one by one, because the copies of some containers of `collections` lack them.
    """
    made = _copied(container)
    attributes = dict(getattr(container, "__dict__", {}))
    attributes |= {name: getattr(container, name) for name in _slots_of(type(container)) if hasattr(container, name)}
    for name, item in attributes.items():
        if name not in _cached_of(type(container)):
            object.__setattr__(made, name, item)
    if isinstance(made, OrderedDict):
        OrderedDict.clear(made)
        for key, item in contents.items():
            OrderedDict.__setitem__(made, key, item)
    elif isinstance(made, dict):
        dict.clear(made)
        dict.update(made, contents)
    elif isinstance(made, list):
        list.__setitem__(made, slice(None), contents)
    elif isinstance(made, deque):
        deque.clear(made)
        deque.extend(made, contents)
    else:
        set.clear(made)
        set.update(made, contents)
    return made


# --- leaves


def is_mutable(leaf: object) -> bool:
    """Whether a leaf may be of a class whose objects can be changed in place.

    A class with its own `__hash__` promises that its objects do not change.
    """
    cls = type(leaf)
    if cls is object or isinstance(leaf, _IMMUTABLE):
        return False
    for base in cls.__mro__:
        if "__hash__" in base.__dict__:
            return base is object or base.__dict__["__hash__"] is None
    return True


def check_leaf(leaf: object) -> None:
    """Raise `TypeError` if the value itself is a leaf that a recipe could change in place."""
    if is_mutable(leaf):
        cls = cast(Any, type(leaf))
        raise TypeError(
            f"{abbreviated(leaf)} cannot be edited by a recipe: drafts do not know how to copy objects of the class"
            f" {cls.__module__}.{cls.__qualname__}; register it with draftable, or put the object into a dict, where a"
            " recipe can replace it"
        )
