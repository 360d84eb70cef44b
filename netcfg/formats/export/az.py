"""For the Azure CLI: a script that writes each vault once and whole, if nobody has changed it since.

`az keyvault network-rule add` will not do: it leaves out a range that overlaps a narrower rule, and ends with status 0.
"""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.plan import Plan, PlanSet
from netcfg.formats import order
from netcfg.formats.export import header, rules

SCRIPT = r"""
set -euo pipefail
export LC_ALL=C

status=0
body=$(mktemp) # a whole rule set is longer than a word of a command may be
trap 'rm -f "$body"' EXIT

# found URL: everything that the firewall of a vault consists of, a phrase a line.
found() {
  local acls=properties.networkAcls query
  query="[[join(' ', ['public access', properties.publicNetworkAccess || 'Enabled'])"
  query+=", join(' ', ['default action', $acls.defaultAction || 'Allow'])"
  query+=", join(' ', ['bypass', $acls.bypass || 'AzureServices'])]"
  query+=", $acls.ipRules[].join(' ', ['ip rule', to_string(value)])"
  query+=", $acls.virtualNetworkRules[].join(' ', ['subnet', to_string(id)])"
  query+=", keys($acls || {bypass: 'none'})"
  query+="[?!contains(['bypass', 'defaultAction', 'ipRules', 'virtualNetworkRules'], @)]"
  query+=".join(' ', ['property', @])][] | [?@]"
  az rest --method get --url "$1" --query "$query" --output tsv | tr -d '\r' | tr '[:upper:]' '[:lower:]' |
    sed -E -e 's#^(ip rule [0-9]+(\.[0-9]+){3})$#\1/32#' -e 's#^(subnet .*[^/])/+$#\1#' | sort -u
}

# settle URL: the vault as it should be, in one write, if it is as it was. Takes was, becomes and the file body.
settle() {
  local now before after vault=${1%%\?*}
  now=$(found "$1")
  before=$(printf '%s\n' "${was[@]}" | sort -u)
  after=$(printf '%s\n' "${becomes[@]}" | sort -u)
  if [ "$now" = "$after" ]; then
    printf '%s is as it should be\n' "$vault"
  elif [ "$now" = "$before" ]; then
    az rest --method patch --url "$1" --headers Content-Type=application/json --body "@$body" --output none
    printf '%s is written\n' "$vault"
  else
    status=6
    printf '%s is left as it is, for somebody has changed it since this was exported:\n' "$vault" >&2
    {
      comm -13 <(printf '%s\n' "$before") <(printf '%s\n' "$now") | sed 's/^/  + /'
      comm -23 <(printf '%s\n' "$before") <(printf '%s\n' "$now") | sed 's/^/  - /'
    } | tr -c ' -"$-~\n' '?' >&2
  fi
}
"""


def export(plans: PlanSet, command: str, absent: Iterable[str] = ()) -> str:
    lines = [
        "#!/usr/bin/env bash",
        *header.script(plans, command, absent),
        *SCRIPT.rstrip().splitlines(),
        *(line for each in order.plans(plans.plans) for line in _vault(each)),
        "",
        'exit "$status"',
    ]
    return "\n".join(lines) + "\n"


def _vault(plan: Plan) -> list[str]:
    return [
        "",
        "was=(",
        *(f"  {quote(each)}" for each in rules.phrases(plan.before)),
        ")",
        "becomes=(",
        *(f"  {quote(each)}" for each in rules.phrases(plan.after)),
        ")",
        "cat >\"$body\" <<'BODY'",  # no line of a document is the mark that ends it
        rules.write_compact(rules.patch(plan)),
        "BODY",
        f"settle {quote(rules.url(plan))}",
    ]


def quote(text: str) -> str:
    """The text as one word of bash. What is not plain is told by number, so that no terminal and no runner obeys it."""
    if text.isascii() and text.isprintable() and not set(text) & set("'\\#"):
        return f"'{text}'"
    return "".join(map(_letter, text.encode("utf-8", "surrogatepass"))).join(("$'", "'"))


def _letter(byte: int) -> str:
    letter = chr(byte)
    return letter if letter.isascii() and letter.isprintable() and letter not in "'\\#" else f"\\x{byte:02x}"
