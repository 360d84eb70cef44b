"""What the words for trouble on the way are made of."""

from __future__ import annotations

from netcfg.web.http import causes


def test_of_two_errors_that_are_each_others_cause_each_is_named_once():
    """So it once was after Ctrl-C, when a connection broke during the taking out: the search never ended."""
    first, second = OSError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert list(causes(first)) == [first, second]
