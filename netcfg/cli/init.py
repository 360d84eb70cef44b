"""`netcfg init`: a commented configuration, and pipelines for a scheduled refresh and a compliance check."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.root import Root, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        Path, typer.Option("--directory", metavar="DIR", help="Where to write; this folder if nothing is said.")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there already.")] = False,
) -> None:
    """Write a commented netcfg.yaml, and pipelines that check and refresh; overwrite nothing."""
    from netcfg.cli import terminal
    from netcfg.cli.files import write_all
    from netcfg.core.resources import parse_subnet_or_name, parse_vault
    from netcfg.core.start import Start
    from netcfg.devops.organization import parse_name
    from netcfg.devops.session import DEVOPS
    from netcfg.sources import bundled

    root = root_of(context)
    start = Start(
        tuple(parse_name(each, root.devops or DEVOPS) for each in organization or ()),
        tuple(bundled.atlas().find(each) for each in geography or ()),
        tuple(parse_subnet_or_name(each) for each in subnet or ()),
        tuple(parse_vault(each) for each in vault or ()),
    )
    files = _files(start, _forges(pipelines, directory))
    write_all(directory, files, overwrite=force)
    terminal.show(_told(directory, files, start, root))


def _forges(pipelines: str | None, directory: Path) -> Iterable[Forge]:
    from netcfg.core.start import Forge, guess

    match pipelines:
        case None:
            return guess([each.name for each in directory.iterdir()] if directory.is_dir() else [])
        case "both":
            return Forge
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
    from netcfg.formats.harmless import line

    written = [f"wrote {line(str(directory / each))}" for each in files]
    pipelines = any(each.endswith(".yml") for each in files)
    where = "" if directory == Path() else f" --config {shlex.quote(str(directory / CONFIGURATION))}"
    steps = [f"edit {CONFIGURATION}: it has to say {' and '.join(start.missing)}"] if start.missing else []
    steps += [line(f"{root.command} {verb}{where}") for verb in ("plan", "apply", "check")]
    steps += ["read the top of each pipeline: it says what has to be there before its first run"] if pipelines else []
    return "\n".join([*written, "", "next:", *(f"  {each}" for each in steps)]) + "\n"
