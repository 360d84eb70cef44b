"""`netcfg init`: a commented configuration, and pipelines for a scheduled refresh and a compliance check."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.root import Root, root_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from netcfg.core.start import Forge, Start

CONFIGURATION = "netcfg.yaml"

# What is written for whom, and the template that it is made of.
PIPELINES = {
    "azure": {"azure-pipelines.netcfg.yml": "azure-pipelines.yml"},
    "github": {
        ".github/workflows/netcfg-check.yml": "github-check.yml",
        ".github/workflows/netcfg-refresh.yml": "github-refresh.yml",
    },
}


def init(
    context: typer.Context,
    vault: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VAULT]...", help="Vaults to name in the configuration, by name or resource id."),
    ] = None,
    *,
    organization: Annotated[
        list[str] | None,
        typer.Option("--organization", metavar="ORG", help="An Azure DevOps organization; repeatable."),
    ] = None,
    geography: Annotated[
        list[str] | None, typer.Option("--geography", metavar="G", help="Where it lives; repeatable.")
    ] = None,
    subnet: Annotated[
        list[str] | None, typer.Option("--subnet", metavar="ID", help="A subnet that agents run in; repeatable.")
    ] = None,
    pipelines: Annotated[
        Literal["azure", "github", "both", "none"] | None,
        typer.Option("--pipelines", help="Whose pipelines to write; those that the folder has, if nothing is said."),
    ] = None,
    directory: Annotated[
        str, typer.Option("--directory", metavar="DIR", help="Where to write; this folder if nothing is said.")
    ] = ".",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there already.")] = False,
) -> None:
    """Write a commented netcfg.yaml, and pipelines that check and refresh; overwrite nothing."""
    from netcfg.cli import terminal
    from netcfg.cli.files import write_all
    from netcfg.core.organization import DEVOPS, parse_name
    from netcfg.core.resources import parse_subnet_or_name, parse_vault
    from netcfg.core.start import Start
    from netcfg.sources import bundled

    root = root_of(context)
    start = Start(
        tuple(parse_name(each, root.devops or DEVOPS) for each in organization or ()),
        tuple(bundled.atlas().find(each) for each in geography or ()),
        tuple(parse_subnet_or_name(each) for each in subnet or ()),
        tuple(parse_vault(each) for each in vault or ()),
    )
    folder = _folder(directory)
    forges = _forges(pipelines, folder)
    repository = _repository(folder)
    files = _files(start, () if repository else forges)
    write_all(folder, files, overwrite=force)
    if forges and repository:
        terminal.warn(_no_pipelines(folder, repository))
    terminal.show(_told(folder, files, start, root))


def _folder(directory: str) -> Path:
    """The folder to write to, which need not be there yet."""
    from netcfg.core.errors import BadReport

    found = Path(directory)
    try:
        if not directory:
            raise BadReport(directory, "it names no folder; leave the option out for this one", "--directory")
        if os.path.lexists(found) and not found.is_dir():
            raise BadReport(directory, "it is no folder; name one, or one that can be made", "--directory")
    except (OSError, ValueError) as error:
        raise BadReport(directory, f"{_reason(error)}; name a folder that you may write to", "--directory") from error
    return found


def _repository(folder: Path) -> Path | None:
    """The root of the repository that the folder is a part of; `None` where it is the root, or in no repository."""
    from netcfg.cli.chosen import repository_base
    from netcfg.core.errors import OutputFailed

    try:
        here = Path(os.path.realpath(folder))
        below = len(PurePosixPath(repository_base(str(here))).parts)
    except OSError as error:
        raise OutputFailed(_reason(error), repr(str(folder))) from error
    return here.parents[below - 1] if below else None


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _no_pipelines(folder: Path, repository: Path) -> str:
    """Why none were written, and how to come by some."""
    from netcfg.core import shell

    way = os.path.relpath(os.path.realpath(folder), repository)
    return (
        f"no pipelines were written: they run at the root of the repository, {repository}, where GitHub looks for its "
        f"workflows too, and {way} is a folder of it; run 'netcfg init' there, and give the commands in the pipelines "
        f"--config {shell.quote(f'{way}/{CONFIGURATION}')}"
    )


def _forges(pipelines: str | None, directory: Path) -> Collection[Forge]:
    from netcfg.core.errors import OutputFailed
    from netcfg.core.start import Forge, guess

    match pipelines:
        case None:
            try:
                return guess([each.name for each in directory.iterdir()] if directory.is_dir() else [])
            except OSError as error:
                raise OutputFailed(_reason(error), repr(str(directory))) from error
        case "both":
            return tuple(Forge)
        case "none":
            return ()
        case _:
            return (Forge(pipelines),)


def _files(start: Start, forges: Iterable[Forge]) -> dict[str, str]:
    """What is to be written, by its path; the schema lets an editor help with the configuration, without a network."""
    from netcfg.formats import starter
    from netcfg.sources.bundled import data_folder

    def template(name: str) -> str:
        return (data_folder() / name).read_text("utf-8")

    found = {
        CONFIGURATION: starter.configuration(template("pipelines/netcfg.yaml"), start),
        ".netcfg.schema.json": template("schemas/config.schema.json"),
    }
    for forge in sorted(forges, key=lambda each: each.value):
        for path, name in PIPELINES[forge.value].items():
            found[path] = starter.pipeline(template(f"pipelines/{name}"))
    return found


def _told(directory: Path, files: Iterable[str], start: Start, root: Root) -> str:
    """What was written, and what to do next."""
    from netcfg.core import shell
    from netcfg.formats.harmless import line

    written = [f"wrote {line(str(directory / each))}" for each in files]
    pipelines = any(each.endswith(".yml") for each in files)
    where = "" if directory == Path() else f" --config {shell.quote(str(directory / CONFIGURATION))}"
    steps = [f"edit {CONFIGURATION}: it has to say {' and '.join(start.missing)}"] if start.missing else []
    steps += [line(f"{root.command} {verb}{where}") for verb in ("plan", "apply", "check")]
    steps += ["read the top of each pipeline: it says what has to be there before its first run"] if pipelines else []
    return "\n".join([*written, "", "next:", *(f"  {each}" for each in steps)]) + "\n"
