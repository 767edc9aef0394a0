"""An *assignment* of a call is the variable, attribute, key or keyword that its result is given to.

An atom without a name of its own gets its name from the assignment. When the atom is made, only the code object and
the offset of the call are recorded. When its name is needed, the code around the offset is analyzed. This is the code
that Python runs, so it needs no source file (`exec`, notebooks), and is of the version that made the atom.

A code object is analyzed once for all of its calls, by executing its instructions on a stack of descriptions.
"""

from __future__ import annotations

import builtins
import dis
from bisect import bisect_right
from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary


class _Constant(NamedTuple):
    """A constant, such as a key of a dict display or the names of keyword arguments."""

    value: Any


class _Global(NamedTuple):
    """A variable of the module or of the builtins, by name."""

    name: str


class _Items(NamedTuple):
    """A tuple or list that was built by these instructions, and may be unpacked at once."""

    entries: tuple[Any, ...]


#: The description of a value: the offsets of the calls whose result it may be, or one of the above.
_Entry: TypeAlias = frozenset[int] | _Constant | _Global | _Items
_Stack: TypeAlias = tuple[_Entry, ...]
_UNKNOWN: frozenset[int] = frozenset()


class _Reading(NamedTuple):
    """The analysis of one code object: the offsets of its instructions, and the names to which calls are assigned."""

    offsets: list[int]
    names: dict[int, str]


_readings: WeakKeyDictionary[CodeType, _Reading] = WeakKeyDictionary()


def assigned_name(code: CodeType, offset: int) -> str | None:
    """The name to which the result of the call at this offset is assigned; None if there is none."""
    reading = _readings.get(code)
    if reading is None:
        _readings[code] = reading = _Reader(code).read()
    # The offset of a call under way may be that of its instruction, or of the last cache entry behind it.
    position = bisect_right(reading.offsets, offset) - 1
    return reading.names.get(reading.offsets[position]) if position >= 0 else None


def is_name(text: object) -> bool:
    """Whether a text is a useful name; a name of underscores alone is not."""
    return isinstance(text, str) and text.strip("_ ") != ""


class _Reader:
    """Follows the instructions of one code object."""

    def __init__(self, code: CodeType) -> None:
        self.constants = code.co_consts
        self.instructions = list(dis.get_instructions(code))
        self.index = {one.offset: number for number, one in enumerate(self.instructions)}
        self.names: dict[int, str] = {}
        self.keywords: tuple[str, ...] = ()
        #: The known part of the stack before each instruction.
        self.before: dict[int, _Stack] = {}

    def read(self) -> _Reading:
        # No jump leads to exception handlers: they are analyzed afterwards, from an empty stack.
        for first in range(len(self.instructions)):
            if first not in self.before:
                self.follow(first, ())
        return _Reading([one.offset for one in self.instructions], self.names)

    def follow(self, first: int, stack: _Stack) -> None:
        work = [(first, stack)]
        budget = 50 * len(self.instructions) + 100  # Loops reach a fixed point in two or three rounds.
        while work and budget:
            budget -= 1
            number, stack = work.pop()
            known = self.before.get(number)
            merged = stack if known is None else _merged(known, stack)
            if merged == known:
                continue
            self.before[number] = merged
            work += reversed(self.after(number, merged))

    def after(self, number: int, stack: _Stack) -> list[tuple[int, _Stack]]:
        """The instructions that may follow this one, and the stack before each."""
        one = self.instructions[number]
        name = one.opname
        following: list[tuple[int, _Stack]] = []
        if name not in _ENDS:
            following.append((number + 1, self.step(one, list(stack), jumps=False)))
        if one.opcode in dis.hasjrel or one.opcode in dis.hasjabs:
            target = self.index.get(one.argval)
            if target is not None:
                following.append((target, self.step(one, list(stack), jumps=True)))
        return [(at, then) for at, then in following if at < len(self.instructions)]

    def step(self, one: dis.Instruction, stack: list[_Entry], *, jumps: bool) -> _Stack:
        handler = _HANDLERS.get(one.opname)
        if handler is not None:
            handler(self, one, stack)
            return tuple(stack)
        change = dis.stack_effect(one.opcode, one.arg if one.opcode >= dis.HAVE_ARGUMENT else None, jump=jumps)
        pops = _POPS.get(one.opname)
        if pops is None:  # Forget the descriptions, but not the height of the stack.
            stack = [_UNKNOWN] * max(0, len(stack) + change)
            return tuple(stack)
        count = 0 if jumps and one.opname in _KEEPS_WHAT_IT_JUMPS_WITH else pops(one.arg or 0)
        self.pop(stack, count)
        stack += [_UNKNOWN] * (count + change)
        return tuple(stack)

    def pop(self, stack: list[_Entry], count: int) -> list[_Entry]:
        """Take entries from the top, the topmost last. Entries below the known part are unknown."""
        missing = max(0, count - len(stack))
        taken = stack[len(stack) - (count - missing) :]
        del stack[len(stack) - (count - missing) :]
        return [_UNKNOWN] * missing + taken

    def assign(self, entry: _Entry, name: object) -> None:
        if isinstance(entry, frozenset) and is_name(name):
            for call in entry:
                self.names.setdefault(call, str(name))

    def assign_variable(self, entry: _Entry, name: str) -> None:
        if name.isidentifier():  # Other names are made up by a compiler or by pytest.
            self.assign(entry, name)

    # --- instructions

    def load_constant(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        stack.append(_Constant(one.argval))

    def load_name(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        stack.append(_Global(one.argval))

    def load_global(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        # With the lowest bit set, the instruction also pushes a null; the order depends on the version.
        stack.append(_Global(one.argval))
        if (one.arg or 0) & 1:
            stack.append(_Global(one.argval))

    def store(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        (value,) = self.pop(stack, 1)
        self.assign_variable(value, one.argval)

    def store_two(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        below, top = self.pop(stack, 2)
        first, second = one.argval
        self.assign_variable(top, first)
        self.assign_variable(below, second)

    def store_and_load(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        (value,) = self.pop(stack, 1)
        self.assign_variable(value, one.argval[0])
        stack.append(_UNKNOWN)

    def store_attribute(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        value, _ = self.pop(stack, 2)
        self.assign(value, one.argval)

    def store_item(self, _one: dis.Instruction, stack: list[_Entry]) -> None:
        value, _, key = self.pop(stack, 3)
        if isinstance(key, _Constant):
            self.assign(value, key.value)

    def copy(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        depth = one.arg or 1
        stack.append(stack[-depth] if depth <= len(stack) else _UNKNOWN)

    def swap(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        taken = self.pop(stack, one.arg or 1)
        taken[0], taken[-1] = taken[-1], taken[0]
        stack += taken

    def build_items(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        stack.append(_Items(tuple(self.pop(stack, one.arg or 0))))

    def unpack(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        (value,) = self.pop(stack, 1)
        count = one.arg or 0
        entries = value.entries if isinstance(value, _Items) and len(value.entries) == count else (_UNKNOWN,) * count
        stack += reversed(entries)

    def unpack_starred(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        (value,) = self.pop(stack, 1)
        before, after = (one.arg or 0) & 0xFF, (one.arg or 0) >> 8
        entries = value.entries if isinstance(value, _Items) else ()
        if len(entries) < before + after:
            entries = (_UNKNOWN,) * (before + after)
        stack += reversed((*entries[:before], _UNKNOWN, *entries[len(entries) - after :]))

    def build_map(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        taken = self.pop(stack, 2 * (one.arg or 0))
        for key, value in zip(taken[::2], taken[1::2], strict=True):
            if isinstance(key, _Constant):
                self.assign(value, key.value)
        stack.append(_UNKNOWN)

    def add_to_map(self, _one: dis.Instruction, stack: list[_Entry]) -> None:
        key, value = self.pop(stack, 2)
        if isinstance(key, _Constant):
            self.assign(value, key.value)

    def build_map_of_constant_keys(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        *values, keys = self.pop(stack, (one.arg or 0) + 1)
        if isinstance(keys, _Constant):
            for key, value in zip(keys.value, values, strict=True):
                self.assign(value, key)
        stack.append(_UNKNOWN)

    def keyword_names(self, one: dis.Instruction, _stack: list[_Entry]) -> None:
        self.keywords = self.constants[one.arg or 0]  # Python 3.11 does not set `argval`.

    def call(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        arguments = self.pop(stack, one.arg or 0)
        names, self.keywords = self.keywords, ()
        self.called(one, stack, arguments, names)

    def call_with_keywords(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        *arguments, names = self.pop(stack, (one.arg or 0) + 1)
        self.called(one, stack, arguments, names.value if isinstance(names, _Constant) else ())

    def called(
        self, one: dis.Instruction, stack: list[_Entry], arguments: list[_Entry], names: tuple[str, ...]
    ) -> None:
        if names:
            for name, value in zip(names, arguments[-len(names) :], strict=False):
                self.assign(value, name)
        callee = self.pop(stack, 2)
        # The result of `list(map(atom, ...))` and the like is no atom but contains atoms.
        builtin = any(isinstance(part, _Global) and hasattr(builtins, part.name) for part in callee)
        stack.append(_UNKNOWN if builtin else self.result_of(one))

    def result_of(self, one: dis.Instruction) -> frozenset[int]:
        # Python 3.11 calls in two instructions. If the first is specialized, it makes the call.
        before = self.instructions[self.index[one.offset] - 1]
        return frozenset({one.offset, before.offset} if before.opname == "PRECALL" else {one.offset})

    def precall(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        """Do nothing: the call is the next instruction."""

    def call_spread(self, one: dis.Instruction, stack: list[_Entry]) -> None:
        self.pop(stack, 3 + ((one.arg or 0) & 1))
        stack.append(self.result_of(one))


def _merged(one: _Stack, other: _Stack) -> _Stack:
    """The known stack where two paths meet, aligned at the top, because the bottom may be unknown."""
    size = min(len(one), len(other))
    return tuple(
        mine if mine == yours else _calls(mine) | _calls(yours)
        for mine, yours in zip(one[len(one) - size :], other[len(other) - size :], strict=True)
    )


def _calls(entry: _Entry) -> frozenset[int]:
    return entry if isinstance(entry, frozenset) else _UNKNOWN


_ENDS = frozenset(
    {
        *("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD"),
        *("JUMP_BACKWARD_NO_INTERRUPT", "INTERPRETER_EXIT"),
    }
)

_HANDLERS: dict[str, Callable[[_Reader, dis.Instruction, list[_Entry]], None]] = {
    "LOAD_CONST": _Reader.load_constant,
    "LOAD_NAME": _Reader.load_name,
    "LOAD_GLOBAL": _Reader.load_global,
    "STORE_NAME": _Reader.store,
    "STORE_GLOBAL": _Reader.store,
    "STORE_FAST": _Reader.store,
    "STORE_DEREF": _Reader.store,
    "STORE_FAST_STORE_FAST": _Reader.store_two,
    "STORE_FAST_LOAD_FAST": _Reader.store_and_load,
    "STORE_ATTR": _Reader.store_attribute,
    "STORE_SUBSCR": _Reader.store_item,
    "COPY": _Reader.copy,
    "SWAP": _Reader.swap,
    "BUILD_TUPLE": _Reader.build_items,
    "BUILD_LIST": _Reader.build_items,
    "UNPACK_SEQUENCE": _Reader.unpack,
    "UNPACK_EX": _Reader.unpack_starred,
    "BUILD_MAP": _Reader.build_map,
    "MAP_ADD": _Reader.add_to_map,
    "BUILD_CONST_KEY_MAP": _Reader.build_map_of_constant_keys,
    "KW_NAMES": _Reader.keyword_names,
    "PRECALL": _Reader.precall,
    "CALL": _Reader.call,
    "CALL_KW": _Reader.call_with_keywords,
    "CALL_FUNCTION_EX": _Reader.call_spread,
}

#: `x or y` in Python 3.11: x is the result, or is popped.
_KEEPS_WHAT_IT_JUMPS_WITH = ("JUMP_IF_FALSE_OR_POP", "JUMP_IF_TRUE_OR_POP")

#: The number of entries that other instructions pop; `dis.stack_effect` gives the number that they push.
_POPS: dict[str, Callable[[int], int]] = {
    **dict.fromkeys(
        [
            *("NOP", "RESUME", "CACHE", "EXTENDED_ARG", "PUSH_NULL", "MAKE_CELL", "COPY_FREE_VARS", "NOT_TAKEN"),
            *("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_AND_CLEAR", "LOAD_FAST_LOAD_FAST", "LOAD_DEREF"),
            *("LOAD_FAST_BORROW", "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT"),
            *("LOAD_CLOSURE", "LOAD_CLASSDEREF", "LOAD_BUILD_CLASS", "LOAD_LOCALS", "LOAD_ASSERTION_ERROR"),
            *("SETUP_ANNOTATIONS", "DELETE_FAST", "DELETE_NAME", "DELETE_GLOBAL", "DELETE_DEREF"),
            *("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "RETURN_GENERATOR"),
        ],
        lambda _: 0,
    ),
    **dict.fromkeys(
        [
            *("POP_TOP", "LOAD_ATTR", "LOAD_METHOD", "GET_ITER", "UNARY_NEGATIVE", "UNARY_NOT", "UNARY_INVERT"),
            *("UNARY_POSITIVE", "TO_BOOL", "CONVERT_VALUE", "FORMAT_SIMPLE", "LIST_TO_TUPLE", "LIST_APPEND"),
            *("SET_ADD", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE", "CALL_INTRINSIC_1", "YIELD_VALUE"),
            *("POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE"),
            *("POP_JUMP_FORWARD_IF_TRUE", "POP_JUMP_FORWARD_IF_FALSE", "POP_JUMP_FORWARD_IF_NONE"),
            *("POP_JUMP_FORWARD_IF_NOT_NONE", "POP_JUMP_BACKWARD_IF_TRUE", "POP_JUMP_BACKWARD_IF_FALSE"),
            *("GET_AWAITABLE", "GET_YIELD_FROM_ITER", "LOAD_FROM_DICT_OR_DEREF", "LOAD_FROM_DICT_OR_GLOBALS"),
            *("PRINT_EXPR", "FOR_ITER", "LOAD_SPECIAL", "END_SEND"),
        ],
        lambda _: 1,
    ),
    **dict.fromkeys(
        [
            *("BINARY_OP", "BINARY_SUBSCR", "COMPARE_OP", "IS_OP", "CONTAINS_OP", "DELETE_SUBSCR", "IMPORT_NAME"),
            *("FORMAT_WITH_SPEC", "CALL_INTRINSIC_2", "SET_FUNCTION_ATTRIBUTE", "SEND"),
        ],
        lambda _: 2,
    ),
    **dict.fromkeys(["BINARY_SLICE", "LOAD_SUPER_ATTR"], lambda _: 3),
    **dict.fromkeys(_KEEPS_WHAT_IT_JUMPS_WITH, lambda _: 1),
    "END_FOR": lambda _: -dis.stack_effect(dis.opmap["END_FOR"]),  # by version
    "STORE_SLICE": lambda _: 4,
    **dict.fromkeys(["BUILD_SET", "BUILD_STRING", "BUILD_SLICE"], lambda count: count),
    "FORMAT_VALUE": lambda flags: 2 if flags & 4 else 1,
    "MAKE_FUNCTION": lambda flags: 1 + (flags & 0xF).bit_count(),
}
