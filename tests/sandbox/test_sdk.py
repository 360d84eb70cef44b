"""Microsoft's own client libraries, unmodified, against the sandbox."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.private import ENDPOINT, ZONE, ZONE_NAME, endpoint, group, make, private_world
from tests.sandbox.small import AGENTS, Client, world

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"


class SignedIn(SansIOHTTPPolicy):
    """The libraries send no bearer token over plain http; this does."""

    def __init__(self, token: str) -> None:
        self.token = token

    def on_request(self, request):
        request.http_request.headers["Authorization"] = f"Bearer {self.token}"


class NoCredential:
    """Never asked."""

    def get_token(self, *scopes, **options):
        raise NotImplementedError


def options(sandbox: Sandbox) -> dict:
    return {"base_url": sandbox.url, "authentication_policy": SignedIn(sandbox.token), "retry_total": 0}


@pytest.fixture
def quick() -> Iterator[Sandbox]:
    """A sandbox whose operations end by themselves, soon."""
    with serve(world(settings={"operationSeconds": 0.02, "retryAfter": 0.03, "pageSize": 2})) as running:
        yield running


@pytest.fixture
def vaults(quick: Sandbox):
    from azure.mgmt.keyvault import KeyVaultManagementClient

    with KeyVaultManagementClient(NoCredential(), SUBSCRIPTION, **options(quick)) as client:
        yield client.vaults


@pytest.fixture
def subnets(quick: Sandbox):
    from azure.mgmt.network import NetworkManagementClient

    with NetworkManagementClient(NoCredential(), SUBSCRIPTION, **options(quick)) as client:
        yield client.subnets


def test_rules_and_the_whole_map_of_tags_are_written_in_one_request(vaults, quick: Sandbox):
    vaults.update("rg", "kv-open", {"tags": {"team": "payments"}})
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "191.10.21.7"}], "virtualNetworkRules": []}
    changed = vaults.update("rg", "kv-open", {"tags": {"run": "1"}, "properties": {"networkAcls": acls}})
    assert changed.tags == {"run": "1"}
    assert [rule.value for rule in changed.properties.network_acls.ip_rules] == ["191.10.21.7/32"]
    with pytest.raises(HttpResponseError) as caught:
        vaults.update("rg", "kv-open", {"tags": {"a/b": "1"}})
    assert (caught.value.status_code, caught.value.error.code) == (400, "InvalidTagNameCharacters")
    assert vaults.get("rg", "kv-open").tags == {"run": "1"}
    assert [status for method, _, status in quick.requests if method == "PATCH"] == [200, 200, 400]


def test_a_vault_is_read_and_changed(vaults):
    assert vaults.get("rg", "kv-open").properties.network_acls is None
    rules = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "191.10.20.7"}]}
    changed = vaults.update("rg", "kv-open", {"properties": {"networkAcls": rules}})
    assert changed.properties.network_acls.default_action == "Deny"
    assert [each.value for each in changed.properties.network_acls.ip_rules] == ["191.10.20.7/32"]
    assert changed.system_data.last_modified_at.year == 2026


def test_listing_follows_every_page(vaults, quick: Sandbox):
    assert [each.name for each in vaults.list_by_subscription()] == ["kv-agents", "kv-closed", "kv-open"]
    assert [status for _, _, status in quick.requests] == [200, 200, 200]
    assert len(list(vaults.list_by_resource_group("rg"))) == 3


def test_a_vault_is_made_and_deleted(vaults):
    new = {
        "location": "westeurope",
        "properties": {
            "tenantId": "00000000-0000-4000-8000-000000000010",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        },
    }
    made = vaults.begin_create_or_update("rg", "kv-new", new, polling_interval=0.05).result()
    assert made.properties.provisioning_state == "Succeeded"
    vaults.delete("rg", "kv-new")
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        vaults.get("rg", "kv-new")
    vaults.begin_purge_deleted("kv-new", "westeurope").result()
    assert list(vaults.list_deleted()) == []


def test_a_refusal_has_its_code(vaults):
    rules = {"defaultAction": "Deny", "ipRules": [{"value": "10.0.0.0/8"}]}
    with pytest.raises(HttpResponseError) as caught:
        vaults.update("rg", "kv-open", {"properties": {"networkAcls": rules}})
    assert caught.value.error.code == "BadRequest"
    assert "belongs to forbidden range" in caught.value.message


def test_an_endpoint_is_enabled_and_everything_else_stays(subnets):
    before = subnets.get("rg", "net", "bare")
    sent = subnets.get("rg", "net", "bare")
    sent["properties"]["serviceEndpoints"] = [{"service": "Microsoft.KeyVault"}]
    after = subnets.begin_create_or_update("rg", "net", "bare", sent, headers={"If-Match": sent.etag}).result()
    (endpoint,) = after.service_endpoints
    assert (endpoint.service, endpoint.locations, endpoint.provisioning_state) == (
        "Microsoft.KeyVault",
        ["*"],
        "Succeeded",
    )
    assert after.route_table.id == before.route_table.id
    with pytest.raises(HttpResponseError) as caught:
        subnets.begin_create_or_update("rg", "net", "bare", sent, headers={"If-Match": sent.etag})
    assert caught.value.status_code == 412
    assert caught.value.error.code == "PreconditionFailed"


@pytest.fixture
def tags():
    from azure.mgmt.network import NetworkManagementClient

    with (
        serve("contoso") as sandbox,
        NetworkManagementClient(NoCredential(), SUBSCRIPTION, **options(sandbox)) as client,
    ):
        yield lambda location: (sandbox, client.service_tags.list(location))


def tag(found, name: str):
    [one] = [each for each in found.values_property if each.name == name]
    return one.properties


def test_service_tags_are_listed_with_the_lag_of_the_service(tags):
    """The file of the same day has 411 and 13, as numbers."""
    _, found = tags("westeurope")
    assert (found.name, found.type, found.cloud) == ("public", "Microsoft.Network/serviceTags", "Public")
    assert found.id == f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/serviceTags/public"
    assert (found.change_number, tag(found, "AzureDevOps").change_number) == ("398", "12")
    assert tag(found, "AzureDevOps").region == ""
    assert tag(found, "AzureDevOps").system_service == "AzureDevOps"
    assert (tag(found, "AzureDevOps.WestEurope").change_number, tag(found, "AzureDevOps.WestEurope").region) == (
        "2",
        "westeurope",
    )
    assert "40.74.28.0/23" in tag(found, "AzureDevOps.WestEurope").address_prefixes


def test_a_location_is_no_filter_of_service_tags(tags):
    assert tags("westeurope")[1].as_dict() == tags("brazilsouth")[1].as_dict()


def test_the_service_catches_up_with_the_file(tags):
    sandbox, _ = tags("westeurope")
    with sandbox.edit() as state:
        state["publishers"]["service"] = state["publishers"]["file"]
    _, found = tags("westeurope")
    assert (found.change_number, tag(found, "AzureDevOps").change_number) == ("411", "13")


def test_a_subnet_is_made_and_deleted(subnets):
    subnets.begin_create_or_update("rg", "net", "new", {"properties": {"addressPrefix": "10.20.9.0/24"}}).result()
    assert [each.name for each in subnets.list("rg", "net")] == ["agents", "bare", "new"]
    subnets.begin_delete("rg", "net", "new").result()
    assert next(subnets.list("rg", "net")).id == AGENTS
    with pytest.raises(ResourceNotFoundError):
        subnets.get("rg", "net", "new")


# --- private endpoints ----------------------------------------------------------------------------------------------


@pytest.fixture
def private() -> Iterator[Sandbox]:
    with serve(private_world(settings={"operationSeconds": 0.02, "retryAfter": 0.03})) as running:
        yield running


@pytest.fixture
def network(private: Sandbox):
    from azure.mgmt.network import NetworkManagementClient

    with NetworkManagementClient(NoCredential(), SUBSCRIPTION, **options(private)) as client:
        yield client


def test_a_private_endpoint_is_made_approved_by_the_owner_and_deleted(private: Sandbox, network):
    from azure.mgmt.keyvault import KeyVaultManagementClient

    body = endpoint(manual=True)
    made = network.private_endpoints.begin_create_or_update("rg", "pe", body, polling_interval=0.02).result()
    (one,) = made.manual_private_link_service_connections
    assert (made.provisioning_state, one.private_link_service_connection_state.status) == ("Succeeded", "Pending")
    with KeyVaultManagementClient(NoCredential(), SUBSCRIPTION, **options(private)) as client:
        (resource,) = client.private_link_resources.list_by_vault("rg", "kv-open").value
        assert (resource.group_id, resource.required_zone_names) == ("vault", [ZONE_NAME])
        connections = client.private_endpoint_connections
        (waiting,) = connections.list_by_resource("rg", "kv-open")
        state = {"privateLinkServiceConnectionState": {"status": "Approved", "description": "welcome"}}
        approved = connections.put("rg", "kv-open", waiting.name, {"properties": state})
        assert approved.private_link_service_connection_state.status == "Approved"
        shown = network.private_endpoints.get("rg", "pe").manual_private_link_service_connections[0]
        assert shown.private_link_service_connection_state.description == "welcome"
        (held,) = client.vaults.get("rg", "kv-open").properties.private_endpoint_connections
        assert held.private_endpoint.id == ENDPOINT
        connections.begin_delete("rg", "kv-open", waiting.name, polling_interval=0.02).result()
        assert list(connections.list_by_resource("rg", "kv-open")) == []
    network.private_endpoints.begin_delete("rg", "pe", polling_interval=0.02).result()
    with pytest.raises(ResourceNotFoundError):
        network.private_endpoints.get("rg", "pe")


def test_a_zone_group_is_made_and_deleted(private: Sandbox, network):
    quick = Client(private)
    with quick.session:
        make(quick, ZONE, {"location": "global"})
    network.private_endpoints.begin_create_or_update("rg", "pe", endpoint(), polling_interval=0.02).result()
    groups = network.private_dns_zone_groups
    made = groups.begin_create_or_update("rg", "pe", "default", group(), polling_interval=0.02).result()
    (record,) = made.private_dns_zone_configs[0].record_sets
    assert (record.record_set_name, record.ip_addresses) == ("kv-open", ["10.20.2.4"])
    assert [each.name for each in groups.list("pe", "rg")] == ["default"]
    groups.begin_delete("rg", "pe", "default", polling_interval=0.02).result()
    assert list(groups.list("pe", "rg")) == []
