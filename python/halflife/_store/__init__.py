"""The store, and what it is asked for."""
