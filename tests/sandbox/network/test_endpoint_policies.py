"""Service endpoint policies: shown, changed and named by subnets."""

from tests.sandbox.small import BARE, GROUP, Client

POLICY = f"{GROUP}/providers/Microsoft.Network/serviceEndpointPolicies/policy"
DEFINITION = f"{POLICY}/serviceEndpointPolicyDefinitions/one"


def make(client: Client) -> None:
    assert client.call("PUT", POLICY, {"location": "westeurope"}).status_code == 201
    client.finish()


def test_a_policy_and_its_definitions_share_one_etag(client: Client):
    make(client)
    first = client.get(POLICY).json()["etag"]
    body = {"properties": {"service": "Microsoft.Storage", "serviceResources": [GROUP]}}
    assert client.call("PUT", DEFINITION, body).json()["properties"]["provisioningState"] == "Updating"
    client.finish()
    shown = client.get(POLICY).json()
    (definition,) = shown["properties"]["serviceEndpointPolicyDefinitions"]
    assert definition == client.get(DEFINITION).json()
    assert shown["etag"] == definition["etag"] != first
    assert definition["properties"] == {"provisioningState": "Succeeded", **body["properties"]}


def test_a_policy_goes_with_its_definitions(client: Client):
    make(client)
    client.call("PUT", DEFINITION, {"properties": {"service": "Microsoft.Storage"}})
    client.finish()
    assert client.call("DELETE", DEFINITION).status_code == 202
    client.finish()
    assert client.error(client.get(DEFINITION))[:2] == (404, "NotFound")
    assert client.call("DELETE", POLICY).status_code == 202
    client.finish()
    assert client.error(client.get(POLICY))[:2] == (404, "ResourceNotFound")


def test_a_subnet_names_a_policy_that_is_there(client: Client):
    body = {"properties": {"addressPrefix": "10.20.2.0/24", "serviceEndpointPolicies": [{"id": POLICY}]}}
    assert client.error(client.call("PUT", BARE, body))[:2] == (400, "InvalidResourceReference")
    make(client)
    assert client.call("PUT", BARE, body).status_code == 200
