"""*Names* of atoms: taken from the code that defines the atom, and from nothing else."""

import gc
import subprocess
import sys
import threading
import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell

import halflife
from halflife import Store, action, atom, derived, draft_atom, effect, lazy, resettable, select
from halflife._support.assignments import assigned_name

PLACE = "source atom at app.py:{}"

#: Pieces of code, each with expressions that evaluate to atoms and the names of these atoms.
CASES = [
    # variables
    ("x = atom(0)", {"x": "x"}),
    ("x = halflife.atom(0)", {"x": "x"}),
    ("x: int = atom(0)", {"x": "x"}),
    ("x = y = atom(0)", {"y": "x"}),
    ("x = d['k'] = atom(0)", {"x": "x"}),
    ("x = (\n    atom(\n        0,\n    )\n)", {"x": "x"}),
    ("x = atom(*[0])", {"x": "x"}),
    ("x = atom(**{'initial': 0})", {"x": "x"}),
    ("x = atom(initial=0, equals=None)", {"x": "x"}),
    ("x = atom([i for i in range(3)])", {"x": "x"}),
    ("x = atom(1 if d else 2)", {"x": "x"}),
    ("x = atom(0) if True else atom(1)", {"x": "x"}),
    ("for i in (0, 1):\n    x = atom(0) if i else atom(1)\n    d[i] = x", {"d[0]": "x", "d[1]": "x"}),
    ("x = None or atom(0)", {"x": "x"}),
    ("x = d.get('k') or atom(0)", {"x": "x"}),
    ("x = d.get('k') if d.get('k') is not None else atom(0)", {"x": "x"}),
    ("for i in range(3):\n    x = atom(i)", {"x": "x"}),
    ("while True:\n    x = atom(0)\n    break", {"x": "x"}),
    ("try:\n    x = atom(0)\nfinally:\n    pass", {"x": "x"}),
    ("try:\n    x = 1 / 0\nexcept ZeroDivisionError:\n    x = atom(0)", {"x": "x"}),
    ("try:\n    pass\nexcept ValueError as e:\n    pass\nelse:\n    x = atom(0)", {"x": "x"}),
    ("with Store() as s:\n    x = atom(0)", {"x": "x"}),
    ("import sys\nif sys:\n    x = atom(0)\nelse:\n    x = atom(1)", {"x": "x"}),
    ("match 1:\n    case 1:\n        x = atom(0)", {"x": "x"}),
    ("x = atom(0)\ny = x\n_ = x", {"y": "x"}),
    ("größe = atom(0)", {"größe": "größe"}),
    ("_private = atom(0)", {"_private": "_private"}),
    ("global x\nx = atom(0)", {"x": "x"}),
    ("def f():\n    global x\n    x = atom(0)\nf()", {"x": "x"}),
    ("def f():\n    x = atom(0)\n    return x\ny = f()", {"y": "x"}),
    ("def f():\n    x = atom(0)\n    def g(): return x\n    return g\ny = f()()", {"y": "x"}),
    (
        ("def f():\n    x = None\n    def g():\n        nonlocal x\n        x = atom(0)\n"
        "    g()\n    return x\ny = f()"),
        {"y": "x"},
    ),
    ("def f(x=atom(0)): return x", {"f()": PLACE.format(1)}),
    ("lambda_ = lambda: atom(0)\nx = lambda_()", {"x": PLACE.format(1)}),
    ("def f():\n    return atom(0)\nx = f()", {"x": PLACE.format(2)}),
    (
        ("async def f():\n    x = atom(0)\n    return x\ntry: f().send(None)\n"
        "except StopIteration as e: y = e.value"),
        {"y": "x"},
    ),
    ("def g():\n    x = atom(0)\n    yield x\ny = next(g())", {"y": "x"}),
    ("def g():\n    yield atom(0)\nx = next(g())", {"x": PLACE.format(2)}),
    # several at once
    ("x, y = atom(0), atom(1)", {"x": "x", "y": "y"}),
    ("x, y, z = atom(0), atom(1), atom(2)", {"x": "x", "y": "y", "z": "z"}),
    ("a, b, c, e = atom(0), atom(1), atom(2), atom(3)", {"a": "a", "b": "b", "c": "c", "e": "e"}),
    ("[x, y] = [atom(0), atom(1)]", {"x": "x", "y": "y"}),
    ("(x, (y, z)) = (atom(0), (atom(1), atom(2)))", {"x": "x", "y": "y", "z": "z"}),
    ("x, *rest = atom(0), atom(1), atom(2)", {"x": "x", "rest[0]": PLACE.format(1)}),
    ("*rest, x = atom(0), atom(1), atom(2)", {"x": "x", "rest[0]": PLACE.format(1)}),
    ("x, y = pair = atom(0), atom(1)", {"x": "x", "pair[1]": "y"}),
    ("x, _ = atom(0), atom(1)", {"x": "x", "_": PLACE.format(1)}),
    ("x, y = atom(0), len([q for q in 'ab' if q]) + 1", {"x": "x"}),
    ("x, y = atom(0), (1 if d else 2)", {"x": "x"}),
    ("x, y = atom(0), d.get(1) or atom(1)", {"x": "x", "y": "y"}),
    ("x, y = atom(0), d and atom(1)", {"x": "x"}),
    ("x, y = atom(0), {1: 2, **d}", {"x": "x"}),
    ("x, y = atom(0), f'{d!r:>9}{1}'", {"x": "x"}),
    ("x, y = atom(0), (lambda a=1, *, b=2: a)", {"x": "x"}),
    ("x, y = atom(0), not -d.get(1, 2) < 3", {"x": "x"}),
    ("def f():\n    x, y = atom(0), atom(1)\n    return x, y\nz = f()", {"z[0]": "x", "z[1]": "y"}),
    ("def f():\n    x, y, z = atom(0), atom(1), atom(2)\n    return x, y, z\nt = f()", {"t[0]": "x", "t[2]": "z"}),
    ("def f():\n    x = atom(0)\n    y = atom(1)\n    return x, y\nt = f()", {"t[0]": "x", "t[1]": "y"}),
    # walrus and comprehensions
    ("if (x := atom(0)) is not None:\n    pass", {"x": "x"}),
    ("y = [x := atom(0)]", {"y[0]": "x"}),
    ("y = [(x := atom(i)) for i in range(2)]", {"y[0]": "x", "y[1]": "x"}),
    ("y = [atom(i) for i in range(2)]", {"y[0]": PLACE.format(1)}),
    ("y = {atom(i) for i in range(2)}\nx = y.pop()", {"x": PLACE.format(1)}),
    ("y = {str(i): atom(i) for i in range(2)}", {"y['0']": PLACE.format(1)}),
    ("y = list(atom(i) for i in range(2))", {"y[0]": PLACE.format(1)}),
    ("y = [each for each in [atom(0)]]", {"y[0]": PLACE.format(1)}),
    ("for each in [atom(0)]:\n    pass", {"each": PLACE.format(1)}),
    ("def f():\n    each = 1\n    return [each for each in [atom(0)]]\ny = f()", {"y[0]": PLACE.format(3)}),
    # attributes
    ("class C: pass\nc = C()\nc.x = atom(0)", {"c.x": "x"}),
    ("class C:\n    def __init__(self):\n        self.x = atom(0)\nc = C()", {"c.x": "x"}),
    ("class C:\n    def __init__(self):\n        self.x, self.y = atom(0), atom(1)\nc = C()", {"c.x": "x", "c.y": "y"}),
    ("class C:\n    x = atom(0)", {"C.x": "x"}),
    ("class C:\n    x, y = atom(0), atom(1)", {"C.y": "y"}),
    ("class C:\n    def f(self): return __class__\n    x = atom(0)", {"C.x": "x"}),
    ("@dataclasses.dataclass\nclass C:\n    x: object = atom(0)", {"C.x": "x", "C().x": "x"}),
    ("@dataclasses.dataclass\nclass C:\n    x: object = dataclasses.field(default=atom(0))", {"C().x": "default"}),
    (
        ("@dataclasses.dataclass\nclass C:\n"
        "    x: object = dataclasses.field(default_factory=functools.partial(atom, 0))"),
        {"C().x": "x"},
    ),
    (
        ("@dataclasses.dataclass\nclass C:\n"
        "    x: object = dataclasses.field(default_factory=lambda: atom(0))"),
        {"C().x": PLACE.format(3)},
    ),
    ("class C(typing.NamedTuple):\n    x: object = atom(0)", {"C().x": "x"}),
    ("class C(enum.Enum):\n    X = atom(0)", {"C.X.value": "X"}),
    # keys
    ("d['k'] = atom(0)", {"d['k']": "k"}),
    ("d['a b'] = atom(0)", {"d['a b']": "a b"}),
    ("d[0] = atom(0)", {"d[0]": PLACE.format(1)}),
    ("k = 'key'\nd[k] = atom(0)", {"d[k]": PLACE.format(2)}),
    ("d = {'k': atom(0)}", {"d['k']": "k"}),
    ("d = {'k': atom(0), 'm': atom(1)}", {"d['k']": "k", "d['m']": "m"}),
    ("d = {'k': {'m': atom(1)}, 'n': [atom(2)]}", {"d['k']['m']": "m", "d['n'][0]": PLACE.format(1)}),
    ("d = {'k': atom(0), **{}, 'm': atom(1)}", {"d['k']": "k", "d['m']": "m"}),
    ("d = {" + ", ".join(f"'k{i}': atom({i})" for i in range(40)) + "}", {"d['k0']": "k0", "d['k39']": "k39"}),
    ("k = 'key'\nd = {k: atom(0), 'm': atom(1)}", {"d['key']": PLACE.format(2), "d['m']": "m"}),
    ("d = {'_': atom(0)}", {"d['_']": PLACE.format(1)}),
    ("d = {'k': 1 if d else atom(0), 'm': atom(1)}", {"d['m']": "m"}),
    # keyword arguments
    ("d = dict(k=atom(0), m=atom(1))", {"d['k']": "k", "d['m']": "m"}),
    ("s = types.SimpleNamespace(k=atom(0))", {"s.k": "k"}),
    ("d.update(k=atom(0), m=1)", {"d['k']": "k"}),
    ("def f(*args, **kw): return kw\nx = f(1, 2, k=atom(0))", {"x['k']": "k"}),
    ("def f(*args, **kw): return args\nx = f(atom(0), k=1)", {"x[0]": PLACE.format(2)}),
    ("def f(one): return one\nx = f(atom(0))", {"x": PLACE.format(2)}),
    # never
    ("_ = atom(0)", {"_": PLACE.format(1)}),
    ("__ = x = atom(0)", {"x": "x"}),
    ("\n\nd[1] = [\n    atom(0),\n    atom(1),\n]", {"d[1][0]": PLACE.format(4), "d[1][1]": PLACE.format(5)}),
    ("x = list(map(atom, [0, 1]))", {"x[0]": PLACE.format(1)}),
    ("x = [*map(atom, [0, 1])]", {"x[0]": PLACE.format(1)}),
    ("x, y = map(atom, [0, 1])", {"x": PLACE.format(1)}),
    ("for x in map(atom, [0, 1]):\n    pass", {"x": PLACE.format(1)}),
    ("x = (atom(0),)", {"x[0]": PLACE.format(1)}),
    # functions
    ("@derived\ndef x(get): return 1\ny = x", {"y": "x"}),
    ("@derived(equals='deep')\nasync def x(get): return 1", {"x": "x"}),
    ("def f(get): return 1\nx = derived(f)", {"x": "f"}),
    ("def f(get): return 1\nx = derived(f)\nf.__name__ = 'g'", {"x": "f"}),
    ("class C:\n    def f(self, get): return 1\nx = derived(C().f)", {"x": "f"}),
    ("x = derived(lambda get: 1)", {"x": "x"}),
    ("x = derived(equals=None)(lambda get: 1)", {"x": "x"}),
    ("x = derived(functools.partial(lambda a, get: a, 1))", {"x": "x"}),
    ("class C:\n    def __call__(self, get): return 1\nx = derived(C())", {"x": "x"}),
    ("@derived\ndef _(get): return 1", {"_": "derived atom at app.py:1"}),
    ("d[1] = derived(lambda get: 1)", {"d[1]": "derived atom at app.py:1"}),
    ("d[1] = action(lambda get, set: 1)", {"d[1]": "action atom at app.py:1"}),
    ("d[1] = effect(lambda get, set: None)", {"d[1]": "effect atom at app.py:1"}),
    ("d[1] = lazy(lambda: 1)", {"d[1]": "lazy atom at app.py:1"}),
    ("x = lazy(list)", {"x": "x"}),
    ("@lazy\ndef x(): return 1", {"x": "x"}),
    ("x = derived(lambda get: 1)\n@x.setter\ndef x(get, set, v): pass", {"x": "x"}),
    ("x = derived(lambda get: 1).setter(lambda get, set, v: None)", {"x": "x"}),
    # atoms that the package makes from other atoms
    ("x = resettable(0)", {"x": "x"}),
    ("x = draft_atom({})", {"x": "x"}),
    ("x = halflife.reducer(0, max)", {"x": "x"}),
    ("x = halflife.refreshable(lambda get: 1)", {"x": "x"}),
    ("x = halflife.with_default(lambda get: 1)", {"x": "x"}),
    ("x = halflife.split(atom([], name='rows'))", {"x": "x"}),
    ("d[1] = halflife.split(atom([], name='rows'))", {"d[1]": "split(rows)"}),
    ("x = select(atom([], name='rows'), lambda v: v)", {"x": "x"}),
    ("x = select(atom([], name='rows'), len)", {"x": "rows.len"}),
    ("d[1] = select(atom([], name='rows'), lambda v: v)", {"d[1]": "rows.slice"}),
    ("x = halflife.lens(draft_atom({}), lambda v: v)", {"x": "x"}),
    ("x = halflife.initial_from(atom(0, name='first'))", {"x": "x"}),
    ("x = halflife.resource(lambda get: 1, lambda v: v)", {"x": "x", "x.state": "x.state", "x.latest": "x.latest"}),
    ("x = halflife.loadable(atom(0, name='first'))", {"x": "loadable(first)"}),
]  # fmt: skip


def run(code, filename="app.py", mode="exec"):
    variables = {
        **vars(halflife),
        "__name__": "app",
        "halflife": halflife,
        "d": {},
        **{name: __import__(name) for name in ("dataclasses", "enum", "functools", "types", "typing")},
    }
    exec(compile(code, filename, mode), variables)  # noqa: S102 - code of this file
    return variables


@pytest.mark.parametrize(("code", "names"), CASES, ids=[code for code, _ in CASES])
@pytest.mark.parametrize("function", [False, True])
def test_an_atom_is_named_after_the_variable_that_it_is_assigned_to(code, names, function) -> None:
    if function:
        if "global" in code:
            pytest.skip("a function declares its own globals")
        lines = "\n".join(f"    {line}" for line in code.split("\n"))
        variables = run(f"def whole(d=d): # one line\n{lines}\n    return locals()\nlocal = whole()")
        variables |= variables["local"]
    else:
        variables = run(code)
    for expression, expected in names.items():
        found = eval(expression, variables).name  # noqa: S307 - an expression of this file
        line = int(expected.rpartition(":")[2]) if ":" in expected else 0
        assert found == (expected.replace(f":{line}", f":{line + function}") if line else expected)


def test_the_name_does_not_depend_on_when_and_where_it_is_read() -> None:
    variables = run("x = atom(0)\nother = x\ndel x\ndef ask(renamed): return renamed.name")
    _ = variables["other"]
    assert variables["ask"](variables["other"]) == "x"
    hidden = run("hidden = [atom(0)]")["hidden"][0]
    found_in_no_frame = hidden
    vars(sys.modules[__name__])["of_this_module"] = hidden
    assert found_in_no_frame.name == "source atom at app.py:1"
    del vars(sys.modules[__name__])["of_this_module"]


def test_modules_scripts_and_expressions() -> None:
    for arguments, given, expected in (
        (["-c", "from halflife import atom; x = atom(0); print(x.name)"], None, "x"),
        (["-c", "from halflife import atom; print(atom(0).name)"], None, "source atom at <string>:1"),
        (["-"], "from halflife import atom\nx = atom(0)\nprint(x.name)", "x"),
        (["-"], "from halflife import atom\n\nprint(atom(0).name)", "source atom at <stdin>:3"),
        (
            ["-X", "no_debug_ranges", "-"],
            "from halflife import atom\n\nprint(atom(0).name)",
            "source atom at <stdin>:3",
        ),
        (["-OO", "-"], "from halflife import atom\nx, y = atom(0), atom(0)\nprint(x.name + y.name)", "xy"),
    ):
        done = subprocess.run([sys.executable, *arguments], input=given, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected
    found = eval("atom(0)", {"atom": atom})  # noqa: S307 - the subject
    assert found.name == "source atom at <string>:1"


def test_an_atom_of_a_notebook_keeps_its_name_after_it_was_displayed() -> None:
    shell = InteractiveShell.instance()
    try:
        for cell in (
            "from halflife import atom",
            "user = atom(1)",
            "user",
            "_",
            "__",
            "shown = _",
            "unassigned = [atom(2)]",
        ):
            assert shell.run_cell(cell, store_history=True).success
        assert shell.user_ns["user"].name == shell.user_ns["shown"].name == "user"
        assert shell.user_ns["unassigned"][0].name.startswith("source atom at ")
        shell.run_cell("atom(3)", store_history=True)
        assert shell.user_ns["_"].name.startswith("source atom at ")
    finally:
        shell.reset(new_session=False)
        InteractiveShell.clear_instance()


def test_a_tracer_that_asks_for_names_leaves_the_locals_alone() -> None:
    held = [atom(0), run("y = atom(0)")["y"]]
    asked = []

    def traced():
        y = 5
        one, two = 1, 2
        return [y + part for part in (one, two)]

    def tracer(frame, event, argument):
        asked.append([each.name + repr(each) for each in held])
        return tracer

    for install in (sys.settrace, sys.setprofile, threading.settrace):
        install(tracer)
        try:
            assert traced() == [6, 7]
            thread = threading.Thread(target=traced)
            thread.start()
            thread.join()
        finally:
            install(None)
    assert asked


def test_making_an_atom_under_a_tracer_leaves_the_locals_alone() -> None:
    def traced():
        y = 5
        x = atom(y)
        z = y + 1
        return x, z

    def tracer(frame, event, argument):
        atom(event)
        return tracer

    sys.settrace(tracer)
    try:
        made, z = traced()
    finally:
        sys.settrace(None)
    assert (made.name, z) == ("x", 6)


def test_code_under_a_debugger_or_a_tracer_is_read_as_well() -> None:
    def traced():
        x = atom(0)
        y, z = atom(1), atom(2)
        return x, y, z

    for _ in range(3):
        sys.settrace(lambda *_: None)
        try:
            assert [each.name for each in traced()] == ["x", "y", "z"]
        finally:
            sys.settrace(None)
    for _ in range(100):  # enough rounds for the interpreter to specialize its instructions
        assert [each.name for each in traced()] == ["x", "y", "z"]


def test_a_place_keeps_no_frame_and_no_variable_alive() -> None:
    class Local:
        pass

    def make():
        local = Local()
        made = atom(0)
        return made, weakref.ref(local)

    made, local = make()
    gc.collect()
    assert local() is None
    assert made.name == "made"


def test_names_of_a_large_module_are_read_once() -> None:
    code = "\n".join(f"x{number} = atom({number})" for number in range(2_000))
    variables = run(code)
    assert [variables[f"x{number}"].name for number in (0, 1_000, 1_999)] == ["x0", "x1000", "x1999"]
    assert all(variables[f"x{number}"].name == f"x{number}" for number in range(2_000))


def test_code_that_cannot_be_followed_gives_no_name() -> None:
    code = compile("x = atom(0)", "app.py", "exec")
    for offset in range(-10, 200):
        assert assigned_name(code, offset) in ("x", None)


def test_a_given_name_wins_and_every_atom_has_one() -> None:
    x = atom(0, name="given")
    assert (x.name, x.explicit_name, atom(0).explicit_name) == ("given", "given", None)
    with Store() as store:
        store.get(derived(lambda get: [get(one) for one in (atom(1), lazy(list), resettable(2), draft_atom({}))]))
        store.get(select(x, lambda value: value))
        assert all(node.name.strip("_") for node in store.graph().nodes)
    assert action(lambda get, set: None).name.startswith("action atom at test_names.py:")
    assert effect(lambda get, set: None).name.startswith("effect atom at test_names.py:")


def test_made_on_a_thread_without_code() -> None:
    made = []
    thread = threading.Thread(target=lambda: made.append(atom(0)))
    thread.start()
    thread.join()
    assert made[0].name.startswith("source atom at test_names.py:")
