"""For Terraform: a map of locals by the vault's name, and the `network_acls` block that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from netcfg.core.plan import Plan, PlanSet
from netcfg.core.rules import PublicAccess, Rule
from netcfg.formats import order
from netcfg.formats.export import header, rules

USE = """\
resource "azurerm_key_vault" "example" {
  # what it has already, and

  public_network_access_enabled = local.netcfg[NAME].public_network_access_enabled

  network_acls {
    default_action             = local.netcfg[NAME].default_action
    bypass                     = local.netcfg[NAME].bypass
    ip_rules                   = local.netcfg[NAME].ip_rules
    virtual_network_subnet_ids = local.netcfg[NAME].virtual_network_subnet_ids
  }
}"""


def export(plans: PlanSet, command: str) -> str:
    ordered = order.plans(plans.plans)
    use = USE.replace("NAME", quote(ordered[0].vault.name)).splitlines()
    lines = [
        *header.comment(plans, command, "#"),
        "#",
        "# Where the vault is declared, let it read them:",
        "#",
        *(f"#   {each}".rstrip() for each in use),
        "",
        "locals {",
        "  netcfg = {",
        *(f"    {each}".rstrip() for plan in ordered for each in _vault(plan)),
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _vault(plan: Plan) -> list[str]:
    after = plan.after
    is_enabled = after.public_access is PublicAccess.ENABLED
    return [
        f"{quote(plan.vault.name)} = {{",
        f"  public_network_access_enabled = {str(is_enabled).lower()}",
        f"  default_action                = {quote(after.rule_set.default_action.value)}",
        f"  bypass                        = {quote(after.rule_set.bypass.value)}",
        *_list("ip_rules", plan, rules.ip_rules(plan)),
        *_list("virtual_network_subnet_ids", plan, rules.virtual_network_rules(plan)),
        "}",
    ]


def _list(name: str, plan: Plan, found: Sequence[Rule]) -> Iterable[str]:
    """As `terraform fmt` has it. The provider compares ids whatever their case, so Azure's spelling makes no diff."""
    if not found:
        return [f"  {name} = []"]
    texts = [f"{quote(str(each))}," for each in found]
    width = max(map(len, texts))
    rows = (f"    {text:{width}} # {rules.whose(plan, each)}" for text, each in zip(texts, found, strict=True))
    return [f"  {name} = [", *rows, "  ]"]


def quote(text: str) -> str:
    """The text as a quoted string of HCL, in ASCII; a number stands for what a terminal or a runner might obey."""
    return "".join(map(_letter, text)).join('""')


def _letter(character: str) -> str:
    # Before a brace, `$` and `%` begin a template; doubled they do not, but what three of them are nobody knows.
    if character in "#$%" or not character.isascii() or not character.isprintable():
        # HCL wants eight digits beyond the first 65,536 characters, where JSON writes two surrogates.
        return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
    return json.dumps(character)[1:-1]
