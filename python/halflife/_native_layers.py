"""Temporary indirection until the native layers exist."""
import sys
try:
    from halflife._core import LayerLog, produce
    from halflife._core import last_read
except ImportError:
    sys.path.insert(0, "/tmp/h4/face")
    from layer_stand_in import LayerLog, produce, last_read, is_draft, current, original, path_of  # type: ignore
LayerState = object
