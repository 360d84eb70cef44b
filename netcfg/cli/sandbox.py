"""`netcfg sandbox`: run, look at or reset the make-believe Azure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from netcfg.cli.root import root_of

app = typer.Typer(help="The embedded sandbox: an Azure of one's own on loopback.", no_args_is_help=True)
MANY = 100  # vaults, then they are counted
World = Annotated[str, typer.Option("--world", metavar="NAME-or-FILE", help="The make-believe tenant.")]


@app.command(short_help="Serve the sandbox to other clients until interrupted.")
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    tls: Annotated[bool, typer.Option("--tls", help="With its own certificate, as the Azure CLI needs.")] = False,
    world: World = "contoso",
    latency_ms: Annotated[int, typer.Option("--latency-ms", min=0, help="How long every answer takes.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="The die that --faults throws.")] = 0,
    faults: Annotated[
        str, typer.Option("--faults", metavar="LIST", help="Such as 'throttle=0.1,drop-after=0.02'.")
    ] = "",
) -> None:
    """Serve the sandbox to other clients until interrupted; stdout says how to point them at it."""
    import signal
    from threading import Event

    from netcfg.cli import connect, terminal

    stop = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    options = {"port": port, "tls": tls, "world": world, "latency_ms": latency_ms, "seed": seed, "faults": faults}
    with connect.open_sandbox(root_of(context), **options) as sandbox:
        terminal.show(connect.sandbox_lines(sandbox))
        stop.wait()


@app.command(short_help="List what the sandbox has, with names and ids.")
def show(
    context: typer.Context,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """List the sandbox's organizations, vaults and virtual networks, with names and ids."""
    import json

    from netcfg.cli import connect, terminal

    document = connect.show_sandbox(root_of(context))
    terminal.show(json.dumps(document, indent=2) + "\n" if format == "json" else _listing(document))


def _listing(document: dict[str, Any]) -> str:
    """The same as text: what can be named on a command line, and under which id."""
    lines = [f"world {document['world']}, where it is {document['today']}"]
    lines += ["", "organizations", *(f"  {each['name']}" for each in document["organizations"])]
    lines += ["", "vaults", *_vaults(document["vaults"])]
    subnets = (subnet for network in document["virtualNetworks"] for subnet in network["subnets"])
    lines += ["", "subnets", *(f"  {each}" for each in subnets)]
    return "\n".join(lines) + "\n"


def _vaults(vaults: list[dict[str, str]]) -> list[str]:
    """Each with its id; of a fleet what each resource group has, because nobody reads two thousand lines."""
    if len(vaults) <= MANY:
        return [f"  {each['name']:<20} {each['id']}" for each in vaults]
    groups: dict[str, list[str]] = {}
    for each in vaults:
        groups.setdefault(each["id"].partition("/providers/")[0], []).append(each["name"])
    counted = (f"{len(names):>6}  {group}  {_span(names)}" for group, names in groups.items())
    return [f"  {len(vaults):,} in {len(groups)} resource groups; --format json lists them", *counted]


def _span(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"


@app.command()
def reset(context: typer.Context, world: World = "contoso") -> None:
    """Forget everything that was done in the sandbox."""
    from netcfg.cli import connect

    connect.reset_sandbox(root_of(context), world)
    typer.echo(f"the sandbox is as the world {world!r} has it", err=True)
