"""The *main interpreter* is the only one that can load the native module on CPython 3.11.

Loading it in a subinterpreter would wait for ever for that interpreter's thread state. Later versions of CPython raise
an ImportError by themselves.
"""

import importlib
import sys
from typing import Any

if sys.version_info < (3, 12):
    try:
        interpreters: Any = importlib.import_module("_xxsubinterpreters")
    except ImportError:
        interpreters = None
    if interpreters is not None and interpreters.get_current() != interpreters.get_main():
        raise ImportError("halflife cannot be imported in a subinterpreter of CPython 3.11; import it in the main one")
