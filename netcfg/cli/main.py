"""The program: its commands, and the one place where an error becomes a sentence and an exit status."""

from __future__ import annotations

import gc
import math
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from netcfg import __version__
from netcfg.cli import (
    apply,
    check,
    demo,
    discover,
    explain,
    export,
    geography,
    group,
    history,
    init,
    plan,
    ranges,
    rollback,
    sandbox,
    setup,
    verify,
)
from netcfg.cli import exec as execution
from netcfg.cli.options import Naming
from netcfg.cli.root import Root

INTERRUPTED = 130


class Program(TyperGroup):
    """The commands, each of which may end in a `NetcfgError`."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interruption:
            with suppress(OSError, ValueError):
                typer.echo(f"\n{_left_by(interruption)}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            from netcfg.cli.terminal import abandon_stdout

            abandon_stdout()  # whoever read it has gone
            raise typer.Exit(141) from None
        except Exception as error:
            from netcfg.core.errors import NetcfgError
            from netcfg.formats.harmless import line

            if not isinstance(error, NetcfgError):
                # Typer quotes the word that it cannot read, and shows this message itself.
                if isinstance(message := getattr(error, "message", None), str):
                    error.message = line(message)  # type: ignore[attr-defined]
                raise
            from netcfg.cli.terminal import say

            root = ctx.obj if isinstance(ctx.obj, Root) else Root()
            say(error, root)
            if root.ci:
                from netcfg.cli.ci import tell

                tell(root.ci, error)
            raise typer.Exit(error.status) from None


def _left_by(interruption: KeyboardInterrupt) -> str:
    """What whoever interrupted is told: what is left as it is, and how it goes on."""
    from netcfg.cli.terminal import Unanswered

    said = f"interrupted, and {interruption}" if interruption.args else "interrupted"
    if not isinstance(interruption, Unanswered):
        return f"{said}; run the same command again, it goes on where this one stopped"
    return f"{said}; with what was answered it is:\n  {interruption.command}" if interruption.command else said


app = typer.Typer(
    cls=Program,
    name="netcfg",
    help="Opens a private Azure Key Vault to Azure DevOps and to the agents, and to nobody else.",
    no_args_is_help=True,
    # Rich would double the time that --help takes; see the speed test.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"netcfg {__version__}")
        raise typer.Exit


def _a_number(value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise typer.BadParameter("a number of seconds is expected")
    return value


@app.callback()
def netcfg(
    context: typer.Context,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", envvar="NETCFG_SANDBOX", help="Run against the embedded sandbox, not Azure.")
    ] = False,
    cloud: Annotated[
        Literal["public", "usgov", "china"],
        typer.Option(
            "--cloud", envvar="NETCFG_CLOUD", help="Azure's endpoints; Azure DevOps is always the public one."
        ),
    ] = "public",
    resource_manager: Annotated[
        str | None,
        typer.Option(
            "--resource-manager", envvar="NETCFG_RESOURCE_MANAGER", metavar="URL", help="Another Resource Manager."
        ),
    ] = None,
    devops: Annotated[
        str | None,
        typer.Option("--devops", envvar="NETCFG_DEVOPS", metavar="URL", help="Instead of https://dev.azure.com."),
    ] = None,
    devops_identity: Annotated[
        str | None,
        typer.Option(
            "--devops-identity",
            envvar="NETCFG_DEVOPS_IDENTITY",
            metavar="URL",
            help="Instead of https://vssps.dev.azure.com.",
        ),
    ] = None,
    data_dir: Annotated[
        str | None,
        typer.Option("--data-dir", envvar="NETCFG_DATA_DIR", metavar="DIR", help="Where editions and state are kept."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Name the credential used, and request ids.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour; NO_COLOR does the same.")] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            min=1,
            max=86_400,
            callback=_a_number,
            help="End the whole run by then; no write is left half.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
    given = context.obj if isinstance(context.obj, dict) else {}
    context.obj = Root(
        sandbox=sandbox,
        cloud=cloud,
        resource_manager=resource_manager,
        devops=devops,
        devops_identity=devops_identity,
        data_dir=Path(data_dir) if data_dir else None,
        verbose=verbose,
        quiet=quiet,
        color=not no_color and not os.environ.get("NO_COLOR"),
        timeout=timeout,
        **given,
    )


# Each in one line of 80 columns: Typer would cut the first sentence of the help short.
app.command("geography", short_help="Say in which geography an organization lives.")(geography.geography)
app.add_typer(ranges.app, name="ranges")
app.command("plan", short_help="Show what would change in vaults' firewalls, and why.")(plan.plan)
app.command("apply", cls=Naming, short_help="Change vaults' firewalls to what the plan shows.")(apply.apply)
app.command("history", short_help="Say what was applied, when, by whom, and how it ended.")(history.history)
app.command("rollback", short_help="Undo what a run changed, and nothing else.")(rollback.rollback)
app.command("check", short_help="Say what is not as it should be in vaults' firewalls.")(check.check)
app.command("verify", cls=Naming, short_help="Say whether a vault can be read, and what is in the way.")(verify.verify)
app.add_typer(group.app, name="group")
app.command("setup", cls=Naming, short_help="Open a vault and link it to a variable group, step by step.")(setup.setup)
app.command("exec", cls=execution.Running, short_help="Let this machine in while a command runs.")(execution.execute)
app.command("explain", short_help="Say why an address gets in or not, or what an error means.")(explain.explain)
app.command("discover", short_help="Say where an organization's agents run, and what vaults it uses.")(
    discover.discover
)
app.command("export", short_help="Print the rules of a plan as code for another tool.")(export.export)
app.command("init", short_help="Write a commented netcfg.yaml, and pipelines for it.")(init.init)
app.command("demo", short_help="Tell the main job step by step, on a sandbox of its own.")(demo.demo)
app.add_typer(sandbox.app, name="sandbox")


def main() -> None:
    """Run the program.

    The SDKs are a hundred thousand objects that live as long as the process: looking for garbage among them took a
    third of its time. So the collector looks seldom, and not at all at the end, where everything is given back anyway.
    """
    gc.set_threshold(100_000)
    _open_missing_streams()
    _heed_termination()
    try:
        _run()
    except KeyboardInterrupt:  # one more, while the first one was being told
        os._exit(INTERRUPTED)


def _run() -> None:
    try:
        app(prog_name="netcfg")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            # Threads that still wait for an answer would hold the process for as long.
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(INTERRUPTED)
        raise
    finally:
        _abandon_full_stderr()
        gc.freeze()


def _heed_termination() -> None:
    """SIGTERM is what Ctrl-C is, and no death without a word. Where it is ignored, somebody wanted that."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _abandon_full_stderr() -> None:
    """What nobody takes on stderr is no reason for another exit status: Python would end with 120 when it flushes."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _open_missing_streams() -> None:
    """A stream that was closed with `>&-` is `None` to Python, and nobody reckons with that."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we run
