"""What makes atoms of atoms."""
