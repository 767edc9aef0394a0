"""*The wall* and everyday tools: tools that inspect any object must work on atoms and AsyncValues."""

import asyncio
import dataclasses
import functools
import inspect
import json
import pprint
import pydoc
import subprocess
import sys
import typing
from collections.abc import Iterable
from textwrap import dedent
from unittest import mock

from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.lib.pretty import pretty

from halflife import AsyncValue, Atom, Store, derived


async def fetch(get):
    return {"name": "Ada"}


def thing_pairs():
    """An atom and an AsyncValue, made inside a running loop."""

    async def main():
        user = derived(fetch, name="user")
        store = Store()
        value = store.get(user)
        await value
        await store.close()
        return user, value

    return asyncio.run(main())


def test_pprint_help_and_inspection_work() -> None:
    for thing in thing_pairs():
        assert pprint.pformat({"a": thing, "b": [thing]})
        assert pprint.saferepr(thing) == repr(thing)
        pprint.pformat({thing: 1, 2: 2})
        assert pydoc.render_doc(thing)
        assert inspect.getmembers(thing)
        assert inspect.getdoc(thing)
        assert not inspect.isfunction(thing)
        assert not inspect.iscoroutine(thing)
        assert inspect.unwrap(thing) is thing
        assert dir(thing)
        assert vars(type(thing))
        assert isinstance(thing, Iterable)  # `__iter__` exists so that its error can name the atom
        assert inspect.isawaitable(thing) is isinstance(thing, AsyncValue)
        assert not dataclasses.is_dataclass(thing)
        assert json.dumps([thing], default=str)


def test_mocks_of_both_can_be_made(monkeypatch) -> None:
    for thing in thing_pairs():
        holder = type("Holder", (), {"thing": thing})
        mock.create_autospec(thing, instance=True)
        mock.create_autospec(holder)
        mock.Mock(spec=thing)
        mock.MagicMock(spec=thing)
        with mock.patch.object(holder, "thing", autospec=True):
            pass
        with mock.patch.object(holder, "thing") as faked:
            assert holder.thing is faked
        assert holder.thing is thing
        called = mock.Mock()
        called(thing)
        called.assert_called_once_with(thing)
        monkeypatch.setattr(holder, "thing", 1)
        monkeypatch.undo()
        assert holder.thing is thing


def test_dataclasses_typing_and_singledispatch_work() -> None:
    user, value = thing_pairs()

    @dataclasses.dataclass
    class Holder:
        one: object = user
        two: object = value
        three: list[object] = dataclasses.field(default_factory=lambda: [user, value])

    assert Holder() == Holder()
    assert dataclasses.asdict(Holder()) == {"one": user, "two": value, "three": [user, value]}
    assert dataclasses.replace(Holder(), one=1).two is value
    assert typing.Annotated[int, user, value].__metadata__ == (user, value)
    assert typing.get_type_hints(Holder)["one"] is object

    class Named(typing.NamedTuple):
        one: object = user

    assert Named().one is user

    @functools.singledispatch
    def describe(thing):
        return "other"

    @describe.register
    def _(thing: Atom):
        return "atom"

    @describe.register
    def _(thing: AsyncValue):
        return "value"

    assert (describe(user), describe(value), describe(1)) == ("atom", "value", "other")


def test_ipython_displays_and_completes() -> None:
    shell = InteractiveShell.instance()
    try:
        user, value = thing_pairs()
        shell.user_ns.update(user=user, value=value)
        for name, thing in (("user", user), ("value", value)):
            assert pretty(thing) == repr(thing)
            assert pretty([thing]) == f"[{thing!r}]"
            formatted, _ = shell.display_formatter.format(thing)
            assert formatted["text/plain"] == repr(thing)
            assert "user" in formatted["text/html"] or "Ada" in formatted["text/html"]
            with provisionalcompleter():
                completed = [one.text for one in shell.Completer.completions(f"{name}.", len(name) + 1)]
            assert "state" in completed or "name" in completed
            assert shell.run_cell(f"{name}; {name}").success
            assert shell.object_inspect_text(name)
        assert not shell.run_cell("for one in user: pass", silent=True).success
    finally:
        shell.reset(new_session=False)
        InteractiveShell.clear_instance()


def test_pytest_collects_and_explains(tmp_path) -> None:
    script = tmp_path / "test_atoms.py"
    script.write_text(
        dedent(
            """
            from halflife import atom, derived, Store
            import pytest

            user = atom({"name": "Ada"}, name="user")
            names = derived(lambda get: [1], name="names")

            class TestAtoms:
                user = user

                def test_member(self):
                    assert self.user is user

            @pytest.mark.parametrize("which", [user, names])
            def test_parameters(which):
                assert which in (user, names)

            def test_compared():
                assert user == {"name": "Ada"}

            def test_truth():
                assert user

            def test_within():
                assert "name" in user
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error", str(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
    )
    assert "3 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert "TypeError: user is an atom, which cannot be tested for truth; read its value: get(user)" in done.stdout
    assert "TypeError: user is an atom, which cannot be searched with 'in'" in done.stdout
    assert "INTERNALERROR" not in done.stdout
