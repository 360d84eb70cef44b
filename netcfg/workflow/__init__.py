"""The verbs: each takes its collaborators as arguments."""
