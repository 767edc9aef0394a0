"""The rules of the repository that readers rely on and no compiler checks."""

import ast
import re
import subprocess
import sys
import types
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest

import halflife

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "python" / "halflife"
CORE = ROOT / "cpp" / "core"
ROOMS = (".ci", "benchmarks", "cmake", "cpp", "docs", "notebooks", "python", "scripts", "tests")
NOT_OURS = {".venv", "__pycache__", ".ipynb_checkpoints", "node_modules", "build"}
TEXT = {".cfg", ".cmake", ".cpp", ".hpp", ".ipynb", ".json", ".md", ".py", ".pyi", ".sh", ".toml", ""}


def files_of_the_house():
    """All files of the repository, without generated ones."""
    for path in chain(ROOT.iterdir(), *((ROOT / room).rglob("*") for room in ROOMS)):
        inside = path.relative_to(ROOT).parts
        if path.is_file() and NOT_OURS.isdisjoint(inside) and path.name != ".git":
            yield path


def sources(folder, *suffixes):
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in suffixes]
    assert found, f"no {suffixes} in {folder}"
    return found


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def modules_imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def test_the_core_does_not_know_python():
    for path in sources(CORE, ".cpp", ".hpp"):
        assert not re.search(r"Python\.h|pybind11|PyObject\s*\*", path.read_text()), path


def test_the_core_has_no_threads_no_clock_and_no_bindings():
    forbidden = {"atomic", "chrono", "ctime", "future", "mutex", "thread", "fmt/chrono.h"}
    for path in sources(CORE, ".cpp", ".hpp"):
        for name in includes(path):
            assert name not in forbidden, f"{path} includes {name}"
            assert "bindings" not in name, f"{path} includes {name}"


@pytest.mark.parametrize("room", ["core", "bindings", "tests"])
def test_every_cpp_file_is_listed_by_name_for_cmake(room):
    folder = ROOT / "cpp" / room
    recipe = (folder / "CMakeLists.txt").read_text()
    assert "GLOB" not in recipe
    listed = set(re.findall(r"[\w/]+\.cpp", recipe))
    assert listed == {path.relative_to(folder).as_posix() for path in sources(folder, ".cpp")}


def test_every_file_of_ours_that_is_included_exists():  # `make test` does not build the fuzzers
    for path in sources(ROOT / "cpp", ".cpp", ".hpp"):
        for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE):
            assert any((folder / name).exists() for folder in (path.parent, ROOT / "cpp")), f"{path}: {name}"


def test_the_module_file_only_calls_one_function_per_noun():
    assert not re.search(r"\[[^\[\]]*\]\s*[({]", (ROOT / "cpp/bindings/module.cpp").read_text())


def test_asyncio_is_imported_in_the_drivers_only():
    may = {PYTHON / "_drivers", PYTHON / "demo"}  # the demo is a user of the package
    for path in sources(PYTHON, ".py"):
        if may.isdisjoint(path.parents):
            assert not [name for name in modules_imported(path) if name.split(".")[0] == "asyncio"], path


def test_no_test_waits_for_time_to_pass():  # longer sleeps stand for waits that are cancelled
    for path in sources(ROOT / "tests", ".py"):
        assert not re.search(r"time\.sleep\(|asyncio\.sleep\((0\.\d*[1-9]|[1-9][\d.]{0,2}\))", path.read_text()), path


@pytest.mark.parametrize("room", ["python", "cpp"])
def test_no_file_is_longer_than_400_lines(room):
    for path in sources(ROOT / room, ".py", ".pyi", ".cpp", ".hpp"):
        # A stub only lists signatures, and the methods of the client are mostly docstrings.
        most = 800 if path.suffix == ".pyi" or path.parts[-2:] == ("query", "client.py") else 400
        assert len(path.read_text().splitlines()) <= most, path


def test_every_module_opens_with_the_paragraph_that_defines_it():
    for path in sources(ROOT / "python", ".py", ".pyi"):
        assert ast.get_docstring(ast.parse(path.read_text())), path
    for path in sources(ROOT / "cpp", ".cpp", ".hpp"):
        header = path.with_suffix(".hpp")
        speaks = header if header.exists() else path  # the header's comment also describes its source
        assert speaks.read_text().startswith("// "), path


def test_the_package_only_re_exports():
    tree = ast.parse((PYTHON / "__init__.py").read_text())
    docstring, *rest = tree.body
    assert isinstance(docstring, ast.Expr)
    assert [node for node in rest if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign))] == []


def test_the_version_is_that_of_the_distribution():
    assert halflife.__version__ == metadata.version("halflife-state")


def test_all_is_everything_public_and_in_order():
    public = {
        name
        for name, value in vars(halflife).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(halflife.__all__) - {"__version__"} == public

    def rank(name):  # constants, classes, functions: the linter's order
        return 0 if name.isupper() else 1 if name[0].isupper() else 2

    assert list(halflife.__all__) == sorted(halflife.__all__, key=lambda name: (rank(name), name))


def test_the_installed_package_brings_its_types():
    folders = [Path(folder) for folder in halflife.__path__]
    for name in ("py.typed", "_core.pyi"):
        assert any((folder / name).exists() for folder in folders), name


def test_the_package_needs_nothing_but_the_standard_library():
    needed = metadata.requires("halflife-state") or []
    assert [line for line in needed if "extra ==" not in line] == []
    program = (
        "import sys; before = set(sys.modules); import halflife;"
        # CPython 3.11 omits _xxsubinterpreters from its list of names
        "own = sys.stdlib_module_names | {'_xxsubinterpreters'};"
        "print({name.split('.')[0] for name in set(sys.modules) - before} - own)"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "{'halflife'}"


def test_everything_public_is_documented():
    for name in halflife.__all__:
        value = getattr(halflife, name)
        if callable(value):
            assert value.__doc__, name
        if callable(value) and not isinstance(value, type):
            assert "Example:" in value.__doc__, name
        if isinstance(value, type) and not issubclass(value, BaseException):
            for member in dir(value):
                found = getattr(value, member)
                is_field = isinstance(found, types.MemberDescriptorType)  # documented by its class
                if not member.startswith("_") and member not in dir(tuple) and not is_field:
                    assert found.__doc__, f"{name}.{member}"


def test_no_file_names_a_path_of_somebodys_machine():
    for path in files_of_the_house():
        if path.suffix in TEXT:
            found = re.search(r"/(?:root|tmp|work|home)/[a-z].*", path.read_text())
            assert not found, f"{path}: {found}"


def test_words_are_spelled_the_american_way():
    stems = "custom|final|initial|memo|normal|optim|organ|real|recogn|serial|stabil|summar|synchron|visual"
    british = re.compile(
        rf"(?:{stems})is(?:e[ds]?|ing|ation)\b|(?:behavi|col|fav|hon|neighb)our(?!ite)|whilst\b", re.IGNORECASE
    )
    for path in files_of_the_house():
        if path.suffix in TEXT and path.name != Path(__file__).name:
            found = british.search(path.read_text())
            assert not found, f"{path}: {found}"


def test_every_decision_record_says_status_context_decision_and_consequences():
    records = sources(ROOT / "docs" / "adr", ".md")
    numbers = [int(path.name[:4]) for path in records]  # numbers may be missing: other records may be in work
    assert len(set(numbers)) == len(numbers)
    for path in records:
        headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert headings == ["Status", "Context", "Decision", "Consequences"], path


def test_the_page_on_the_architecture_names_existing_files():
    page = (ROOT / "docs" / "architecture.md").read_text()
    paths = set(re.findall(r"`((?:cpp|python|docs|tests)/[\w./]+)`", page))
    assert paths
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    rows = re.findall(r"^\| `(\w+)` \|.*\| `([\w./]+)` \|$", page, re.MULTILINE)
    assert len(rows) >= 10
    for word, path in rows:
        assert re.search(rf"\b{word}\b", (ROOT / path).read_text()), f"{path} knows no {word}"
    functions = set(re.findall(r"`(?:\w+::)(\w+)`", page))
    sources_of_cpp = "".join(path.read_text() for path in sources(ROOT / "cpp", ".cpp", ".hpp"))
    assert {name for name in functions if not re.search(rf"\b{name}\(", sources_of_cpp)} == set()


def test_the_makefile_has_every_target_that_the_documents_name():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / document).read_text(), re.MULTILINE))
        assert named, document
        assert named <= targets, document
