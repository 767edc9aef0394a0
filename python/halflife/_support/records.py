"""A *record* is an object with named fields, which drafts edit by attribute.

Dataclasses, attrs classes, NamedTuples, msgspec Structs and pydantic models (v2) are records. For each class this
module gives the names of its fields and the function that makes another record from one, in the way of its own
library, so that fields computed by the class are computed again. attrs, msgspec and pydantic are never imported here:
a class of theirs exists only if the user has imported them.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

#: Makes another record, given the changed fields and the names of removed ones.
Rebuild: TypeAlias = Callable[[Any, dict[str, Any], list[str]], Any]
#: The names of the fields, and the function that makes another record.
Fields: TypeAlias = tuple[tuple[str, ...], Rebuild]

#: The attribute in which pydantic keeps fields that the class does not declare.
_EXTRA = "__pydantic_extra__"


def describe_record(cls: type) -> tuple[tuple[str, ...], Rebuild, bool, str | None] | None:
    """The description of a record class for drafts; None if the class is no record class.

    The description has the names of the fields, the function that makes another record, whether equal untouched fields
    keep their objects, and the attribute with a dict of further fields.
    """
    found = (
        _describe_named_tuple(cls)
        or _describe_pydantic(cls)
        or _describe_struct(cls)
        or _describe_attrs(cls)
        or _describe_dataclass(cls)
    )
    if found is None:
        return None
    names, rebuild = found
    if any(_is_computed(cls, name) for name in names):
        return None
    if _own_replace(cls) is not None:
        rebuild = _rebuild_by_own_replace
    more = _EXTRA if isinstance(inspect.getattr_static(cls, _EXTRA, None), types.MemberDescriptorType) else None
    return tuple(name for name in names if not _is_dunder(name)), rebuild, not issubclass(cls, tuple), more


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_computed(cls: type, name: str) -> bool:
    """Whether a field is not stored in the record, but computed by a property or another descriptor."""
    if issubclass(cls, tuple):
        return False
    found = inspect.getattr_static(cls, name, None)
    return hasattr(type(found), "__set__") and not isinstance(found, types.MemberDescriptorType)


def _describe_named_tuple(cls: type) -> Fields | None:
    if not issubclass(cls, tuple):
        return None
    names = getattr(cls, "_fields", None)
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names) or not hasattr(cls, "_replace"):
        return None
    return names, _rebuild_named_tuple


def _rebuild_named_tuple(record: Any, changes: dict[str, Any], _: list[str]) -> Any:
    return record._replace(**changes)


def _describe_pydantic(cls: type) -> Fields | None:
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not hasattr(cls, "model_copy") or not issubclass(cls, pydantic.BaseModel):
        return None
    config = getattr(cls, "model_config", {})
    validates = bool(config.get("validate_assignment")) and not config.get("frozen")
    names = tuple(getattr(cls, "__pydantic_fields__", None) or getattr(cls, "model_fields", None) or ())
    return names, _rebuild_validated if validates else _rebuild_pydantic


def _rebuild_pydantic(record: Any, changes: dict[str, Any], gone: list[str]) -> Any:
    made = record.model_copy(update=changes)
    _drop_cached(made)
    for name in gone:
        getattr(made, _EXTRA).pop(name, None)
        made.__pydantic_fields_set__.discard(name)
    return made


def _rebuild_validated(record: Any, changes: dict[str, Any], gone: list[str]) -> Any:
    """Make another record with `validate_assignment`, by assigning each changed field."""
    made = _rebuild_pydantic(record, {}, gone)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _describe_struct(cls: type) -> Fields | None:
    msgspec = sys.modules.get("msgspec")
    if msgspec is None or not issubclass(cls, msgspec.Struct):
        return None
    return getattr(cls, "__struct_fields__", ()), _rebuild_struct


def _rebuild_struct(record: Any, changes: dict[str, Any], _: list[str]) -> Any:
    return sys.modules["msgspec"].structs.replace(record, **changes)


def _describe_attrs(cls: type) -> Fields | None:
    fields = getattr(cls, "__attrs_attrs__", None)
    if fields is None or "attr" not in sys.modules:
        return None
    names = tuple(field.name for field in fields)
    aliases = {field.name: field.alias or field.name for field in fields if field.init}
    if not _takes(cls, aliases.values()):
        return names, _rebuild_by_copying
    return names, functools.partial(_rebuild_attrs, aliases)


def _rebuild_attrs(aliases: Mapping[str, str], record: Any, changes: dict[str, Any], _: list[str]) -> Any:
    given = {aliases[name]: value for name, value in changes.items() if name in aliases}
    made = sys.modules["attr"].evolve(record, **given)
    return _put({name: value for name, value in changes.items() if name not in aliases}, made)


def _describe_dataclass(cls: type) -> Fields | None:
    if not dataclasses.is_dataclass(cls):
        return None
    fields = dataclasses.fields(cls)
    names = tuple(field.name for field in fields)
    given = frozenset(field.name for field in fields if field.init)
    if not _takes(cls, given):
        return names, _rebuild_by_copying
    return names, functools.partial(_rebuild_dataclass, given)


def _rebuild_dataclass(given: frozenset[str], record: Any, changes: dict[str, Any], _: list[str]) -> Any:
    made = dataclasses.replace(record, **{name: value for name, value in changes.items() if name in given})
    return _put({name: value for name, value in changes.items() if name not in given}, made)


def _rebuild_by_own_replace(record: Any, changes: dict[str, Any], _: list[str]) -> Any:
    """Make another record by the class's `__replace__`; fields that the class computes are set afterwards."""
    computed = _fields_without_init(type(record))
    made = record.__replace__(**{name: value for name, value in changes.items() if name not in computed})
    return _put({name: value for name, value in changes.items() if name in computed}, made)


def _fields_without_init(cls: type) -> frozenset[str]:
    fields: Iterable[Any] = getattr(cls, "__attrs_attrs__", ())
    if dataclasses.is_dataclass(cls):
        fields = dataclasses.fields(cls)
    return frozenset(field.name for field in fields if not field.init)


#: Packages that give classes a `__replace__`, which does the same as this module.
_LIBRARIES = frozenset({"dataclasses", "attr", "attrs", "collections", "typing", "pydantic", "msgspec"})


def _own_replace(cls: type) -> Any:
    """The `__replace__` that the user wrote for this class; None if there is none."""
    for base in cls.__mro__:
        found = base.__dict__.get("__replace__")
        if found is not None:
            if not isinstance(found, types.FunctionType):
                return None
            # The file in which the function was compiled, because attrs sets its `__module__` to that of the class.
            library = str(found.__globals__.get("__name__")).partition(".")[0]
            return None if library in _LIBRARIES else found
    return None


def _takes(cls: Any, names: Iterable[str]) -> bool:
    """Whether the class can be called with just these arguments, as making a copy by a call requires.

    It cannot if the user wrote an `__init__`, or if the class requires init-only variables.
    """
    try:
        parameters = inspect.signature(cls).parameters
    except (TypeError, ValueError):
        return False
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return False
    wanted = set(names)
    required = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
    return wanted <= parameters.keys() and required <= wanted


def _rebuild_by_copying(record: Any, changes: dict[str, Any], _: list[str]) -> Any:
    """Make another record of a class that cannot be called with its fields, without `__init__` and `__post_init__`."""
    cls = type(record)
    made = object.__new__(cls)
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            descriptor = base.__dict__.get(_mangled(base, slot))
            if isinstance(descriptor, types.MemberDescriptorType) and hasattr(record, _mangled(base, slot)):
                descriptor.__set__(made, descriptor.__get__(record))
    if hasattr(record, "__dict__"):
        vars(made).update(vars(record))
        _drop_cached(made)
    return _put(changes, made)


def _mangled(cls: type, slot: str) -> str:
    if slot.startswith("__") and not slot.endswith("__"):
        return f"_{cls.__name__.lstrip('_')}{slot}"
    return slot


def _drop_cached(record: Any) -> None:
    """Remove the values of `cached_property`, which were computed from the old fields."""
    cls = type(record)
    for name in list(vars(record)):
        if isinstance(inspect.getattr_static(cls, name, None), functools.cached_property):
            del vars(record)[name]


def _put(fields: Mapping[str, Any], record: Any) -> Any:
    """Set fields of a new record, also if the class is frozen."""
    for name, value in fields.items():
        object.__setattr__(record, name, value)
    return record
