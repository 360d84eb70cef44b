"""Selection: which vaults are meant, once Azure was asked, and all that is meant for each."""

from __future__ import annotations

from collections.abc import Sequence

from netcfg.core.plan import Undetermined
from netcfg.core.target import Choice, Selection, Target
from netcfg.workflow.collaborators import Surroundings


def select(choices: Sequence[Choice], around: Surroundings) -> tuple[list[Target], list[Undetermined]]:
    """The vaults that are chosen, each once, and what could not be selected."""
    del around
    found = [
        Target(each.chosen, each.terms.intent(), where=each.where)
        for each in choices
        if not isinstance(each.chosen, Selection)
    ]
    return list({each.name: each for each in reversed(found)}.values())[::-1], []
