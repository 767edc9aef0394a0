"""The README's tour is a program: its blocks run in order, in one namespace and one event loop.

A line that ends in `# => something` is an expression whose repr is `something`.
"""

import ast
import asyncio
import inspect
import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"#\s*=>\s*(.*?)\s*$")


async def run(node, namespace, mode):
    code = compile(node, str(README), mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, namespace)  # noqa: S307 - the text is our own README
    return await result if code.co_flags & inspect.CO_COROUTINE else result


async def tour(text):
    namespace = {"__name__": "readme"}
    checked = 0
    for match in BLOCK.finditer(text):
        block = "\n" * text.count("\n", 0, match.start(1)) + match[1]  # so that errors name the line
        lines = block.splitlines()
        for node in ast.parse(block).body:
            expected = EXPECTED.search(lines[node.end_lineno - 1])
            if isinstance(node, ast.Expr) and expected:
                value = await run(ast.Expression(node.value), namespace, "eval")
                assert repr(value) == expected[1], f"README.md:{node.lineno}"
                checked += 1
            else:
                await run(ast.Module([node], type_ignores=[]), namespace, "exec")
    return checked


def test_the_tour_of_the_readme_runs_and_shows_what_it_says():
    text = README.read_text()
    checked = asyncio.run(tour(text))
    assert checked == len(re.findall(r"# =>", text))
    assert checked >= 10
