"""Every notebook runs from top to bottom in a new kernel, on the demo's real server.

The tests find cells by their ids, and check the visible output of the important ones.
"""

from __future__ import annotations

import copy
from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

SHOWN_AS_TEXT = {
    "01_first_atoms": {
        "store": "'HI'",
        "derived-atom": "['/states/HI/airports', '/states/HI/airports', ['HI']]",
        "awaited": "(['Dillingham Airfield', 'Hana', 'Hilo International'], 16)",
        "chain-atom": "'Princeville'",
        "changed": "('North Central State', 6)",
        "requests": "[('/states/HI/airports', 'served'), ('/states/RI/airports', 'served')]",
        "subscription": "['/states/DE/airports']",
        "batched": "[(30.0, 33.0)]",
        "setter": "(38.5, 41.5)",
        "second-store": "('HI', 'CT')",
    },
    "02_loadables_and_races": {
        "wrong": "'selected: New York, shown: San Diego'",
        "right": "'selected: New York, shown: New York'",
        "followed": "'New York'",
        "server-log": (
            "[('/airports/SAN', 'served'), ('/airports/JFK', 'served'), "
            "('/airports/SAN', 'cancelled'), ('/airports/JFK', 'served')]"
        ),
        "told": "['loading', 'hasData']",
        "match": "['loading, was New York', 'New York, refreshing']",
        "loaded": "'Los Angeles'",
        "failed": "'failed: /airports/LAX: 500 told to fail'",
        "healed": "'Los Angeles'",
        "typed": "['Denve']",
        "search-log": (
            "[('q=D&limit=3', 'cancelled'), ('q=De&limit=3', 'cancelled'), "
            "('q=Den&limit=3', 'cancelled'), ('q=Denv&limit=3', 'cancelled'), "
            "('q=Denve&limit=3', 'served')]"
        ),
        "together": "({'state': 'AK', 'airports': 263}, 3376, True)",
        "counted": "({'served': 8, 'cancelled': 5, 'failed': 1}, True)",
    },
    "03_optimistic_updates": {
        "inverse": ("(['SAN', 'SFO'], [Patch('remove', (1,))], [Patch('add', (1,), 'LAX')], ['SAN', 'LAX', 'SFO'])"),
        "edits": "['LAX Westchester', 'SFO Los Angeles', 'SEA Seattle']",
        "ours": "['LAX Los Angeles', 'SFO San Francisco', 'SEA Seattle']",
        "lost": "('Los Angeles', 'L.A.')",
        "all-ways": "(48, {'inverse patches': 23, 'layers': 0})",
        "temporary-id": "(['tmp-1', 'a'], True, <Layers of todos: 2 pending>)",
        "server-id": (
            "({'order': ['b-42', 'a'], 'items': {'a': {'text': 'fly'}, 'b-42': {'text': 'pack'}}}, "
            "['a', 'b-42'], 'pending')"
        ),
        "undone": "(['a', 'b-42'], <Layers of todos: 0 pending>)",
        "server": "['SAN', 'LAX', 'SFO', 'SEA', 'DEN', 'ORD', 'ATL', 'JFK']",
        "refetched": "['Lindbergh Field', 'San Francisco Bay', 'San Diego International-Lindbergh']",
        "answered": "('Lindbergh Field', 'success', 0)",
        "at-once": "(8, ['JFK', 'SAN', 'LAX', 'SEA', 'DEN', 'SFO', 'tmp-1'])",
        "outcomes": (
            "{'add': 'kept', 'rename LAX': 'refused, 409', 'relocate LAX': 'kept', 'rename DEN': 'refused, 422', "
            "'move SFO': 'refused, 409', 'remove ORD': 'kept', 'move JFK': 'kept', 'remove ATL': 'refused, 409'}"
        ),
        "same": "(['JFK', 'SAN', 'LAX', 'SFO', 'SEA', 'DEN', 'ATL', 'NEW-1'], True)",
        "counted": "({'accepted': 6, 'refused': 4}, True, True)",
    },
    "04_queries": {
        "loading": "<QueryResult status='loading', fetch_status='fetching', is_stale>",
        "success": "('success', 'idle', 'San Diego', False)",
        "shared": "({'Los Angeles'}, 1)",
        "stale": "(('San Diego', True, True), (False, 2))",
        "followed": "[('Los Angeles', True), ('New York', False), ('San Diego', False)]",
        "edited": "('Lindbergh Field', 'San Francisco Bay', True)",
        "rolled-back": "('San Diego International-Lindbergh', 'San Francisco Bay')",
        "invalidated": "[{'HI': 1, 'RI': 1, 'DE': 1}, {'HI': 2, 'RI': 2, 'DE': 2}, {'HI': 2, 'RI': 3, 'DE': 3}]",
        "retried": "([(1, 1), (2, 1), (2, 2), (3, 2), (0, 0)], 'success', 57)",
        "opened": "([False, False, True, True, True], 2, ['closed', 'open'])",
        "closed-circuit": "('success', 3, ['closed', 'open', 'half-open', 'closed'])",
        "pages": "(2, 2000, True)",
        "everything-loaded": "(3376, ['3000 of 3376', '3376 of 3376'], False)",
        "shown": "('Denver Intl', 'Sea-Tac', 2)",
        "answered": "([\"PUT /airports/LAX/name: 409 DEN has the name 'Denver Intl'\", 'Sea-Tac'], 1)",
        "undone": "('Los Angeles International', 'Sea-Tac', [('LAX', 'Denver Intl')], ())",
        "paused": "('Lindbergh Field', True, 0)",
        "resumed": "('Lindbergh Field', True)",
        "counted": "(True, {'accepted': 3, 'refused': 1})",
    },
}

SHOWN_AS_HTML = {
    "01_first_atoms": {
        "source-atom": ["source atom", "<b>state</b>", "&#x27;HI&#x27;"],
        "async-atom": ["loading"],
        "settled": ["hasData", "Dillingham"],
        "shown-store": ["store", "<b>airports</b>", "atoms"],
        "closed": ["closed"],
    },
    "02_loadables_and_races": {
        "data": ["hasData", "New York"],
        "loading": ["loading", "previous=", "New York"],
        "error": ["hasError", "ApiError", "previous=", "Los Angeles"],
        "closed": ["closed"],
    },
    "03_optimistic_updates": {
        "closed": ["closed"],
    },
    "04_queries": {
        "closed": ["closed"],
    },
}


def notebook_names():
    return sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def execute(content, folder):
    """Run the cells of a notebook in a new kernel."""
    with pytest.MonkeyPatch.context() as patch:
        # The kernel uses no settings of the person who runs the tests, and writes none.
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(folder / name))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        client = nbclient.NotebookClient(content, timeout=60, kernel_name="python3")
        client.execute(cwd=str(folder))


@pytest.fixture(scope="module", params=notebook_names())
def notebook(request, tmp_path_factory):
    """The name of a notebook, and its executed cells by id."""
    content = nbformat.read(NOTEBOOKS / f"{request.param}.ipynb", as_version=4)
    execute(content, tmp_path_factory.mktemp("kernel"))
    return request.param, {cell.id: cell for cell in content.cells}


def results(cell):
    """The representations of a cell's last expression, by MIME type."""
    return [output.data for output in cell.outputs if output.output_type == "execute_result"]


def test_no_notebook_is_without_expectations_and_none_is_missing():
    assert notebook_names() == sorted(SHOWN_AS_TEXT) == sorted(SHOWN_AS_HTML)


@pytest.mark.parametrize("name", notebook_names())
def test_a_notebook_is_kept_without_outputs(name):
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_cells_show_the_expected_output(notebook):
    name, cells = notebook
    shown = {key: results(cells[key])[0]["text/plain"] for key in SHOWN_AS_TEXT[name]}
    # IPython may break long lines anywhere.
    assert {key: " ".join(text.split()) for key, text in shown.items()} == SHOWN_AS_TEXT[name]


def test_atoms_stores_and_loadables_show_themselves(notebook):
    name, cells = notebook
    for key, words in SHOWN_AS_HTML[name].items():
        (data,) = results(cells[key])
        for word in words:
            assert word in data["text/html"], key
        assert "\n" not in data["text/plain"]


def test_no_cell_of_a_notebook_warns(notebook):
    _name, cells = notebook
    for cell in cells.values():
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output.text


@pytest.mark.parametrize("name", notebook_names())
@pytest.mark.parametrize("way", ["each cell twice", "all cells twice"])
def test_a_notebook_can_be_run_twice(name, way, tmp_path):
    content = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    again = copy.deepcopy(content)
    for cell in again.cells:
        cell.id += "-again"
    if way == "each cell twice":
        content.cells = [cell for both in zip(content.cells, again.cells, strict=True) for cell in both]
    else:
        content.cells += again.cells
    execute(content, tmp_path)  # raises the error of a cell
