"""Variable groups that are linked to vaults: what they map, what is judged of them, and what is to change."""
