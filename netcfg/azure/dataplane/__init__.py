"""A vault itself, as a client sees it: its name, its door, and what it answers."""
