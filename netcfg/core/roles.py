"""Roles of Azure: which built-in one has an action that somebody lacks."""

from __future__ import annotations

_ROLES = {
    "microsoft.keyvault/vaults/read": "Reader",
    "microsoft.keyvault/vaults/write": (
        "a custom role with Microsoft.KeyVault/vaults/read and Microsoft.KeyVault/vaults/write (JSON in the README), "
        "or Key Vault Contributor"
    ),
    "microsoft.keyvault/vaults/secrets/read": "Reader",
    "microsoft.keyvault/vaults/keys/read": "Reader",
    "microsoft.keyvault/vaults/accesspolicies/write": "Key Vault Contributor",
    "microsoft.authorization/roleassignments/read": "Reader",
    "microsoft.authorization/roleassignments/write": (
        "Role Based Access Control Administrator or User Access Administrator"
    ),
    "microsoft.network/virtualnetworks/subnets/read": "Reader",
    "microsoft.compute/virtualmachinescalesets/read": "Reader",
    "microsoft.devopsinfrastructure/pools/read": "Reader",
    "microsoft.network/networkinterfaces/read": "Reader",
    "microsoft.network/virtualnetworks/subnets/write": "Network Contributor",
    "microsoft.network/virtualnetworks/subnets/joinviaserviceendpoint/action": "Network Contributor",
    "microsoft.network/networksecuritygroups/join/action": "Network Contributor",
    "microsoft.network/routetables/join/action": "Network Contributor",
    "microsoft.network/natgateways/join/action": "Network Contributor",
    "microsoft.network/serviceendpointpolicies/join/action": "Network Contributor",
    "microsoft.network/locations/operations/read": "Network Contributor",
    "microsoft.network/privatednsoperationstatuses/read": "Private DNS Zone Contributor",
    "microsoft.network/virtualnetworks/read": "Reader",
    "microsoft.network/virtualnetworks/join/action": "Network Contributor",
    "microsoft.network/virtualnetworks/subnets/join/action": "Network Contributor",
    "microsoft.network/privateendpoints/read": "Reader",
    "microsoft.network/privateendpoints/write": "Network Contributor",
    "microsoft.network/privateendpoints/delete": "Network Contributor",
    "microsoft.network/privateendpoints/privatednszonegroups/write": "Network Contributor",
    "microsoft.network/privatednszones/write": "Private DNS Zone Contributor",
    "microsoft.network/privatednszones/delete": "Private DNS Zone Contributor",
    "microsoft.network/privatednszones/join/action": "Private DNS Zone Contributor",
    "microsoft.network/privatednszones/virtualnetworklinks/write": "Private DNS Zone Contributor",
    "microsoft.network/privatednszones/virtualnetworklinks/delete": "Private DNS Zone Contributor",
}


def role_for(action: str) -> str:
    """The role to ask for, by its name; for an action that nobody needs here, whichever has it."""
    return _ROLES.get(action.lower(), "a role that has this action")


def only_role_for(action: str) -> str:
    """The built-in role for a command to paste; empty where there are several, or none is known."""
    found = _ROLES.get(action.lower(), "")
    return "" if " or " in found else found
