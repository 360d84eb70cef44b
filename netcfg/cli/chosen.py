"""Which vaults a command is about, and what is meant for each: the command line over the configuration."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netcfg.cli.root import Root

if TYPE_CHECKING:
    from netcfg.cli.options import Asked
    from netcfg.core.findings import Waiver
    from netcfg.core.target import Choice


@dataclass(frozen=True)
class Chosen:
    """What was chosen, the waivers that the configuration has, and how all of it would be typed again."""

    choices: tuple[Choice, ...]
    waivers: tuple[Waiver, ...] = ()
    words: tuple[str, ...] = ()
    program: str = "netcfg"

    def command(self, vault: str) -> str:
        """The apply of one of these vaults, as it can be pasted into a shell."""
        return f"{self.program} {shlex.join(['apply', vault, *self.words])}"


def choose(vaults: Sequence[str] | None, asked: Asked, config: str | None, root: Root) -> Chosen:
    """What is meant; what cannot be is a usage error, before anything is read."""
    from netcfg.core.errors import NoVault
    from netcfg.core.resources import parse_vault
    from netcfg.core.target import Choice
    from netcfg.sources import bundled

    del config
    terms = asked.terms(bundled.atlas())
    choices = tuple(Choice(parse_vault(each), terms) for each in vaults or ())
    if not choices:
        raise NoVault
    terms.intent()
    return Chosen(choices, words=tuple(asked.words()), program=root.command)
