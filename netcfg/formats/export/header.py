"""What stands above exported rules: whose they are, what they were made of, and how to make them anew."""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.plan import PlanSet
from netcfg.core.words import listed
from netcfg.formats import order, phrases
from netcfg.formats.harmless import line


def lines(plans: PlanSet, command: str) -> list[str]:
    """The header without marks of comment: each language puts its own before them. It tells no time."""
    vaults = ", ".join(each.vault.name for each in order.plans(plans.plans))
    said = (
        f"The firewall rules that netcfg wants for {vaults}.",
        f"{phrases.audience(plans)} · {phrases.basis(plans.resolution)}",
        "The lists are whole: a rule that is not here goes when they are applied. Ranges move, so make them anew with",
        f"  {command}",
    )
    return [line(each) for each in said]


def comment(plans: PlanSet, command: str, mark: str) -> list[str]:
    """The header for a language in which `mark` begins a comment."""
    return [f"{mark} {each}" for each in lines(plans, command)]


def script(plans: PlanSet, command: str, absent: Iterable[str]) -> list[str]:
    """The header of a script that writes vault by vault; `absent` are vaults that were asked for and are left out."""
    left_out = [line(phrases.vault_name(each)) for each in absent]
    said = (
        *lines(plans, command),
        *([f"Not in it, though they were asked for: {listed(left_out)}"] if left_out else []),
        "",
        "It may run as often as you like. It writes to a vault only where it finds the rules, the default action, the",
        "public access and the bypass exactly as they were when this was exported; where they are as they should be",
        "already, there is nothing to write. A vault that anybody has changed since is left as it is, told on stderr",
        "with what differs, and makes the status 6. Then export again, and look at what comes out.",
    )
    return [f"# {each}".rstrip() for each in said]
