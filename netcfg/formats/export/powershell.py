"""For Azure PowerShell: a script that writes each vault once and whole.

`Update-AzKeyVaultNetworkRuleSet` will not do: it sends the whole vault back, access policies included, and versions of
it took no more than 127 rules.
"""

from __future__ import annotations

from netcfg.core.plan import Plan, PlanSet
from netcfg.formats import order
from netcfg.formats.export import header, rules

SCRIPT = r"""
$ErrorActionPreference = 'Stop'

# Writes the whole rule set of a vault at once, if nothing is found there but what is known: a rule that somebody added
# since this was exported would vanish.
function Set-VaultFirewall([string] $Path, [string] $Known, [string] $Body) {
    $answer = Invoke-AzRestMethod -Method GET -Path $Path
    if ($answer.StatusCode -ne 200) { throw "$Path cannot be read: $($answer.StatusCode) $($answer.Content)" }

    $vault = (ConvertFrom-Json $answer.Content).properties
    $found = @($vault.publicNetworkAccess) + @($vault.networkAcls.defaultAction) + @($vault.networkAcls.bypass)
    $found += @($vault.networkAcls.ipRules | ForEach-Object { $_.value })
    $found += @($vault.networkAcls.virtualNetworkRules | ForEach-Object { $_.id })
    $words = @(ConvertFrom-Json $Known | ForEach-Object { $_ })
    $others = @($found | Where-Object { $_ -and $words -notcontains $_ })
    if ($others) { throw "$Path is left as it is. It has got, since this was exported: $($others -join ', ')" }

    $answer = Invoke-AzRestMethod -Method PATCH -Path $Path -Payload $Body
    if ($answer.StatusCode -notin 200, 201) { throw "$Path is not written: $($answer.StatusCode) $($answer.Content)" }
    Write-Output "$Path is written"
}
"""


def export(plans: PlanSet, command: str) -> str:
    lines = [
        *header.comment(plans, command, "#"),
        "#",
        "# It may run as often as you like. Where somebody has changed a vault since, it stops there.",
        *SCRIPT.rstrip().splitlines(),
        *(line for each in order.plans(plans.plans) for line in _vault(each)),
    ]
    return "\n".join(lines) + "\n"


def _vault(plan: Plan) -> list[str]:
    # What stands between @' and '@ is taken as it is, and no line of a document begins with a quote of that kind.
    return [
        "",
        f"Set-VaultFirewall -Path '{rules.url(plan)}' -Known @'",
        *rules.write(rules.known(plan)).splitlines(),
        "'@ -Body @'",
        *rules.write(rules.patch(plan)).splitlines(),
        "'@",
    ]
