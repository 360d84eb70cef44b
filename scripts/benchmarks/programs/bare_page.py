"""What somebody would write who only wants to see the vaults: one page of Resource Graph by its SDK."""

import os

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.identity import DefaultAzureCredential
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

credential = DefaultAzureCredential()
token = credential.get_token("https://management.azure.com/.default").token


class Signed(SansIOHTTPPolicy):
    """The SDK's own policy sends no token to a plain address, which the sandbox has."""

    def on_request(self, request: PipelineRequest) -> None:
        request.http_request.headers["Authorization"] = "Bearer " + token


client = ResourceGraphClient(credential, base_url=os.environ["NETCFG_RESOURCE_MANAGER"], authentication_policy=Signed())
query = (
    "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name, tags, acls = properties.networkAcls, "
    "access = properties.publicNetworkAccess, connections = properties.privateEndpointConnections | order by id asc"
)
page = client.resources(QueryRequest(query=query, options=QueryRequestOptions(top=1000, result_format="objectArray")))
print(len(page.data))
