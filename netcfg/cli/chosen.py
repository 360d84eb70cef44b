"""Which vaults a command is about, and what is meant for each: the command line over the configuration."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from netcfg.cli.root import Root

if TYPE_CHECKING:
    from netcfg.cli.options import Asked
    from netcfg.config.configuration import Configuration
    from netcfg.core.findings import Waiver
    from netcfg.core.resources import VaultId
    from netcfg.core.target import Choice
    from netcfg.core.terms import Terms

CONFIGURATION = "netcfg.yaml"  # what is read where nobody names a file


@dataclass(frozen=True)
class Chosen:
    """What was chosen, the waivers that the configuration has, and how all of it would be typed again.

    `base` is the way from the repository's root to the folder in which the configuration is named.
    """

    choices: tuple[Choice, ...]
    waivers: tuple[Waiver, ...] = ()
    words: tuple[str, ...] = ()
    program: str = "netcfg"
    base: str = ""

    def command(self, vault: str) -> str:
        """The apply of one of these vaults, as it can be pasted into a shell."""
        return f"{self.program} {shlex.join(['apply', vault, *self.words])}"


def choose(vaults: Sequence[str] | None, asked: Asked, config: str | None, root: Root) -> Chosen:
    """What is meant; what cannot be is a usage error, before anything is read."""
    from netcfg.core.errors import NoVault
    from netcfg.core.resources import parse_vault
    from netcfg.core.target import Choice, merge
    from netcfg.sources import bundled

    typed = asked.terms(bundled.atlas())
    named = [parse_vault(each) for each in vaults or ()]
    found = _configuration(config, root)
    choices = merge(_entries(found, named, typed) if found else [Choice(each, typed) for each in named])
    if not choices:
        raise NoVault
    for each in choices:
        each.intent()
    base = repository_base(os.path.realpath(".")) if found else ""
    words = [*asked.words(), *(["--config", config] if config and config != CONFIGURATION else [])]
    waivers = found.waivers if found else ()
    return Chosen(choices, waivers, tuple(words), root.command, base)


def repository_base(folder: str) -> str:
    """The way from the root of the repository to `folder`, with `/` at its end; empty at the root, and outside of any.

    Whoever shows findings in a repository takes their files from its root.
    """
    here = Path(folder)
    root = next((each for each in (here, *here.parents) if os.path.lexists(each / ".git")), here)
    way = here.relative_to(root).as_posix()
    return "" if way == "." else f"{way}/"


def _configuration(config: str | None, root: Root) -> Configuration | None:
    """The file that was named, or the one that lies here; none is neither."""
    if config is None and not os.path.lexists(CONFIGURATION):
        return None
    from netcfg.config import configuration, file
    from netcfg.core.checks.register import RULES
    from netcfg.sources import bundled

    name = CONFIGURATION if config is None else config
    if root.verbose:
        typer.echo(f"configuration: {name}", err=True)
    return configuration.parse(file.read(name), name, bundled.atlas(), RULES)


def _entries(found: Configuration, named: Sequence[VaultId | str], typed: Terms) -> list[Choice]:
    """The file's entries that are meant, the command line counting before each of them."""
    from netcfg.core.target import Choice, narrow

    if not found.choices:
        return [Choice(each, typed, top=found.top) for each in named]
    meant = narrow(found.choices, named, found.file) if named else found.choices
    return [replace(each, terms=typed.over(each.terms)) for each in meant]
