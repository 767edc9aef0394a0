"""Small helpers that know no store."""
