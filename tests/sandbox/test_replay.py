"""What Microsoft recorded of Azure, and wrote as examples of it: the same request gets the same answer here.

The recordings and examples are Microsoft's, and not part of this repository; where they are not beside it, these tests
are skipped. What is not compared is named beside each test: ids that the service makes up, times, and what an example
shows that no recording confirms.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import Client, world

BESIDE = Path(__file__).parents[2].parent / "shared" / "data"
AZURE = "https://management.azure.com"
HEADERS = (
    "cache-control",
    "content-type",
    "expires",
    "pragma",
    "strict-transport-security",
    "x-content-type-options",
)
# Made up by the service: ids, ETags, and moments.
MADE_UP = re.compile(
    r"(?!00000000-0000-0000-0000-000000000000)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}Z"
    r"|operationResults/\w+"
)


def beside(folder: str, name: str) -> Any:
    path = BESIDE / folder / name
    if not path.is_file():
        pytest.skip(f"Microsoft's {name} is not beside this repository")
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


def example(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An example's parameters, and the body of its answer 200."""
    found = beside("specs", name)
    return found["parameters"], found["responses"]["200"]["body"]


def at(subscription: str, group: str, **more: Any) -> dict[str, Any]:
    """A world with that subscription and resource group, and nothing else but `more`."""
    subscriptions = [{"id": subscription, "name": "one", "resourceGroups": {group: "eastus", "rg1": "eastus"}}]
    return world(subscriptions=subscriptions, **{"vaults": [], "virtualNetworks": [], **more})


class Replay(Client):
    """Sends recorded requests. What the service made up is learnt from the answers, and put into later requests."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.learnt: dict[str, str] = {}

    def send(self, recorded: dict[str, Any]) -> requests.Response:
        url = recorded["uri"].replace(AZURE, self.sandbox.url)
        for theirs, ours in self.learnt.items():
            url = url.replace(theirs, ours)
        body = json.loads(recorded["body"]) if recorded["body"] else None
        return self.session.request(recorded["method"], url, json=body, timeout=10)

    def learn(self, recorded: dict[str, list[str]], answer: requests.Response) -> None:
        for name in ("location", "azure-asyncoperation"):
            if name in recorded:
                theirs, ours = recorded[name][0], answer.headers[name]
                self.learnt[last_segment(theirs)] = last_segment(ours)


def last_segment(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def normal(text: str, root: str) -> Any:
    """A body with what the service made up blanked out."""
    text = MADE_UP.sub("…", text.replace(root, AZURE))
    return json.loads(text) if text.strip() else None


@pytest.fixture
def vaults() -> Iterator[Replay]:
    taken = {"name": "sample-vault", "group": "one/rg1"}
    with serve(at("00000000-0000-0000-0000-000000000000", "rgname", vaults=[taken])) as sandbox:
        replay = Replay(sandbox)
        with replay.session:
            yield replay


@pytest.fixture
def networks() -> Iterator[Replay]:
    with serve(at("00000000-0000-0000-0000-000000000000", "rgname")) as sandbox:
        replay = Replay(sandbox)
        with replay.session:
            yield replay


def replayed(replay: Replay, recorded: list[dict[str, Any]]) -> int:
    """Send each recorded request and compare status, headers and body; the number of those compared.

    Where the recording polled until something was done, one poll is sent while it is not, and one when it is.
    """
    previous = None
    compared = 0
    for each in recorded:
        request, response = each["request"], each["response"]
        here = (request["method"], request["uri"], response["status"]["code"])
        if here == previous and here[2] == 202:
            continue
        previous = here
        is_waiting = '"InProgress"' in response["body"]["string"]
        if request["method"] == "GET" and here[2] == 200 and not is_waiting:
            replay.finish()
        answer = replay.send(request)
        replay.learn(response["headers"], answer)
        assert answer.status_code == here[2], answer.text
        # The provider of private zones says `private` of its answers, and this one says of all that nobody keeps them.
        compared_headers = HEADERS[-2:] if "/privateDns" in request["uri"].partition("privateEndpoints")[0] else HEADERS
        expected = {name: response["headers"][name][0] for name in compared_headers if name in response["headers"]}
        assert {name: answer.headers[name] for name in compared_headers if name in answer.headers} == expected
        if "etag" in response["headers"]:
            assert answer.headers["etag"] == answer.json()["etag"]
        assert normal(answer.text, replay.sandbox.url) == normal(response["body"]["string"], AZURE)
        compared += 1
    return compared


def test_the_life_of_a_vault(vaults: Replay):
    """Recorded 2021-04-19: create, read, add a policy, update, check the name, delete, purge."""
    recorded = beside("recordings", "test_cli_mgmt_keyvault.test_keyvault.yaml")["interactions"]
    assert replayed(vaults, recorded) == 11


def test_the_life_of_a_network(networks: Replay):
    """Recorded 2020-05-19: a network and two subnets, made, read, listed, deleted."""
    recorded = beside("recordings", "19.0.0.test_subnets.yaml")["interactions"]
    assert replayed(networks, recorded) == 11


def test_the_life_of_a_private_endpoint():
    """Recorded 2021-05-14: a network and two subnets, a private endpoint, a zone, a zone group, and their end.

    Left out: the load balancer, and the private link service that the endpoint leads to, with its own side of the
    connection. It is in the world instead, and what its owner wrote is put into the state where the recording wrote it.
    """
    recorded = beside("recordings", "19.0.0.test_private_endpoint_and_pls.yaml")["interactions"]
    service = {"type": "Microsoft.Network/privateLinkServices", "name": "myService", "group": "one/rgname"}
    with serve(at("00000000-0000-0000-0000-000000000000", "rgname", resources=[service])) as sandbox:
        replay = Replay(sandbox)
        with replay.session:
            assert replayed(replay, recorded[0:10] + recorded[16:19] + recorded[21:28]) == 20
            with sandbox.edit() as state:
                (endpoint,) = state["privateEndpoints"].values()
                connection = endpoint["properties"]["privateLinkServiceConnections"][0]["properties"]
                decision = {"status": "Approved", "description": "approved it for some reason.", "actionsRequired": ""}
                connection["privateLinkServiceConnectionState"] = decision
            assert replayed(replay, [recorded[29], *recorded[31:33], *recorded[35:37]]) == 5
        assert sandbox.state["privateEndpoints"] == sandbox.state["zoneGroups"] == {}


def test_the_life_of_a_service_endpoint_policy(networks: Replay):
    """Recorded 2021-05-14: a policy and a definition in it, made, read, tagged, deleted."""
    recorded = beside("recordings", "19.0.0.test_service_endpoint_policy.yaml")["interactions"]
    assert replayed(networks, recorded) == 13


def test_a_list_of_vaults_and_its_empty_last_page():
    """Recorded 2022-10-12."""
    first, last = beside("recordings", "c7n_KeyVaultTest.common.json")["interactions"]
    subscription = "ea42f556-5106-4743-99b0-c129bfa71a47"
    (vault,) = copy.deepcopy(first["response"]["body"]["data"]["value"])
    with serve(at(subscription, "test_keyvault")) as sandbox:
        with sandbox.edit() as state:
            state["vaults"][vault["name"]] = vault | {"systemData": {}}
        replay = Replay(sandbox)
        with replay.session:
            for each in (first, last):
                answer = replay.send(each["request"])
                assert json.loads(answer.text.replace(sandbox.url, AZURE)) == each["response"]["body"]["data"]


def graph_request(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The body of a recorded query, which its recorder wrapped in several layers of quotes, and of its answer."""
    (recorded,) = beside("recordings", name)["interactions"]
    request = re.sub(r"\s*\n\s*", " ", recorded["request"]["body"])
    return json.loads(request[request.index("{") : request.rindex("}") + 1]), json.loads(
        recorded["response"]["body"]["string"]
    )


def graph_world(ids: list[str], properties: list[Any]) -> dict[str, Any]:
    """A world with resources of those ids."""
    parts = [each.split("/") for each in ids]
    groups = dict.fromkeys((each[4] for each in parts), "eastus")
    resources = [
        {"group": f"one/{each[4]}", "type": "/".join(each[6:8]), "name": each[8], "properties": held}
        for each, held in zip(parts, properties, strict=True)
    ]
    subscription = {"id": "00000000-0000-0000-0000-000000000000", "name": "one", "resourceGroups": groups}
    return world(subscriptions=[subscription], vaults=[], virtualNetworks=[], resources=resources)


def test_a_query_for_objects():
    """Recorded 2018-08-29."""
    body, expected = graph_request("test_mgmt_resourcegraph.test_resources_basic_query_object_array.yaml")
    held = [each["properties"] for each in expected["data"]]
    with serve(graph_world([each["id"] for each in expected["data"]], held)) as sandbox:
        client = Client(sandbox)
        with client.session:
            path = "/providers/Microsoft.ResourceGraph/resources?api-version=2019-04-01"
            assert client.call("POST", path, body).json() == expected


def test_a_page_of_a_table():
    """Recorded 2018-08-29, from the middle of 743 rows; here of seven. The tokens are the service's own, and the
    recording's one cannot be read here: the page is asked for by its number alone, and the numbers of rows differ."""
    body, expected = graph_request("test_mgmt_resourcegraph.test_resources_query_options.yaml")
    ids = [row[0] for row in expected["data"]["rows"]]
    before = [f"{ids[0]}-{number}".replace("admin-a", "aa") for number in range(2)]
    after = [ids[3].replace("rp-a", "rp-b")]
    options = {"$top": 4, "$skip": 2}
    query = body["query"] + " | order by id asc"
    with serve(graph_world([*before, *ids, *after], [{}] * 7)) as sandbox:
        client = Client(sandbox)
        with client.session:
            path = "/providers/Microsoft.ResourceGraph/resources?api-version=2019-04-01"
            answer = client.call("POST", path, {"query": query, "options": options}).json()
    rows = answer["data"].pop("rows")
    assert len(rows) == 4
    assert answer.keys() == expected.keys()
    assert answer["data"]["columns"] == expected["data"]["columns"]
    assert (answer["count"], answer["resultTruncated"]) == (expected["count"], expected["resultTruncated"])


def test_the_example_of_a_vault_with_rules():
    """Not compared: `systemData`, and `hsmPoolResourceId`, which no recorded vault has. The service adds three more
    properties to what was sent, as in the recordings."""
    parameters, expected = example("createVaultWithNetworkAcls.2026-02-01.json")
    subnet = {"addressPrefix": "10.0.0.0/24", "serviceEndpoints": [{"service": "Microsoft.KeyVault"}]}
    network = {
        "name": "test-vnet",
        "group": "net/rg1",
        "resourceGuid": "guid",
        "addressSpace": [],
        "subnets": {"subnet1": subnet},
    }
    made = at(parameters["subscriptionId"], parameters["resourceGroupName"], virtualNetworks=[network])
    made["subscriptions"].append({"id": "subid", "name": "net", "resourceGroups": {"rg1": "westus"}})
    with serve(made) as sandbox:
        client = Client(sandbox)
        with client.session:
            answer = client.call("PUT", expected["id"] + "?api-version=2026-02-01", parameters["parameters"]).json()
    for hidden in ("enableSoftDelete", "provisioningState", "publicNetworkAccess"):
        answer["properties"].pop(hidden)
    expected["properties"].pop("hsmPoolResourceId")
    assert answer | {"systemData": {}} == expected | {"systemData": {}}


def test_the_example_of_an_update():
    """A PATCH that does not name the rules leaves them. Not compared: when and by whom it was changed."""
    parameters, expected = example("updateVault.2026-02-01.json")
    with serve(at(parameters["subscriptionId"], parameters["resourceGroupName"])) as sandbox:
        with sandbox.edit() as state:
            stored = copy.deepcopy(expected)
            stored["properties"] |= {"publicNetworkAccess": "Disabled", "accessPolicies": []}
            state["vaults"]["sample-vault"] = stored
        client = Client(sandbox)
        with client.session:
            answer = client.call("PATCH", expected["id"] + "?api-version=2026-02-01", parameters["parameters"]).json()
    changed = {key: value for key, value in answer["systemData"].items() if key.startswith("lastModified")}
    assert changed["lastModifiedBy"] == "app"
    assert answer | {"systemData": expected["systemData"] | changed} == expected | {
        "systemData": expected["systemData"] | changed
    }


def test_the_example_of_a_list():
    """Not compared: `nextLink`, which names another path and version in the example than in every recording."""
    parameters, expected = example("listVaultBySubscription.2026-02-01.json")
    with serve(at(parameters["subscriptionId"], "sample-group")) as sandbox:
        with sandbox.edit() as state:
            state["vaults"]["sample-vault"] = copy.deepcopy(expected["value"][0])
        client = Client(sandbox)
        with client.session:
            path = f"/subscriptions/{parameters['subscriptionId']}/providers/Microsoft.KeyVault/vaults?$top=1"
            answer = client.get(path).json()
    assert answer.keys() == expected.keys()
    assert answer["value"] == expected["value"]


def test_the_example_of_a_perimeter():
    parameters, expected = example("getNetworkSecurityPerimeterConfiguration.2026-04-01-preview.json")
    vault = {"name": "sample-vault", "group": f"one/{parameters['resourceGroupName']}"}
    with serve(at(parameters["subscriptionId"], parameters["resourceGroupName"], vaults=[vault])) as sandbox:
        with sandbox.edit() as state:
            stored = {key: value for key, value in expected.items() if key != "id"}
            state["perimeters"]["sample-vault"] = [copy.deepcopy(stored)]
        client = Client(sandbox)
        with client.session:
            assert client.get(expected["id"] + "?api-version=2026-04-01-preview").json() == expected


def test_the_example_of_service_tags():
    """Not compared: `nextLink`; the sandbox has one page. Its worlds always publish AzureDevOps too."""
    parameters, expected = example("ServiceTagsList.2024-05-01.json")
    tags = {
        each["name"]: {
            "systemService": each["properties"]["systemService"],
            "changeNumber": int(each["properties"]["changeNumber"]),
            "regionId": 0,
            "prefixes": each["properties"]["addressPrefixes"],
        }
        for each in expected["values"]
    }
    edition = {"changeNumber": 63, "AzureDevOps": {"changeNumber": 1, "regions": {}}, "others": tags}
    published = {"service": "day", "serviceTags": {"day": edition}}
    with serve(at("subId".lower(), "rg", publishers=published)) as sandbox:
        client = Client(sandbox)
        with client.session:
            path = "/subscriptions/subId/providers/Microsoft.Network/locations/westcentralus/serviceTags"
            answer = client.get(f"{path}?api-version={parameters['api-version']}").json()
    answer["values"] = [each for each in answer["values"] if each["name"] != "AzureDevOps"]
    expected.pop("nextLink")
    assert answer == expected


def test_the_example_of_a_service_endpoint():
    """Not compared: where the endpoint of Microsoft.Storage reaches (the example names a stage), the ETag, the type,
    and what the recordings show of a new subnet beyond the example."""
    parameters, expected = example("SubnetCreateServiceEndpoint.2024-05-01.json")
    network = {
        "name": "vnetname",
        "group": "one/subnet-test",
        "resourceGuid": "guid",
        "addressSpace": [],
        "subnets": {},
    }
    with serve(at("subid", "subnet-test", virtualNetworks=[network])) as sandbox:
        client = Client(sandbox)
        with client.session:
            path = expected["id"] + "?api-version=2024-05-01"
            assert client.call("PUT", path, parameters["subnetParameters"]).status_code == 201
            client.finish()
            answer = client.get(path).json()
    for hidden in ("delegations", "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies"):
        answer["properties"].pop(hidden)
    for each in (answer, expected):
        each["properties"]["serviceEndpoints"][0].pop("locations")
    assert {key: answer[key] for key in expected} == expected


def test_the_example_of_a_private_endpoint():
    """Not compared: what the service makes up (the connection's name, the interface), names of another service in
    `customDnsConfigs`, `applicationSecurityGroups`, which nobody sent, and the words of the approval, which the
    recording has otherwise."""
    parameters, expected = example("PrivateEndpointCreate.2024-05-01.json")
    network = {
        "name": "myVnet",
        "group": "one/rg1",
        "location": "eastus2euap",
        "resourceGuid": "guid",
        "addressSpace": [],
        "subnets": {"mySubnet": {"addressPrefix": "192.168.0.0/24"}},
    }
    service = {"type": "Microsoft.Network/privateLinkServices", "name": "testPls", "group": "one/rg1"}
    with serve(at("subId", "rg1", virtualNetworks=[network], resources=[service])) as sandbox:
        client = Client(sandbox)
        with client.session:
            path = expected["id"] + "?api-version=2024-05-01"
            assert client.call("PUT", path, parameters["parameters"]).status_code == 201
            client.finish()
            answer = client.get(path).json()
    for each in (answer, expected):
        properties = each["properties"]
        assert len(properties.pop("networkInterfaces")) == 1
        for hidden in ("customDnsConfigs", "applicationSecurityGroups", "resourceGuid"):
            properties.pop(hidden, None)
        (connection,) = properties["privateLinkServiceConnections"]
        connection.pop("id")
        connection["properties"]["privateLinkServiceConnectionState"].pop("description")
        kept = connection["properties"]
        kept.pop("provisioningState", None)
        properties["privateLinkServiceConnections"] = [kept]
    assert {key: answer[key] for key in expected} == expected


def test_the_example_of_a_zone_group():
    """Not compared: the ids and names of a service that is no vault; the shape is."""
    parameters, expected = example("PrivateEndpointDnsZoneGroupCreate.2024-05-01.json")
    zone = "/subscriptions/subId/resourceGroups/rg1/providers/Microsoft.Network/privateDnsZones/"
    network = {
        "name": "net",
        "group": "one/rg1",
        "resourceGuid": "guid",
        "addressSpace": [],
        "subnets": {"endpoints": {"addressPrefix": "10.0.0.0/24"}},
    }
    endpoint = {
        "name": parameters["privateEndpointName"],
        "group": "one/rg1",
        "subnet": "net/endpoints",
        "vault": "abc",
    }
    made = at(
        "subId",
        "rg1",
        virtualNetworks=[network],
        vaults=[{"name": "abc", "group": "one/rg1"}],
        privateDnsZones=[{"name": "privatelink.vaultcore.azure.net", "group": "one/rg1"}],
        privateEndpoints=[endpoint],
    )
    sent = parameters["parameters"]
    sent["properties"]["privateDnsZoneConfigs"][0] |= {"name": "one"}
    sent["properties"]["privateDnsZoneConfigs"][0]["properties"] = {
        "privateDnsZoneId": f"{zone}privatelink.vaultcore.azure.net"
    }
    with serve(made) as sandbox:
        client = Client(sandbox)
        with client.session:
            group = "/subscriptions/subId/resourceGroups/rg1/providers/Microsoft.Network/privateEndpoints/testPe"
            path = f"{group}/privateDnsZoneGroups/{parameters['privateDnsZoneGroupName']}?api-version=2024-05-01"
            assert client.call("PUT", path, sent).status_code == 201
            client.finish()
            answer = client.get(path).json()
    assert answer["properties"].keys() == expected["properties"].keys()
    (ours,), (theirs,) = (each["properties"]["privateDnsZoneConfigs"] for each in (answer, expected))
    assert ours["properties"].keys() - {"provisioningState"} == theirs["properties"].keys()
    (record,) = ours["properties"]["recordSets"]
    assert record.keys() >= theirs["properties"]["recordSets"][0].keys()
    assert (record["recordSetName"], record["ipAddresses"]) == ("abc", ["10.0.0.4"])
