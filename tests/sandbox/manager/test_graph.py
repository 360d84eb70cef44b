"""Resource Graph, and the little of its query language that the sandbox reads."""

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.sandbox.manager import kql
from netcfg.sandbox.server import serve
from tests.sandbox.small import AGENTS, GRAPH, VAULT, Client, rules, world

VAULTS = "resources | where type =~ 'Microsoft.KeyVault/vaults'"


def ask(client: Client, query: str, **options) -> dict:
    body = {"query": query, "options": options, **({"subscriptions": options.pop("only")} if "only" in options else {})}
    return client.call("POST", f"{GRAPH}?api-version=2021-03-01", body).json()


def test_a_vault_is_found_by_name_with_its_rules(client: Client):
    found = ask(
        client, f"{VAULTS} | where name in~ ('KV-CLOSED', 'kv-none') | project id, name, acls=properties.networkAcls"
    )
    assert found == {
        "totalRecords": 1,
        "count": 1,
        "data": [
            {
                "id": VAULT + "kv-closed",
                "name": "kv-closed",
                "acls": {
                    "bypass": "AzureServices",
                    "defaultAction": "Deny",
                    "ipRules": [{"value": "191.10.20.7/32"}],
                    "virtualNetworkRules": [],
                },
            }
        ],
        "facets": [],
        "resultTruncated": "false",
    }


def test_rows_have_types_and_groups_in_lower_case(client: Client):
    (row,) = ask(client, f"{VAULTS} and name == 'kv-open'")["data"]
    assert row["type"] == "microsoft.keyvault/vaults"
    assert row["resourceGroup"] == "rg"
    assert row["properties"]["publicNetworkAccess"] == "Enabled"


def test_pages_follow_the_skip_token(client: Client):
    query = f"{VAULTS} | project id, name | order by id asc"
    first = ask(client, query, **{"$top": 2})
    assert (first["totalRecords"], first["count"], first["resultTruncated"]) == (3, 2, "false")
    second = ask(client, query, **{"$top": 2, "$skipToken": first["$skipToken"]})
    assert [each["name"] for each in first["data"] + second["data"]] == ["kv-agents", "kv-closed", "kv-open"]
    assert "$skipToken" not in second


def test_a_number_of_rows_to_skip_counts_before_what_the_token_remembers(client: Client):
    query = f"{VAULTS} | project id, name | order by id asc"
    first = ask(client, query, **{"$top": 2})
    second = ask(client, query, **{"$top": 2, "$skipToken": first["$skipToken"], "$skip": 1})
    assert [each["name"] for each in second["data"]] == ["kv-closed", "kv-open"]
    again = ask(client, query, **{"$top": 2, "$skipToken": first["$skipToken"], "$skip": 0})
    assert again["data"] == first["data"]


def test_without_an_id_there_is_no_skip_token(client: Client):
    cut = ask(client, f"{VAULTS} | project name", **{"$top": 2})
    assert cut["resultTruncated"] == "true"
    assert "$skipToken" not in cut


def test_a_table_is_columns_and_rows(client: Client):
    table = ask(
        client,
        f"{VAULTS} | project name, n=array_length(properties.networkAcls.ipRules) | order by name asc",
        resultFormat="table",
    )
    assert table["data"] == {
        "columns": [{"name": "name", "type": "string"}, {"name": "n", "type": "integer"}],
        "rows": [["kv-agents", 0], ["kv-closed", 1], ["kv-open", None]],
    }


@pytest.mark.parametrize("query", ["resources | where", "resources | guess", "where name = ", "project )", "#", ""])
def test_what_it_cannot_read_is_a_parser_failure(client: Client, query):
    error = ask(client, query)["error"]
    assert error["code"] == "BadRequest"
    assert [each["code"] for each in error["details"]] == ["InvalidQuery", "ParserFailure"]


def test_subscriptions_that_cannot_be_read_drop_out(owner: Client):
    everywhere = ask(owner, f"{VAULTS} | project id, subscriptionId")["data"]
    assert {each["subscriptionId"][-1] for each in everywhere} == {"1", "2"}
    one = ask(owner, f"{VAULTS} | project id, name", only=["00000000-0000-4000-8000-000000000002"])
    assert [each["name"] for each in one["data"]] == ["kv-elsewhere"]
    none = ask(owner, VAULTS, only=["00000000-0000-4000-8000-000000000003"])
    assert none["error"]["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"


def test_unreadable_vaults_are_not_in_the_answer(owner: Client):
    assert ask(owner, f"{VAULTS} | where name == 'kv-secret'")["data"] == []


@pytest.mark.parametrize("options", [{"$top": 1001}, {"$top": -1}, {"$skipToken": "nonsense"}])
def test_bad_pages_are_refused(client: Client, options):
    assert ask(client, VAULTS, **options)["error"]["code"] == "BadRequest"


def test_the_index_lags_where_the_world_says_so():
    with serve(world(settings={"graphLagSeconds": 60})) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", rules("191.10.21.0/24"))
            client.patch("kv-open", rules("191.10.22.0/24"))
            query = f"{VAULTS} and name == 'kv-open' | project id, acls=properties.networkAcls"
            assert ask(client, query)["data"][0]["acls"] is None
            assert client.acl("kv-open")["ipRules"] == [{"value": "191.10.22.0/24"}]
            with sandbox.edit() as state:
                state["stale"][f"{VAULT}kv-open".lower()]["until"] = 0
            assert ask(client, query)["data"][0]["acls"]["ipRules"] == [{"value": "191.10.22.0/24"}]


def test_the_index_lags_by_a_number_of_writes():
    query = "resources | where name == 'kv-open' | project id, tags"
    with serve(world(settings={"graphLagWrites": 2})) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", {"tags": {"a": "1"}})
            assert ask(client, query)["data"][0]["tags"] == {}
            client.patch("kv-closed", {"tags": {"b": "2"}})
            assert ask(client, query)["data"][0]["tags"] == {}
            client.patch("kv-closed", {"tags": {"b": "3"}})
            assert ask(client, query)["data"][0]["tags"] == {"a": "1"}


def test_who_admits_a_subnet(client: Client):
    each_rule = f"{VAULTS} | mv-expand rule=properties.networkAcls.virtualNetworkRules"
    assert ask(client, f"{each_rule} | where rule.id =~ '{AGENTS}' | project name")["data"] == [{"name": "kv-agents"}]


ROWS = [
    {"name": name, "n": number, "tags": {"team": team}, "list": [0] * length if length else None}
    for number, (name, team, length) in enumerate([("b", "x", 9), ("A", "y", 10), ("c", None, 0)])
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("where name == 'a'", []),
        ("where name =~ 'a'", ["A"]),
        ("where name != 'b' and n < 2", ["A"]),
        ("where name == 'b' or name == 'c'", ["b", "c"]),
        ("where not(name == 'b') and (n == 1 or n == 2)", ["A", "c"]),
        ("where name !in~ ('a', 'B')", ["c"]),
        ("where name !in ('a', 'b')", ["A", "c"]),
        ("where isempty(tags.team)", ["c"]),
        ("where tags['team'] =~ 'X'", ["b"]),
        ("where name contains 'C' or name startswith 'B'", ["b", "c"]),
        ('where tolower(name) == "a"', ["A"]),
        ("order by name asc", ["A", "b", "c"]),
        ("order by name", ["c", "b", "A"]),
        ("extend m=array_length(list) | order by m asc", ["c", "b", "A"]),
        ("sort by tags.team desc, name asc | limit 2", ["A", "b"]),
        ("extend m=n | where m >= 1 | take 1", ["A"]),
        ("RESOURCES | WHERE n > 1", ["c"]),
        ("resources", ["b", "A", "c"]),
    ],
)
def test_queries(query, names):
    assert [row["name"] for row in kql.run(query, ROWS)] == names


def test_columns_name_themselves():
    (row,) = kql.run("where n == 0 | project tags.team, tostring(n), name", ROWS)
    assert row == {"tags_team": "x", "Column2": "0", "name": "b"}


def test_counting():
    assert kql.run("where n > 0 | count", ROWS) == [{"Count": 2}]


WORDS = [
    "where",
    "project",
    "order by",
    "limit",
    "in~",
    "and",
    "not",
    "name",
    "=~",
    "==",
    ">",
    "'a'",
    "(",
    ")",
    "[",
    ".",
    ",",
    "|",
    "1",
]


@given(st.lists(st.sampled_from(WORDS)).map(" ".join) | st.text(max_size=20))
def test_any_text_is_read_or_refused_by_name(query):
    with contextlib.suppress(kql.ParserFailure):
        assert isinstance(kql.run(query, ROWS), list)


# --- what people ask about agents, in the world that ships ----------------------------------------------------------


@pytest.fixture(scope="module")
def agents() -> Iterator[Client]:
    with serve("agents") as sandbox:
        client = Client(sandbox)
        with client.session:
            yield client


NETWORK_GROUP = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-network/providers/Microsoft.Network"
)
BUILD_GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-build/providers"


def columns(client: Client, query: str) -> list[tuple]:
    return [tuple(row.values()) for row in ask(client, query, **{"$top": 1000})["data"]]


def test_resources_are_found_by_their_ids(agents: Client):
    wanted = f"{NETWORK_GROUP}/natGateways/NAT-AGENTS', '{NETWORK_GROUP}/publicIPPrefixes/prefix-agents"
    query = f"resources | where id in~ ('{wanted}') | project name, type, properties | order by name asc"
    found = [(name, kind, set(properties)) for name, kind, properties in columns(agents, query)]
    assert found == [
        ("nat-agents", "microsoft.network/natgateways", {"provisioningState", "publicIpAddresses", "subnets"}),
        (
            "prefix-agents",
            "microsoft.network/publicipprefixes",
            {"provisioningState", "prefixLength", "publicIPAddressVersion", "ipPrefix"},
        ),
    ]


def test_subnets_are_inside_their_network_and_no_rows_of_their_own(agents: Client):
    query = (
        "resources | where type =~ 'microsoft.network/virtualnetworks' | mv-expand subnet = properties.subnets"
        " | where isnotempty(subnet.properties.routeTable)"
        " | project name = tostring(subnet.name), table = tostring(subnet.properties.routeTable.id) | order by name asc"
    )
    found = [(name, table.rpartition("/")[2]) for name, table in columns(agents, query)]
    assert found == [
        ("agents", "rt-agents"),
        ("direct", "rt-agents"),
        ("filtered", "rt-firewall"),
        ("halved", "rt-halves"),
        ("prefixed", "rt-agents"),
    ]
    assert columns(agents, "resources | where type contains 'subnets' | project id") == []


def test_an_appliance_is_found_in_a_route_table(agents: Client):
    query = (
        "resources | where type in~ ('Microsoft.Network/routeTables', 'Microsoft.Network/routeFilters')"
        " | mv-expand route = properties.routes"
        " | where tostring(route.properties.nextHopType) =~ 'virtualappliance'"
        " | project name, prefix = tostring(route.properties.addressPrefix),"
        " hop = tostring(route.properties.nextHopIpAddress) | order by prefix asc"
    )
    assert columns(agents, query) == [
        ("rt-firewall", "0.0.0.0/0", "10.60.0.4"),
        ("rt-halves", "0.0.0.0/1", "10.60.0.4"),
        ("rt-halves", "128.0.0.0/1", "10.60.0.4"),
    ]


def test_machines_of_a_flexible_scale_set_are_found_by_their_interfaces(agents: Client):
    scale_set = f"{BUILD_GROUP}/Microsoft.Compute/virtualMachineScaleSets/vmss-flexible"
    machines = (
        "resources | where type =~ 'microsoft.compute/virtualmachines'"
        f" | where tostring(properties.virtualMachineScaleSet.id) =~ '{scale_set}'"
        " | mv-expand nic = properties.networkProfile.networkInterfaces"
        " | project nic = tostring(nic.id) | order by nic asc"
    )
    interfaces = [nic for (nic,) in columns(agents, machines)]
    listed = "', '".join(interfaces)
    query = (
        f"resources | where id in~ ('{listed}') | mv-expand ip = properties.ipConfigurations"
        " | project subnet = tostring(ip.properties.subnet.id)"
    )
    subnet = f"{NETWORK_GROUP}/virtualNetworks/vnet-agents/subnets/flexible"
    assert columns(agents, query) == [(subnet,), (subnet,)]
    profile = f"resources | where id =~ '{scale_set}' | project isnull(properties.virtualMachineProfile)"
    assert columns(agents, profile) == [(True,)]


def test_managed_pools_have_their_network_in_two_places_or_nowhere(agents: Client):
    query = (
        "resources | where type =~ 'microsoft.devopsinfrastructure/pools' | project name,"
        " newer = tostring(properties.fabricProfile.networkProfile.subnetId),"
        " older = tostring(properties.networkProfile.subnetId),"
        " addresses = array_length(properties.fabricProfile.networkProfile.ipAddresses) | order by name asc"
    )
    found = [(name, bool(newer), bool(older), count) for name, newer, older, count in columns(agents, query)]
    assert found == [
        ("managed-changing", False, False, None),
        ("managed-fabrikam", False, False, 1),
        ("managed-older", False, True, None),
        ("managed-own-network", True, False, None),
        ("managed-static", False, False, 2),
    ]


@pytest.mark.parametrize(
    "resource",
    [
        "Microsoft.Network/natGateways/nat-prefix",
        "Microsoft.Network/publicIPAddresses/pip-balanced",
        "Microsoft.Network/publicIPPrefixes/prefix-agents",
        "Microsoft.Network/routeTables/rt-firewall",
        "Microsoft.Network/loadBalancers/lb-agents",
        "Microsoft.Network/networkSecurityGroups/nsg-agents",
    ],
)
def test_every_other_resource_can_be_read_by_its_id(agents: Client, resource):
    path = NETWORK_GROUP.replace("Microsoft.Network", resource)
    assert agents.get(path).json()["id"] == path
