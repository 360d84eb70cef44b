"""The options before the command: which Azure, which Azure DevOps, where things are kept, how much is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from netcfg.cli.clock import today_in_utc
from netcfg.core.shell import join

if TYPE_CHECKING:
    from netcfg.cli.ci import System
    from netcfg.web.deadline import Deadline


@dataclass
class Root:
    """What was said before the command."""

    sandbox: bool = False
    cloud: str = "public"
    resource_manager: str | None = None
    devops: str | None = None
    devops_identity: str | None = None
    data_dir: Path | None = None
    verbose: bool = False
    quiet: bool = False
    color: bool = True
    timeout: float | None = None  # seconds for the whole run, from now on; there is no end without it
    today: Callable[[], date] = today_in_utc
    verb: str = ""  # the command that runs
    given: Mapping[str, object] = field(default_factory=dict)  # its own options
    ci: System | None = None  # the CI system that stdout speaks to, once a command knows
    running: Any = None  # a sandbox that a test has started, to be used in place of one of our own
    begun: float = field(default_factory=time.monotonic)

    @cached_property
    def deadline(self) -> Deadline:
        """When the run has to be over; whoever only wants help need not load what that takes."""
        from netcfg.web.deadline import Deadline

        return Deadline(self.timeout, self.begun)

    @property
    def folder(self) -> Path:
        """Where editions, records and the sandbox's state are kept."""
        if self.data_dir:
            return self.data_dir
        from platformdirs import user_data_path

        return user_data_path("netcfg", appauthor=False)

    @property
    def command(self) -> str:
        """What a command to paste begins with, so that it goes where this one went."""
        said: list[tuple[str, object]] = [("--cloud", self.cloud if self.cloud != "public" else None)]
        if not self.sandbox:
            said += [("--resource-manager", self.resource_manager), ("--devops", self.devops)]
            said += [("--devops-identity", self.devops_identity)]
        said += [("--data-dir", self.data_dir)]
        options = [word for name, value in said if value for word in (name, str(value))]
        return join(["netcfg", *(["--sandbox"] if self.sandbox else []), *options])


def root_of(context: typer.Context) -> Root:
    root = context.find_root().obj
    assert isinstance(root, Root)  # noqa: S101 - the callback of the program has put it there
    root.verb = context.command_path.partition(" ")[2]
    root.given = {name: value for name, value in context.params.items() if _is_said(context, name)}
    return root


def _is_said(context: typer.Context, name: str) -> bool:
    """Whether somebody said it, and it is not only what holds where nobody says anything."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"
