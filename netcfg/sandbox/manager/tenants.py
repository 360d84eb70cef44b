"""Tenants, subscriptions and resource groups; and what a client asks a cloud about itself."""

from __future__ import annotations

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, SUBSCRIPTION, Document
from netcfg.sandbox.manager.gate import allowed, allowed_within

_READ = "Microsoft.Resources/subscriptions/read"
_READ_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/read"


def list_tenants(call: Call) -> Answer:
    """All that know the caller, whichever of them issued the token."""
    home = call.state["tenant"]["id"]
    shown = [
        {
            "id": f"/tenants/{each['id']}",
            "tenantId": each["id"],
            "displayName": each["name"],
            "defaultDomain": each["domain"],
            "tenantCategory": "Home" if each["id"] == home else "ProjectedBy",
        }
        for _, each in sorted(call.state["tenants"].items())
        if each["id"] == home or call.principal["name"] in each["guests"]
    ]
    return Answer({"value": shown})


def list_subscriptions(call: Call) -> Answer:
    """The subscriptions of the token's tenant that the caller may read; of the others the list is silent."""
    found = [
        _subscription(each)
        for _, each in sorted(call.state["subscriptions"].items())
        if each["tenantId"] == call.tenant and allowed_within(call.principal, _READ, f"/subscriptions/{each['id']}")
    ]
    return Answer({"value": found, "count": {"type": "Total", "value": len(found)}})


def get_subscription(call: Call) -> Answer:
    return Answer(_subscription(call.state["subscriptions"][call.names["subscription"].lower()]))


def list_groups(call: Call) -> Answer:
    groups = call.state["subscriptions"][call.names["subscription"].lower()]["resourceGroups"]
    shown = [_group(call, name, location) for name, location in sorted(groups.items())]
    return Answer({"value": [each for each in shown if allowed(call.principal, _READ_GROUP, each["id"])]})


def get_group(call: Call) -> Answer:
    groups = call.state["subscriptions"][call.names["subscription"].lower()]["resourceGroups"]
    name = next(each for each in groups if each.lower() == call.names["group"].lower())
    return Answer(_group(call, name, groups[name]))


def endpoints(root: str) -> Answer:
    """What `az cloud register` asks. Names of hosts become prefixes of paths on this one port."""
    return Answer(
        {
            "name": "Sandbox",
            "portal": f"{root}/portal.azure.com",
            "authentication": {
                "loginEndpoint": f"{root}/login.microsoftonline.com",
                "audiences": [root, "https://management.azure.com/", "https://management.core.windows.net/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": root,
            "graphAudience": f"{root}/graph.windows.net/",
            "microsoftGraphResourceId": f"{root}/graph.microsoft.com/",
            "media": f"{root}/rest.media.azure.net",
            "batch": f"{root}/batch.core.windows.net/",
            "sqlManagement": f"{root}/management.core.windows.net:8443/",
            "gallery": f"{root}/gallery.azure.com/",
            "vmImageAliasDoc": f"{root}/aliases.json",
            "activeDirectoryDataLake": f"{root}/datalake.azure.net/",
            "suffixes": {
                "keyVaultDns": "vault.azure.net",
                "mhsmDns": "managedhsm.azure.net",
                "storage": "core.windows.net",
                "acrLoginServer": "azurecr.io",
                "sqlServerHostname": "database.windows.net",
                "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
                "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            },
        }
    )


def _subscription(each: Document) -> Document:
    return {
        "id": f"/subscriptions/{each['id']}",
        "subscriptionId": each["id"],
        "tenantId": each["tenantId"],
        "displayName": each["name"],
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01"},
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }


def _group(call: Call, name: str, location: str) -> Document:
    return {
        "id": GROUP.format(subscription=call.names["subscription"], group=name),
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


OPERATIONS = (
    Operation("GET", "/tenants", "Microsoft.Resources/tenants/read", list_tenants, "/"),
    Operation("GET", "/subscriptions", _READ, list_subscriptions, "/"),
    Operation("GET", SUBSCRIPTION, _READ, get_subscription, SUBSCRIPTION, lists=True),
    Operation("GET", SUBSCRIPTION + "/resourceGroups", _READ, list_groups, SUBSCRIPTION, lists=True),
    Operation("GET", GROUP, _READ_GROUP, get_group, GROUP),
)
