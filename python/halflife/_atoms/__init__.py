"""Functions that make atoms from other atoms."""
