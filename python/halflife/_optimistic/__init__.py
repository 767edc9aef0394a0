"""Values that are edited before the server has agreed: draft atoms, lenses, editables, layers and sagas."""
