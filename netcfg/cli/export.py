"""`netcfg export`: the desired rules as code, for people whose vault belongs to another tool."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.options import Accept, Asked, Config, Selecting, Vaults, asks, parse_acceptances
from netcfg.cli.root import Root, root_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netcfg.cli.chosen import Chosen
    from netcfg.core.errors import NetcfgError
    from netcfg.core.handover import Handover

Language = Literal["terraform", "tfvars", "bicep", "arm", "az", "powershell"]

# They go from vault to vault. The others are a map, and code that goes over a map takes a vault that is missing for one
# that should go.
SCRIPTS = frozenset(("az", "powershell"))


@asks
def export(
    context: typer.Context,
    vault: Vaults = None,
    *,
    language: Annotated[
        Language, typer.Option("--as", metavar="LANGUAGE", help="terraform, tfvars, bicep, arm, az or powershell.")
    ],
    selecting: Selecting,
    asked: Asked,
    accept: Accept = None,
    config: Config = None,
    out: Annotated[
        str | None,
        typer.Option("-o", "--out", metavar="FILE", help="Write it to a file; to stdout if nothing is said."),
    ] = None,
) -> None:
    """Print the rules that a plan ends with as code for another tool; change nothing."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import choose, files_read
    from netcfg.cli.destination import parse_file
    from netcfg.core.handover import Handover

    root = root_of(context)
    chosen = choose(vault, asked, config, root, selecting)
    file = None if out in (None, "-") else parse_file(str(out), "--out", language, files_read(config))
    acceptances = parse_acceptances(accept, several=chosen.asks_which)
    with connect.surroundings(root) as around:
        planned, _ = chosen.plan(acceptances, around)
    handover = Handover(planned)
    _tell(handover, language, root)
    if not handover.given.plans or (handover.absent and language not in SCRIPTS):
        raise typer.Exit(handover.status)
    command = _command(vault, chosen, accept, language, out)
    absent = (handover.absent,) if language in SCRIPTS else ()
    code = import_module(f"netcfg.formats.export.{language}").export(handover.given, command, *absent)
    if file is None:
        terminal.show(code)
    else:
        file.write(code)
    raise typer.Exit(handover.status)


def _tell(handover: Handover, language: str, root: Root) -> None:
    """On stderr, why some vaults are not there, and what the code does not say of the others."""
    from netcfg.cli import terminal
    from netcfg.core.errors import MapIncomplete
    from netcfg.formats.phrases import vault_name

    for told in _reasons(handover):
        terminal.say(told, root)
    if handover.absent and handover.given.plans and language not in SCRIPTS:
        absent = map(vault_name, handover.absent)
        terminal.say(MapIncomplete(absent, (each.vault.name for each in handover.given.plans)), root)
        return
    for remark in handover.remarks:
        terminal.warn(remark)


def _reasons(handover: Handover) -> Iterator[NetcfgError]:
    """Why vaults are not there: one sentence for all of which the same is to be said, where there are many."""
    from netcfg.core.errors import NetcfgError
    from netcfg.core.words import listed
    from netcfg.formats import alike, phrases

    reasons = [(phrases.vault_name(vault), error) for vault, error in handover.reasons]
    if len(reasons) <= alike.FEW:
        yield from (error for _, error in reasons)
        return
    for text, members in alike.grouped(reasons, lambda each: alike.anonymous(str(each[1]), each[0])):
        names = [name for name, _ in members]
        if len(names) == 1:
            yield members[0][1]
        else:
            yield NetcfgError(f"{phrases.count(len(names), 'vault')} ({listed(names)}): {text}")


def _command(vaults: list[str] | None, chosen: Chosen, accept: list[str] | None, language: str, out: str | None) -> str:
    """This very command, as the code names it to whoever wants to make it anew."""
    from netcfg.core import shell

    accepted = [word for each in accept or () for word in ("--accept", each)]
    file = ["--out", out] if out else []
    words = ["export", *(vaults or ()), *chosen.selecting, *chosen.words, *accepted, "--as", language, *file]
    return f"{chosen.program} {shell.join(words)}"
