"""For Azure PowerShell: a script that writes each vault once and whole, if nobody has changed it since.

`Update-AzKeyVaultNetworkRuleSet` will not do: it sends the whole vault back, access policies included, and versions of
it took no more than 127 rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.plan import Plan, PlanSet
from netcfg.formats import order
from netcfg.formats.export import header, rules

SCRIPT = r"""
$ErrorActionPreference = 'Stop'
$script:Status = 0

# Everything that the firewall of a vault consists of, a phrase for each part.
function Get-Phrases($Properties) {
    $acls = $Properties.networkAcls
    $access = if ($Properties.publicNetworkAccess) { $Properties.publicNetworkAccess } else { 'Enabled' }
    $action = if ($acls.defaultAction) { $acls.defaultAction } else { 'Allow' }
    $bypass = if ($acls.bypass) { $acls.bypass } else { 'AzureServices' }
    "public access $access", "default action $action", "bypass $bypass"
    foreach ($rule in $acls.ipRules) { "ip rule $($rule.value)" -replace '^(ip rule [0-9]+([.][0-9]+){3})$', '$1/32' }
    foreach ($rule in $acls.virtualNetworkRules) { "subnet $($rule.id)" -replace '/+$', '' }
    $known = 'bypass', 'defaultAction', 'ipRules', 'virtualNetworkRules'
    foreach ($one in $acls.PSObject.Properties) { if ($one.Name -notin $known) { "property $($one.Name)" } }
}

# The vault as it should be, in one write, if it is as it was.
function Set-VaultFirewall([string] $Path, [string] $Was, [string] $Becomes, [string] $Body) {
    $answer = Invoke-AzRestMethod -Method GET -Path $Path
    if ($answer.StatusCode -ne 200) { throw "$Path cannot be read: $($answer.StatusCode) $($answer.Content)" }

    $now = @(Get-Phrases (ConvertFrom-Json $answer.Content).properties)
    $before = @(ConvertFrom-Json $Was | ForEach-Object { $_ })
    $after = @(ConvertFrom-Json $Becomes | ForEach-Object { $_ })
    $added = @($now | Where-Object { $before -notcontains $_ })
    $lost = @($before | Where-Object { $now -notcontains $_ })
    $missing = @($after | Where-Object { $now -notcontains $_ }) + @($now | Where-Object { $after -notcontains $_ })
    if ($missing.Count -eq 0) {
        Write-Output "$Path is as it should be"
        return
    }
    if ($added.Count + $lost.Count -gt 0) {
        $script:Status = 6
        $told = @("$Path is left as it is, for somebody has changed it since this was exported:")
        $told += @($added | ForEach-Object { "  + $_" }) + @($lost | ForEach-Object { "  - $_" })
        [Console]::Error.WriteLine((@($told -replace '[^ -"$-~]', '?') -join [Environment]::NewLine))
        return
    }

    $answer = Invoke-AzRestMethod -Method PATCH -Path $Path -Payload $Body
    if ($answer.StatusCode -notin 200, 201) { throw "$Path is not written: $($answer.StatusCode) $($answer.Content)" }
    Write-Output "$Path is written"
}
"""


def export(plans: PlanSet, command: str, absent: Iterable[str] = ()) -> str:
    lines = [
        *header.script(plans, command, absent),
        *SCRIPT.rstrip().splitlines(),
        *(line for each in order.plans(plans.plans) for line in _vault(each)),
        "",
        "exit $script:Status",
    ]
    return "\n".join(lines) + "\n"


def _vault(plan: Plan) -> list[str]:
    # What stands between @' and '@ is taken as it is, and no line of a document begins with a quote of that kind.
    return [
        "",
        f"Set-VaultFirewall -Path '{rules.url(plan)}' -Was @'",
        *rules.write(rules.phrases(plan.before)).splitlines(),
        "'@ -Becomes @'",
        *rules.write(rules.phrases(plan.after)).splitlines(),
        "'@ -Body @'",
        rules.write_compact(rules.patch(plan)),
        "'@",
    ]
