"""Importing the package in a subinterpreter is refused by a clear error."""

import sys

import pytest


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later versions refuse by themselves")
def test_an_import_in_a_subinterpreter_is_refused(apart) -> None:
    assert "subinterpreter of CPython 3.11" in apart(
        """
        import _xxsubinterpreters as interpreters
        try:
            interpreters.run_string(interpreters.create(), "import halflife")
        except interpreters.RunFailedError as error:
            print(error)
        """
    )
