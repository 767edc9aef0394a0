"""Views are named after the atom that they show, also views of views."""

import pytest

from halflife import all_loaded, atom, debounced, initial_from, loadable, select, unwrap

VIEWS = {
    "loadable": loadable,
    "unwrap": unwrap,
    "select": lambda a: select(a, len),
    "all_loaded": lambda a: all_loaded(a),
    "debounced": lambda a: debounced(a, 1),
    "initial_from": lambda a: initial_from(a),
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_name_of_nested_views_stays_short(view: str) -> None:
    made = [atom([], name="todos")]
    for _ in range(3_000):
        made.append(VIEWS[view](made[-1]))  # appended to a list, not assigned, so that each is named after its source
    assert view in made[1].name or made[1].name == "todos.len"
    assert "todos" in made[1].name
    assert len(made[-1].name) < 100
    assert len(repr(made[-1])) < 200
    again = [VIEWS[view](VIEWS[view](atom([], name="todos")))]
    assert again[0].name == made[2].name, "whoever is asked first"
