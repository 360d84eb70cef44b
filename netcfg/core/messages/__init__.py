"""Error messages: recognised in whatever people paste, and told what they really mean."""
