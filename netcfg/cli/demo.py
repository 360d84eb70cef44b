"""`netcfg demo`: the main job, told step by step, on a sandbox of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import typer

from netcfg.cli.root import Root, root_of

AGENTS = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-network"
    "/providers/Microsoft.Network/virtualNetworks/vnet-agents/subnets/agents"
)
WORLD = "agents"
OPTIONS = ("--organization", "contoso", "--subnet", AGENTS)
TOGETHER = ("kv-payments", "kv-nat", *OPTIONS)
RELAY = ("--organization", "contoso", "--project", "payments", "--service-connection", "azure-prod")


@dataclass(frozen=True)
class Step:
    """One command of the story, what is told before it, and the exit status that the story needs."""

    told: str
    command: tuple[str, ...]
    status: int


STORY = (
    Step(
        "Contoso links the vault kv-payments to a variable group. Its firewall has to let Azure DevOps in, from the "
        "ranges of the geography in which Contoso's organization lives. Where is that?",
        ("geography", "contoso"),
        0,
    ),
    Step(
        "Two places publish ranges for Europe: a table in the documentation, and the service tag. Neither is complete.",
        ("ranges", "list", "--geography", "EU"),
        0,
    ),
    Step(
        "What would have to change, so that Azure DevOps and the agents' subnet get in, and nobody else? A plan "
        "changes nothing. This one is refused (status 5): it would cut off others, and another vault would cut off "
        "the agents. It says so before it is too late.",
        ("plan", "kv-payments", *OPTIONS),
        5,
    ),
    Step(
        "So both vaults go in one run. First the rules, then the service endpoint, last the default action: nobody "
        "whom the plan keeps loses a way in between. The guard that is left was read, and is accepted by name.",
        ("apply", *TOGETHER, "--accept", "default-deny=kv-payments", "--yes"),
        0,
    ),
    Step(
        "The same question again: nothing is left to do (status 0). A pipeline can ask it every night.",
        ("plan", *TOGETHER),
        0,
    ),
    Step(
        "Another vault was set up by hand long ago, and linking it fails: Azure DevOps speaks of permissions. So Azure "
        "DevOps itself is asked to read it, and what it comes back with is the reason (status 4).",
        ("verify", "kv-orders", "--through-devops", *RELAY),
        4,
    ),
    Step(
        "Rules of others stay, and a half-open range is completed. At the end Azure DevOps reads the vault once more, "
        "which is the proof.",
        ("apply", "kv-orders", *RELAY, "--yes"),
        0,
    ),
    Step(
        "The variable group still has to map what the vault holds. What no job could use is left out, and named.",
        ("group", "link", "kv-orders", "--group", "orders-secrets", *RELAY, "--all", "--yes"),
        0,
    ),
)


def demo(context: typer.Context) -> None:
    """Tell the main job step by step, on a sandbox that is thrown away afterwards."""
    import tempfile

    from netcfg.cli import connect

    root = root_of(context)
    with tempfile.TemporaryDirectory(prefix="netcfg-demo-") as folder:
        connect.reset_sandbox(replace(root, data_dir=Path(folder)), WORLD)
        for number, step in enumerate(STORY, start=1):
            _tell(number, step, root)
            status = _run(context, step, Path(folder))
            if status == 141:  # whoever read along has gone
                raise typer.Exit(status)
            if status != step.status:
                typer.echo(f"netcfg: the demo expected status {step.status} and saw {status}", err=True)
                raise typer.Exit(1)
    typer.secho(
        "\nThat is all. Everything above ran against the sandbox; see README.md for a real vault.", bold=root.color
    )


def _tell(number: int, step: Step, root: Root) -> None:
    from netcfg.core import shell

    command = shell.join(("netcfg", "--sandbox", *step.command))
    typer.echo("" if number == 1 else "\n")
    typer.secho(f"{number}. {step.told}", bold=True if root.color else None)
    typer.secho(f"$ {command}\n", fg="cyan" if root.color else None)


def _run(context: typer.Context, step: Step, folder: Path) -> int:
    """Run one command of the program as if it had been typed, with the sandbox's state in `folder`."""
    program = context.find_root().command
    status = program.main(
        ["--sandbox", "--quiet", "--data-dir", str(folder), *step.command], prog_name="netcfg", standalone_mode=False
    )
    return status if isinstance(status, int) else 0
