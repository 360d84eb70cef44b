"""Which vaults a command is about, and what is meant for each: the command line over the configuration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from netcfg.cli import terminal
from netcfg.cli.root import Root

if TYPE_CHECKING:
    from netcfg.cli.options import Asked
    from netcfg.config.configuration import Configuration
    from netcfg.core.findings import Waiver
    from netcfg.core.resources import VaultId
    from netcfg.core.target import Choice
    from netcfg.core.terms import Terms

CONFIGURATION = "netcfg.yaml"  # what is read where nobody names a file
LOOKALIKES = ("netcfg.yml", ".netcfg.yaml", ".netcfg.yml", "netcfg.json")


@dataclass(frozen=True)
class Chosen:
    """What was chosen, the waivers that the configuration has, and how all of it would be typed again.

    `base` is the way from the repository's root to the folder in which the configuration is named. `is_part` is whether
    somebody named vaults, so that the configuration may be about others too.
    """

    choices: tuple[Choice, ...]
    waivers: tuple[Waiver, ...] = ()
    words: tuple[str, ...] = ()
    program: str = "netcfg"
    base: str = ""
    is_part: bool = False

    @property
    def asks_which(self) -> bool:
        """Whether an acceptance has to name its vaults, because there are several, or may be."""
        from netcfg.core.target import are_several

        return are_several(self.choices)

    def apply(self, vault: str) -> tuple[str, ...]:
        """The apply of one of these vaults, as it would be typed after the program's name."""
        return ("apply", vault, *self.words)


def choose(vaults: Sequence[str] | None, asked: Asked, config: str | None, root: Root) -> Chosen:
    """What is meant; what cannot be is a usage error, before anything is read."""
    from netcfg.core.errors import NoVault
    from netcfg.core.resources import parse_vault
    from netcfg.core.target import Choice, check, merge
    from netcfg.sources import bundled

    typed = asked.terms(bundled.atlas())
    named = [parse_vault(each) for each in vaults or ()]
    found = _configuration(config, root)
    choices = merge(_entries(found, named, typed) if found else [Choice(each, typed) for each in named])
    if not choices:
        raise NoVault(next((each for each in LOOKALIKES if os.path.lexists(each)), ""))
    check(choices, typed, found.file if found else "", found.lines if found else {})
    base = repository_base() if found else ""
    words = [*asked.words(), *(["--config", config] if config and config != CONFIGURATION else [])]
    waivers = found.waivers if found else ()
    return Chosen(choices, waivers, tuple(words), root.command, base, bool(named))


def files_read(config: str | None) -> list[str]:
    """The files in which a configuration may be, which no result takes the place of."""
    return [CONFIGURATION, *([config] if config else [])]


def repository_base(folder: str = ".") -> str:
    """The way from the root of the repository to `folder`, with `/` at its end; empty at the root, and outside of any.

    Whoever shows findings in a repository takes their files from its root.
    """
    try:
        here = Path(os.path.realpath(folder))
    except OSError:
        return ""  # we run in a folder that somebody has deleted
    root = next((each for each in (here, *here.parents) if os.path.lexists(each / ".git")), here)
    way = here.relative_to(root).as_posix()
    return "" if way == "." else f"{way}/"


def _configuration(config: str | None, root: Root) -> Configuration | None:
    """The file that was named, or the one that lies here; none is neither."""
    if config is None and not os.path.lexists(CONFIGURATION):
        return None
    from netcfg.config import configuration, file
    from netcfg.core.checks.register import RULES
    from netcfg.core.organization import DEVOPS
    from netcfg.sources import bundled

    name = CONFIGURATION if config is None else config
    if root.verbose:
        terminal.remark(f"configuration: {name}")
    devops = root.devops or DEVOPS
    return configuration.parse(file.read(name), name, bundled.atlas(), RULES, devops)


def _entries(found: Configuration, named: Sequence[VaultId | str], typed: Terms) -> list[Choice]:
    """The file's entries that are meant, the command line counting before each of them."""
    from netcfg.core.target import Choice, narrow

    if not found.choices:
        return [Choice(each, typed, top=found.top) for each in named]
    meant = narrow(found.choices, named, found.file) if named else found.choices
    return [replace(each, terms=typed.over(each.terms)) for each in meant]
