"""For Bicep: an exported variable with the rules by the vault's name, in the words of the vault's own properties."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from netcfg.core.plan import Plan, PlanSet
from netcfg.formats import order
from netcfg.formats.export import header, rules

USE = """\
import { netcfg } from 'FILE.bicep'
and give the vault, or the module that makes it,
  networkAcls: netcfg[NAME].networkAcls
  publicNetworkAccess: netcfg[NAME].publicNetworkAccess"""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INDENT = "  "


def export(plans: PlanSet, command: str) -> str:
    ordered = order.plans(plans.plans)
    use = USE.replace("NAME", quote(ordered[0].vault.name)).splitlines()
    lines = [
        *header.comment(plans, command, "//"),
        "//",
        "// Where the vault is declared, let it read them:",
        "//",
        *(f"//   {each}" for each in use),
        "",
        "@export()",
        "var netcfg = {",
        *(
            f"{_INDENT}{_key(each.vault.name)}: {literal(rules.properties(each), _whose(each), _INDENT)}"
            for each in ordered
        ),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _whose(plan: Plan) -> dict[str, str]:
    """What to remark at the side of a value."""
    return {
        **{str(each): rules.whose(plan, each) for each in plan.after.rule_set.ip_rules},
        **{each.subnet: rules.whose(plan, each) for each in plan.after.rule_set.virtual_network_rules},
    }


def literal(value: object, remarks: Mapping[str, str], indent: str = "") -> str:
    """A JSON value in Bicep. Members of lists and objects are separated by lines; a rule has one to itself."""
    inner = indent + _INDENT
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return quote(value)
        case Mapping():
            rows = [f"{inner}{_key(name)}: {literal(each, remarks, inner)}" for name, each in value.items()]
            return "\n".join(["{", *rows, f"{indent}}}"]) if rows else "{}"
        case Sequence():
            rows = [f"{inner}{_member(each, remarks, inner)}" for each in value]
            return "\n".join(["[", *rows, f"{indent}]"]) if rows else "[]"
        case _:  # Bicep has no fractions
            return f"json({quote(str(value))})"


def _member(value: object, remarks: Mapping[str, str], indent: str) -> str:
    """A member of a list. A rule of one property stands on a line, with the remark that belongs to it."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, text),) = value.items()
        if text in remarks:
            return f"{{ {_key(name)}: {quote(text)} }} // {remarks[text]}"
    return literal(value, remarks, indent)


def _key(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else quote(name)


def quote(text: str) -> str:
    """The text as a string of Bicep, in which a number stands for every character that means something anywhere."""
    return "".join(each if _is_plain(each) else f"\\u{{{ord(each):x}}}" for each in text).join("''")


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isprintable() and character not in "'\\$#"
