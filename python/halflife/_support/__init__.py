"""Small helpers that use no store."""
