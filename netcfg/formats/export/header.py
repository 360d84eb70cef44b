"""What stands above exported rules: whose they are, what they were made of, and how to make them anew."""

from __future__ import annotations

from netcfg.core.plan import PlanSet
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
