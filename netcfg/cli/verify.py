"""`netcfg verify`: whether a vault can be read, by whom it matters to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.options import Config, Through, asks
from netcfg.cli.root import root_of

if TYPE_CHECKING:
    from netcfg.cli.root import Root
    from netcfg.core.linking.relay import Relay
    from netcfg.core.proof import Proof
    from netcfg.core.resources import VaultId
    from netcfg.workflow.patience import Patience


@asks
def verify(
    context: typer.Context,
    vault: Annotated[
        str | None, typer.Argument(metavar="[VAULT]", help="A vault's name or resource id; else the configured one.")
    ] = None,
    *,
    from_here: Annotated[
        bool, typer.Option("--from-here", help="Read it from this machine, as the agent that runs here.")
    ] = False,
    through_devops: Annotated[
        bool, typer.Option("--through-devops", help="Have Azure DevOps itself read it, by a service connection.")
    ] = False,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ORG", help="The Azure DevOps organization that is to read it."),
    ] = None,
    through: Through,
    wait: Annotated[
        int | None,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            min=0,
            max=86_400,
            help="How long to look again while a change takes effect; 900, or 60 where nobody sees whether one is to.",
        ),
    ] = None,
    config: Config = None,
    format: Annotated[
        Literal["text", "json"] | None,
        typer.Option("--format", help="How the result is written; text if nothing is said."),
    ] = None,
) -> None:
    """Say whether a vault's secrets can be read, and what is in the way; only their names are asked for."""
    from netcfg.cli import ci, connect, terminal
    from netcfg.cli.chosen import one_vault, relay_of
    from netcfg.cli.output import beside
    from netcfg.core.errors import NoVantage, OptionAlone
    from netcfg.core.reading import Reading
    from netcfg.formats import json, verification
    from netcfg.workflow.patience import Patience
    from netcfg.workflow.verify import verify

    root = root_of(context)
    ci.listen(root, format)
    chosen = one_vault(vault, config, root)
    if not (from_here or through_devops):
        raise NoVantage(chosen if isinstance(chosen, str) else chosen.name)
    if not through_devops and (alone := _words(organization, through)):
        raise OptionAlone(alone[0], "--through-devops")
    patience = Patience() if wait is None else Patience(wait, wait)
    here = proof = None
    if through_devops:
        proof = _prove(chosen, relay_of(organization, through, config, root), patience, root)
    if from_here:
        with connect.vantage(root) as around:
            here = verify(chosen, patience.seconds, around, patience.unseen)
        terminal.say_verification(here, root)
    page, reading = terminal.page(root), Reading(proof, here)
    if format == "json":
        terminal.show(json.proof(proof, here) if proof else json.verification(here) if here else "")
    else:
        told = [verification.text(here, page)] if here else []
        told += [verification.proof_text(proof, page)] if proof else []
        terminal.show(["\n".join(told), beside(reading, root)])
    raise typer.Exit(reading.status)


def _words(organization: str | None, through: Through) -> list[str]:
    """The options that are only about Azure DevOps, as typed."""
    return [*(["--organization"] if organization else []), *through.words()]


def _prove(vault: VaultId | str, relay: Relay, patience: Patience, root: Root) -> Proof:
    """What Azure DevOps gets to read. Whom it is to be asked by is found before anything else is asked."""
    from netcfg.cli import connect, terminal
    from netcfg.workflow.proving import find_connection, prove

    with connect.surroundings(root, explains=True) as around:
        found = find_connection(relay, around, vault if isinstance(vault, str) else vault.name)
        proof = prove(vault, found, patience.seconds, around, group=relay.group, unseen=patience.unseen)
    terminal.say_request_id(proof.request_id, root)
    return proof
