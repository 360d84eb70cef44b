"""Worlds, and the state that a sandbox begins with."""
