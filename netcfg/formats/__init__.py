"""A plan, a result or a list of ranges as text: one file for each format."""
