"""The rooms of the package are ordered, and all imports point downward, those for annotations included."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import halflife

PACKAGE = Path(__file__).resolve().parents[2] / "python" / "halflife"
FACE = "__init__"

#: From the lowest to the highest: a module imports from its own room and from lower ones. An entry is a module, or a
#: folder with all modules in it. A module that is an entry of its own does not belong to the room of its folder.
ROOMS = (
    "_core",  # the native module
    "_support",
    "_drivers/cancellation",  # CancelledError, the base of an error; only the drivers' folder may import asyncio
    "_errors",
    "_events",
    "_drivers",
    "_types",  # above the drivers, because an AbortSignal and a Clock are among the types
    "_optimistic",
    "_atoms",
    "_store",
    "_bootstrap",  # gives the native module the objects that it needs from all rooms
    "query",
    FACE,
    "testing",
    "__main__",
)

#: Imports that point upward: only for type checkers, each with its reason.
EXCEPTIONS = {
    "_core": (  # The stub says what the native module's functions take and return, and users see those types.
        "_drivers/abort_signal",
        "_drivers/action_handle",
        "_optimistic/editable",
        "_optimistic/layered_atom",
        "_optimistic/saga_handle",
        "_types",
    ),
    "_types": (  # `Setter.store` is a whole `Store` to users, and `Getter` has an overload for an `Editable`.
        "_optimistic/editable",
        "_store/store",
    ),
}


def path_of(module):
    """The name of a module as in ROOMS: its path in the package without the suffix; for a folder its `__init__`."""
    parts = module.split(".")[1:] or [FACE]
    return "/".join([*parts, "__init__"] if (PACKAGE / Path(*parts)).is_dir() else parts)


def all_modules():
    """Every module of the package and its file, without the demo, which is a user of the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py*")):
        inside = path.relative_to(PACKAGE).with_suffix("")
        if path.suffix in (".py", ".pyi") and inside.parts[0] != "demo":
            found[inside.as_posix()] = path
    return found


MODULES = all_modules()


def imported_by(tree):
    """The modules of the package imported anywhere in a module, and whether only for type checkers."""
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for one in node.body
        for inner in ast.walk(one)
    }
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [part if path_of(part) in MODULES else node.module for part in parts]
        for name in names:
            if name.split(".")[0] == "halflife" and path_of(name).split("/")[0] != "demo":
                yield path_of(name), id(node) in for_types


def room_of(module):
    entries = [entry for entry in ROOMS if module == entry or module.startswith(f"{entry}/")]
    assert entries, f"{module} belongs to no room: give it one in ROOMS"
    return ROOMS.index(max(entries, key=len))


def all_imports():
    for module, path in MODULES.items():
        for target, is_for_types in imported_by(ast.parse(path.read_text())):
            yield module, target, is_for_types or path.suffix == ".pyi"


def without_exceptions():
    for module, target, _ in all_imports():
        if target not in EXCEPTIONS.get(module, ()):
            yield module, target


def test_imports_point_to_the_same_room_or_a_lower_one():
    upward = [
        f"{module} imports {target}" for module, target in without_exceptions() if room_of(target) > room_of(module)
    ]
    assert not upward


def test_no_modules_import_each_other_in_a_circle():
    sorter = TopologicalSorter()
    for module, target in without_exceptions():
        sorter.add(module, target)
    try:
        sorter.prepare()
    except CycleError as error:
        raise AssertionError(" imports ".join(reversed(error.args[1]))) from None


def test_every_exception_is_needed_and_for_type_checkers_only():
    imports = list(all_imports())
    for module, targets in EXCEPTIONS.items():
        for target in targets:
            kinds = [is_for_types for one, other, is_for_types in imports if (one, other) == (module, target)]
            assert kinds, f"{module} does not import {target} any more"
            assert all(kinds), f"{module} imports {target} at run time"
            assert room_of(target) > room_of(module), f"{target} is not above {module}"


def test_every_room_has_modules():
    assert {room_of(module) for module in MODULES} == set(range(len(ROOMS)))


def test_importing_from_a_room_imports_nothing_else_of_it():
    for module, path in MODULES.items():
        folder, _, name = module.rpartition("/")
        if name == "__init__" and folder.startswith("_"):
            assert not list(imported_by(ast.parse(path.read_text()))), module


def test_all_modules_are_read():
    assert halflife.Store.__module__.removeprefix("halflife.").replace(".", "/") in MODULES
    assert len(list(all_imports())) > len(MODULES)
