"""The CI system that runs us, and what it shows of a result beside its log: annotations, and a summary."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from netcfg.cli import terminal
from netcfg.core.errors import NetcfgError, OutputFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netcfg.cli.root import Root
    from netcfg.formats.ci.annotations import Annotation

# GitHub refuses a summary that is longer, all of it; and on Azure Pipelines' page nobody reads more either.
LONGEST_SUMMARY = 1024 * 1024


class System(Enum):
    AZURE_PIPELINES = "azure-pipelines"
    GITHUB = "github"


def running(environment: Mapping[str, str]) -> System | None:
    """The system whose log our stdout is, by the variable that each of them sets."""
    if environment.get("TF_BUILD", "").lower() == "true":
        return System.AZURE_PIPELINES
    return System.GITHUB if environment.get("GITHUB_ACTIONS", "").lower() == "true" else None


def listen(root: Root, format: str | None) -> None:
    """Have what becomes of this command shown there too, unless somebody said how it is to be written."""
    root.ci = None if format else running(os.environ)


def annotate(system: System, found: Iterable[Annotation], base: str) -> str:
    """The commands that make annotations there."""
    from netcfg.formats.ci import azure_pipelines, github

    match system:
        case System.AZURE_PIPELINES:
            return azure_pipelines.annotate(found, base)
        case System.GITHUB:
            return github.annotate(found, base)
        case _:
            assert_never(system)


def tell(system: System, error: NetcfgError) -> None:
    """Show what ended the whole run there too, where anybody still reads."""
    from netcfg.cli.chosen import repository_base
    from netcfg.formats.ci.annotations import failures

    with suppress(OutputFailed, BrokenPipeError):
        terminal.show(annotate(system, failures(error), repository_base()))


def attach(system: System, name: str, summary: Callable[[int], str], environment: Mapping[str, str]) -> str:
    """Put the summary where the system looks for it; what is returned belongs on stdout.

    `summary` makes it no longer than so many bytes. It is an extra: what keeps it from being attached is a warning.
    """
    try:
        match system:
            case System.AZURE_PIPELINES:
                return _upload(name, summary(LONGEST_SUMMARY), environment)
            case System.GITHUB:
                _append(summary, environment)
                return ""
            case _:
                assert_never(system)
    except OSError as error:
        terminal.warn(f"no summary is attached: {error.strerror or error}; the log has the whole result")
        return ""


def _upload(name: str, summary: str, environment: Mapping[str, str]) -> str:
    """The agent uploads the file some time later and empties its folder after the job, so ours must stay."""
    from netcfg.formats.ci import azure_pipelines

    folder = Path(environment.get("AGENT_TEMPDIRECTORY") or tempfile.gettempdir()).absolute()
    for number in count(1):
        path = folder / (f"{name}.md" if number == 1 else f"{name}-{number}.md")
        try:
            with path.open("xb") as new:  # never through a link that somebody left there
                new.write(summary.encode("utf-8", "backslashreplace"))
        except FileExistsError:
            continue
        break
    return azure_pipelines.command("task.uploadsummary", str(path))


def _append(summary: Callable[[int], str], environment: Mapping[str, str]) -> None:
    """All commands of a step share one file."""
    if not (name := environment.get("GITHUB_STEP_SUMMARY")):
        return
    with Path(name).open("ab") as file:
        taken = file.tell()
        lead = b"\n" if taken else b""
        written = summary(LONGEST_SUMMARY - taken - len(lead)).encode("utf-8", "backslashreplace")
        if taken + len(lead) + len(written) > LONGEST_SUMMARY:
            raise OSError(f"{LONGEST_SUMMARY:,} bytes is all that GitHub takes, and {taken:,} are written already")
        file.write(lead + written)
