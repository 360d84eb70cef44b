"""`netcfg explain`: whether an address gets in to a vault and why, or what an error message really means."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.options import Asked, Config, asks
from netcfg.cli.root import Root, root_of

if TYPE_CHECKING:
    from netcfg.cli.chosen import Chosen
    from netcfg.workflow.explain import Asked as Question

MOST = 1 << 20  # bytes of an error message; what is longer is a log, of which somebody has to choose the part


@asks
def explain(
    context: typer.Context,
    vault: Annotated[
        str | None, typer.Argument(metavar="[VAULT]", help="A vault's name or resource id.", show_default=False)
    ] = None,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]",
            help="An address, a range, or a subnet by id or resource-group/vnet/subnet.",
            show_default=False,
        ),
    ] = None,
    *,
    error: Annotated[
        str | None,
        typer.Option("--error", metavar="TEXT", help="An error message; '-' reads it from stdin. Nobody is asked."),
    ] = None,
    asked: Asked,
    config: Config = None,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Say whether an address gets in to a vault, and by which rule; or what an error message really means."""
    from netcfg.core.errors import ConflictingOptions, NothingToExplain

    root = root_of(context)
    if error is not None:
        if other := next(
            iter([*(["VAULT"] if vault else []), *asked.words(), *(["--config"] if config else [])]), None
        ):
            raise ConflictingOptions("--error", other, "a text is explained by itself, and no vault is looked at")
        raise typer.Exit(_explain_error(error, format, root))
    if vault is None or address is None:
        raise NothingToExplain(vault)
    _explain_address(vault, address, asked, config, format, root)


def _explain_error(text: str, format: str, root: Root) -> int:
    from netcfg.cli import known, terminal
    from netcfg.core.messages.explanation import explain
    from netcfg.formats import explanation, json
    from netcfg.sources import bundled

    found = explain(_stdin() if text == "-" else text, known.catalogue(root), bundled.outbound(), root.command)
    page = terminal.page(root)
    terminal.show(json.explanation(found) if format == "json" else explanation.error_text(found, page))
    if not found.is_recognised:
        terminal.remark("netcfg: the message was not recognised, so nothing is known of its cause")
    return found.status


def _stdin() -> str:
    """What somebody pipes in, as far as it is read; whatever its encoding."""
    from netcfg.cli import terminal
    from netcfg.core.messages.pasted import decode

    data = sys.stdin.buffer.read(MOST + 1)
    if len(data) > MOST:
        terminal.warn("only the first MiB was read; give the part of the log that holds the error")
    return decode(data[:MOST])


def _explain_address(vault: str, address: str, asked: Asked, config: str | None, format: str, root: Root) -> None:
    from netcfg.cli import connect, terminal
    from netcfg.core.shell import join, quote
    from netcfg.formats import explanation, json
    from netcfg.sources import bundled
    from netcfg.workflow.explain import explain

    question = _question(address)
    chosen, has_plan = _choose(vault, asked, config, root)
    words = chosen.words if has_plan else ("--organization", "ORG", *asked.words())
    with connect.surroundings(root) as around:
        found = explain(
            question,
            chosen.select(around),
            around,
            has_plan=has_plan,
            apply=f"{root.command} {join(['apply', vault, *words])}",
            explain=f"{root.command} explain {quote(vault)}",
            outbound=bundled.outbound(),
        )
    page = terminal.page(root)
    terminal.show(json.entrance(found) if format == "json" else explanation.address_text(found, page))


def _question(text: str) -> Question:
    """A subnet by id or name, else an address or a range."""
    from netcfg.core.attribution import parse_address
    from netcfg.core.resources import as_subnet_name, parse_subnet

    if text.startswith("/"):
        return parse_subnet(text)
    return as_subnet_name(text) or parse_address(text)


def _choose(vault: str, asked: Asked, config: str | None, root: Root) -> tuple[Chosen, bool]:
    """What is meant for the vault, and whether anybody said so.

    Where neither an organization nor a geography is known, what is there is told all the same: whoever publishes a
    range for any geography is then named with it, and no plan is drawn.
    """
    from dataclasses import replace

    from netcfg.cli.chosen import choose
    from netcfg.core.errors import NoGeography
    from netcfg.sources import bundled

    try:
        return choose([vault], asked, config, root), True
    except NoGeography:
        every = [each.id for each in bundled.atlas().geographies]
        return choose([vault], replace(asked, geography=every), config, root), False
