"""The files that `netcfg init` writes, from templates whose blanks are marked `@LIKE_THIS@`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from netcfg import __version__
from netcfg.core.resources import VaultId
from netcfg.core.start import Start

# What YAML reads as the text that it is. All else is quoted: `no` is a boolean to some, and 1e5 a number.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9./_-]*")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


def configuration(template: str, start: Start) -> str:
    """`netcfg.yaml`: what is known is said, everything else stands there as a comment."""
    geographies = [each.id for each in start.geographies]
    blanks = {
        "@ORGANIZATION@": _line("organization", start.organizations, "contoso"),
        "@GEOGRAPHY@": _line("geography", geographies, "EU"),
        "@AGENTS@": _agents([str(each) for each in start.subnets]),
        "@VAULTS@": _vaults(start),
    }
    for blank, text in blanks.items():
        template = template.replace(blank, text)
    return template


def pipeline(template: str) -> str:
    """A pipeline that installs this very version."""
    return template.replace("@VERSION@", __version__)


def _line(key: str, values: Sequence[str], example: str) -> str:
    if not values:
        return f"# {key}: {example}"
    return f"{key}: {scalar(values[0]) if len(values) == 1 else '[' + ', '.join(map(scalar, values)) + ']'}"


def _agents(subnets: Sequence[str]) -> str:
    if not subnets:
        return "# agents:\n#   subnets: [rg-network/vnet-agents/agents]\n#   discover: true"
    return "\n".join(["agents:", "  subnets:", *(f"    - {scalar(each)}" for each in subnets)])


def _vaults(start: Start) -> str:
    if not start.vaults:
        return "# vaults:\n#   - name: kv-payments"
    named = ((("id" if isinstance(each, VaultId) else "name"), str(each)) for each in start.vaults)
    return "\n".join(["vaults:", *(f"  - {key}: {scalar(text)}" for key, text in named)])


def scalar(text: str) -> str:
    """The text as YAML reads it back."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else json.dumps(text)
