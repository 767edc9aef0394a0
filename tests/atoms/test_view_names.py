"""Views are named after what they view, however many lie over each other."""

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
def test_the_name_of_a_view_of_a_view_and_so_on_is_no_longer_than_people_read(view: str) -> None:
    made = [atom([], name="todos")]
    for _ in range(3_000):
        made.append(VIEWS[view](made[-1]))  # in a list, so that they are called after what they view
    assert view in made[1].name or made[1].name == "todos.len"
    assert "todos" in made[1].name
    assert len(made[-1].name) < 100
    assert len(repr(made[-1])) < 200
    again = [VIEWS[view](VIEWS[view](atom([], name="todos")))]
    assert again[0].name == made[2].name, "whoever is asked first"
