"""What text and Markdown say in the same words."""

from __future__ import annotations

import pytest

from netcfg.core.outcome import Ending
from netcfg.formats import phrases


@pytest.mark.parametrize(
    ("touched", "said"),
    [(False, "not reached: nothing was written"), (True, "not finished: something was written before that")],
)
def test_of_a_vault_that_was_written_nobody_says_that_nothing_was(touched: bool, said: str):
    assert phrases.how(Ending.NOT_REACHED, (), touched=touched) == said
