"""Temporary: stands in for the native layers until they are built in. Deleted before handing in."""

import sys

from halflife import _core

if not hasattr(_core, "LayerLog") or not hasattr(_core, "path_of"):
    sys.path.insert(0, "/tmp/h4/face")
    import layer_stand_in as _st

    for _n in ("LayerLog", "LayerState", "path_of"):
        if not hasattr(_core, _n):
            setattr(_core, _n, getattr(_st, _n))
