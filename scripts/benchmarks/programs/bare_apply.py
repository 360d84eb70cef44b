"""What somebody would write who knows the ranges and the SDKs, and trusts that nothing goes wrong."""

import os

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.identity import DefaultAzureCredential
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.network import NetworkManagementClient

url, subscription = os.environ["NETCFG_RESOURCE_MANAGER"], "00000000-0000-4000-8000-000000000001"
credential = DefaultAzureCredential()
token = credential.get_token("https://management.azure.com/.default").token


class Signed(SansIOHTTPPolicy):
    """The SDK's own policy sends no token to a plain address, which the sandbox has."""

    def on_request(self, request: PipelineRequest) -> None:
        request.http_request.headers["Authorization"] = "Bearer " + token


options = {"base_url": url, "authentication_policy": Signed(), "polling_interval": 1}
vaults = KeyVaultManagementClient(credential, subscription, **options).vaults
subnets = NetworkManagementClient(credential, subscription, **options).subnets
ranges = [
    "20.166.41.0/24",
    "40.74.28.0/23",
    "134.149.110.74/31",
    "134.149.110.76/30",
    "134.149.110.112/29",
    "172.199.233.80/28",
    "172.199.233.128/26",
]
names = ["agents", "builds"]
vaults.get("rg-payments", "kv-payments")
found = [subnets.get("rg-network", "vnet-agents", name) for name in names]
rules = [{"id": each.id, "ignoreMissingVnetServiceEndpoint": True} for each in found]
acls = {
    "bypass": "AzureServices",
    "defaultAction": "Allow",
    "ipRules": [{"value": each} for each in ranges],
    "virtualNetworkRules": rules,
}
vaults.update("rg-payments", "kv-payments", {"properties": {"networkAcls": acls}})
for name, subnet in zip(names, found, strict=True):
    subnet = subnet.as_dict()
    subnet["properties"].setdefault("serviceEndpoints", []).append({"service": "Microsoft.KeyVault"})
    subnets.begin_create_or_update("rg-network", "vnet-agents", name, subnet).result()
vaults.update("rg-payments", "kv-payments", {"properties": {"networkAcls": acls | {"defaultAction": "Deny"}}})
