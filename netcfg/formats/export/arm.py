"""For Resource Manager templates: a file of deployment parameters with the rules by the vault's name."""

from __future__ import annotations

from netcfg.core.plan import PlanSet
from netcfg.formats import order
from netcfg.formats.export import header, rules

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"

USE = (
    "Declare the parameter with type object, and give the vault "
    "[parameters('netcfg')['VAULT'].networkAcls] and [parameters('netcfg')['VAULT'].publicNetworkAccess]"
)


def export(plans: PlanSet, command: str) -> str:
    vaults = {each.vault.name: rules.properties(each) for each in order.plans(plans.plans)}
    about = {"description": [*header.lines(plans, command), USE]}
    document = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"netcfg": {"value": vaults, "metadata": about}},
    }
    return rules.write(document) + "\n"
