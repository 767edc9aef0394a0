"""The store, and the modules that only the store uses."""
