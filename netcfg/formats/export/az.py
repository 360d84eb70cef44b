"""For the Azure CLI: a script that writes each vault once and whole.

`az keyvault network-rule add` will not do: it leaves out a range that overlaps a narrower rule, and ends with status 0.
"""

from __future__ import annotations

from netcfg.core.plan import Plan, PlanSet
from netcfg.formats import order
from netcfg.formats.export import header, rules

SCRIPT = r"""
set -euo pipefail
export LC_ALL=C

# found URL: everything that the firewall of a vault consists of, a word a line.
found() {
  local words='[[properties.publicNetworkAccess], properties.networkAcls.[defaultAction, bypass]'
  words+=', properties.networkAcls.ipRules[].value, properties.networkAcls.virtualNetworkRules[].id][] | [?@]'
  az rest --method get --url "$1" --query "$words" --output tsv | tr -d '\r' | tr '[:upper:]' '[:lower:]' | sort -u
}

# check URL WORD...: go on only where nothing else is found, for a rule that somebody added would vanish.
check() {
  local url=$1 now others
  shift
  now=$(found "$url")
  others=$(comm -23 <(printf '%s\n' "$now") <(printf '%s\n' "$@" | sort -u))
  if [ -n "$others" ]; then
    printf '%s is left as it is. It has got, since this was exported:\n%s\n' "${url%%\?*}" "$others" >&2
    exit 6
  fi
}

# change URL: the whole rule set, in one write.
change() {
  az rest --method patch --url "$1" --headers Content-Type=application/json --body "$(cat)" --output none
  printf '%s is written\n' "${1%%\?*}"
}
"""


def export(plans: PlanSet, command: str) -> str:
    lines = [
        "#!/usr/bin/env bash",
        *header.comment(plans, command, "#"),
        "#",
        "# It may run as often as you like. Where somebody has changed a vault since, it ends with status 6.",
        *SCRIPT.rstrip().splitlines(),
        *(line for each in order.plans(plans.plans) for line in _vault(each)),
    ]
    return "\n".join(lines) + "\n"


def _vault(plan: Plan) -> list[str]:
    known = rules.known(plan)
    return [
        "",
        f"vault={quote(rules.url(plan))}",
        'check "$vault" \\',
        *(f"  {quote(each)} \\" for each in known[:-1]),
        f"  {quote(known[-1])}",
        "change \"$vault\" <<'BODY'",  # no line of a document is the mark that ends it
        *rules.write(rules.patch(plan)).splitlines(),
        "BODY",
    ]


def quote(text: str) -> str:
    """The text as one word of bash. What is not plain is told by number, so that no terminal and no runner obeys it."""
    if text.isascii() and text.isprintable() and not set(text) & set("'\\#"):
        return f"'{text}'"
    return "".join(map(_letter, text.encode("utf-8", "surrogatepass"))).join(("$'", "'"))


def _letter(byte: int) -> str:
    letter = chr(byte)
    return letter if letter.isascii() and letter.isprintable() and letter not in "'\\#" else f"\\x{byte:02x}"
