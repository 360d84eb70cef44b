"""The fleets: worlds of many vaults, written with counts, and what can be seen of them."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
import requests

from netcfg.sandbox.manager import login
from netcfg.sandbox.server import serve
from netcfg.sandbox.worlds import world as worlds
from netcfg.sandbox.worlds import written
from tests.sandbox.small import GRAPH, Client, place

QUERY = (
    "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name, location, resourceGroup, subscriptionId,"
    " tags, acls = properties.networkAcls, pna = tostring(properties.publicNetworkAccess),"
    " pec = properties.privateEndpointConnections | order by id asc"
)
FINANCE, RESEARCH, PARTNER = (f"/subscriptions/00000000-0000-4000-8000-00000000209{each}" for each in (2, 3, 4))


@pytest.fixture(scope="module")
def small() -> Iterator[Client]:
    with serve("fleet-small") as sandbox:
        with sandbox.edit() as state:
            state["settings"]["throttling"] = False
        client = Client(sandbox)
        with client.session:
            yield client


def ask(client: Client, **options: object) -> requests.Response:
    return client.call("POST", f"{GRAPH}?api-version=2021-03-01", {"query": QUERY, "options": options})


def test_counted_items_are_numbered_and_take_turns():
    vaults = [
        {
            "count": 3,
            "first": 9,
            "name": "kv-{number:03}",
            "id": "{number}",
            "about": "No. {number}",
            "list": ["{number:02}"],
        },
        {"count": 2, "name": "n{number}", "cycle": {"group": ["a/{number}"], "tags": [{"x": "1"}, {"x": "2"}]}},
        {"name": "plain", "ipRules": [{"count": 5, "from": "191.10.64.0"}]},
    ]
    assert written.expanded({"vaults": vaults}) == {
        "vaults": [
            {"name": "kv-009", "id": 9, "about": "No. 9", "list": ["09"]},
            {"name": "kv-010", "id": 10, "about": "No. 10", "list": ["10"]},
            {"name": "kv-011", "id": 11, "about": "No. 11", "list": ["11"]},
            {"name": "n1", "group": "a/1", "tags": {"x": "1"}},
            {"name": "n2", "group": "a/2", "tags": {"x": "2"}},
            {"name": "plain", "ipRules": [{"count": 5, "from": "191.10.64.0"}]},
        ]
    }


def test_a_scope_may_be_short_and_never_of_nothing():
    group = "/subscriptions/00000000-0000-4000-8000-000000002091/resourceGroups/rg-app"
    locks = [
        {"scope": each, "level": "ReadOnly"} for each in ("hub", "hub/rg-app", "hub/rg-app:Microsoft.KeyVault/vaults/x")
    ]
    scopes = [each["scope"] for each in worlds.begin({"extends": "fleet-small", "locks": locks})["locks"]]
    assert scopes == [group.partition("/resourceGroups")[0], group, f"{group}/providers/Microsoft.KeyVault/vaults/x"]
    with pytest.raises(ValueError, match="the scope 'hub/rg-none' is of nothing in this world"):
        worlds.begin({"extends": "fleet-small", "locks": [{"scope": "hub/rg-none", "level": "ReadOnly"}]})


def test_one_of_many_vaults_can_be_extended_by_its_name():
    state = worlds.begin(
        {"extends": "fleet-small", "add": {"vaults": [{"name": "kv-app-0002", "tags": {"env": "mine"}}]}}
    )
    assert state["vaults"]["kv-app-0002"]["tags"] == {"team": "shop", "env": "mine"}
    assert len(state["vaults"]) == 60


@pytest.mark.parametrize(("name", "vaults", "subscriptions"), [("fleet", 2000, 40), ("fleet-small", 60, 6)])
def test_a_fleet_has_vaults_of_every_kind(name, vaults, subscriptions):
    state = worlds.begin(name)
    assert (len(state["vaults"]), len(state["subscriptions"]), len(state["deletedVaults"])) == (
        vaults,
        subscriptions,
        2,
    )
    kinds = Counter(each.rpartition("-")[0] for each in state["vaults"])
    expected = {
        "fleet-small": {
            "kv-app": 20,
            "kv-data": 8,
            "kv-right": 5,
            "kv-open": 3,
            "kv-net": 6,
            "kv-locked": 2,
            "kv-policy": 2,
        },
        "fleet": {
            "kv-app": 800,
            "kv-data": 338,
            "kv-right": 150,
            "kv-open": 80,
            "kv-net": 90,
            "kv-locked": 20,
            "kv-big": 120,
        },
    }[name]
    assert expected.items() <= kinds.items()
    held = [each["id"].split("/")[2] for each in state["vaults"].values()]
    assert set(held) == set(state["subscriptions"])


def test_the_rules_of_a_fleet_are_those_that_were_once_right_and_that_are():
    vaults = worlds.begin("fleet")["vaults"]
    older, right = (
        {each["value"] for each in vaults[name]["properties"]["networkAcls"]["ipRules"]}
        for name in ("kv-app-0800", "kv-right-150")
    )
    assert older == {"20.166.41.0/24", "40.74.28.0/23"}
    contoso = worlds.begin("contoso")["vaults"]["kv-ready"]["properties"]["networkAcls"]["ipRules"]
    assert right == {each["value"] for each in contoso}


def test_resource_graph_shows_a_thousand_vaults_of_the_fleet_on_a_page():
    with serve("fleet") as sandbox:
        client = Client(sandbox)
        with client.session:
            first = ask(client, **{"$top": 1000}).json()
            second = ask(client, **{"$top": 1000, "$skipToken": first["$skipToken"]}).json()
            rows = first["data"] + second["data"]
            assert (first["totalRecords"], first["count"]) == (1890, 1000)
            assert len({each["id"] for each in rows}) == len(rows) == 1890
            assert "$skipToken" not in second
            assert set(rows[0]) == {
                "id",
                "name",
                "location",
                "resourceGroup",
                "subscriptionId",
                "tags",
                "acls",
                "pna",
                "pec",
            }
            hidden = {each["name"].rstrip("0123456789") for each in rows}
            assert hidden.isdisjoint({"kv-finance-", "kv-research-", "kv-partner-"})
            begun = time.process_time()
            for _ in range(5):
                ask(client, **{"$top": 1000})
            assert time.process_time() - begun < 2  # the index is not built anew for every page


def test_a_skip_token_goes_on_with_its_own_query_only(small: Client):
    token = ask(small, **{"$top": 10}).json()["$skipToken"]
    other = {"query": "resources | project id", "options": {"$skipToken": token}}
    refused = small.call("POST", f"{GRAPH}?api-version=2021-03-01", other).json()["error"]
    assert [each["code"] for each in refused["details"]] == ["InvalidSkipToken"]
    fewer = {"query": QUERY, "subscriptions": [RESEARCH.rpartition("/")[2]], "options": {"$skipToken": token}}
    assert small.call("POST", f"{GRAPH}?api-version=2021-03-01", fewer).status_code == 400
    assert ask(small, **{"$top": 60, "$skipToken": token}).json()["count"] == 46


def test_a_write_is_in_the_next_page(small: Client):
    vault = place("01", "rg-app", "kv-app-0003")
    with small.sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 0
    ask(small, **{"$top": 60})
    small.call("PATCH", vault, {"tags": {"just": "now"}})
    assert next(each for each in ask(small, **{"$top": 60}).json()["data"] if each["id"] == vault)["tags"] == {
        "just": "now"
    }


def test_a_subscription_without_a_role_is_not_there_and_one_with_a_single_group_shows_that(small: Client):
    shown = [each["displayName"] for each in small.get("/subscriptions").json()["value"]]
    assert shown == ["team-01", "team-02", "hub", "research"]
    assert [each["name"] for each in small.get(f"{RESEARCH}/resourceGroups").json()["value"]] == ["rg-open"]
    listed = small.get(f"{RESEARCH}/providers/Microsoft.KeyVault/vaults").json()["value"]
    assert [each["name"] for each in listed] == ["kv-research-open-01"]
    closed = f"{RESEARCH}/resourceGroups/rg-closed/providers/Microsoft.KeyVault/vaults"
    for path in (closed, f"{closed}/kv-research-01", f"{FINANCE}/providers/Microsoft.KeyVault/vaults", FINANCE):
        assert small.error(small.get(path))[:2] == (403, "AuthorizationFailed")
    assert small.error(small.get(PARTNER))[:2] == (401, "InvalidAuthenticationTokenTenant")


def test_the_data_plane_of_a_vault_names_its_tenant_to_who_brings_no_token(small: Client):
    for vault, tenant in (("kv-partner-01", "20"), ("kv-finance-01", "10")):
        asked = requests.get(f"{small.sandbox.url}/vault.azure.net/{vault}/secrets?api-version=7.5", timeout=10)
        assert asked.status_code == 401
        authority = f"https://login.microsoftonline.com/00000000-0000-4000-8000-0000000000{tenant}"
        assert f'authorization="{authority}"' in asked.headers["www-authenticate"]


def test_a_deleted_vault_is_listed_by_its_subscription_and_holds_its_name(small: Client):
    team = "/subscriptions/00000000-0000-4000-8000-0000000020{}/providers/Microsoft.KeyVault"
    listed = small.get(f"{team.format('01')}/deletedVaults").json()["value"]
    assert [
        (each["name"], each["properties"]["deletionDate"], each["properties"]["scheduledPurgeDate"]) for each in listed
    ] == [
        ("kv-deleted-01", "2026-06-21T10:00:00Z", "2026-09-19T10:00:00Z"),
        ("kv-deleted-02", "2026-06-22T10:00:00Z", "2026-09-20T10:00:00Z"),
    ]
    assert small.get(f"{team.format('02')}/deletedVaults").json() == {"value": []}
    assert small.get(f"{team.format('02')}/locations/westeurope/deletedVaults/kv-deleted-01").status_code == 404
    taken = [
        small.call("POST", f"{team.format('02')}/checkNameAvailability", {"name": name}).json().get("reason")
        for name in ("kv-deleted-01", "kv-partner-01", "kv-nowhere")
    ]
    assert taken == ["AlreadyExists", "AlreadyExists", None]


def test_perimeters_are_listed_by_subscription_with_what_they_hold(small: Client):
    hub = "/subscriptions/00000000-0000-4000-8000-000000002091/{}providers/Microsoft.Network/networkSecurityPerimeters"
    (perimeter,) = small.get(hub.format("")).json()["value"]
    assert perimeter["name"] == "nsp-hub"
    assert small.get(hub.format("resourceGroups/rg-app/")).json() == {"value": []}
    assert small.get(hub.format("").replace("2091", "2001")).json() == {"value": []}
    held = small.get(f"{perimeter['id']}/resourceAssociations").json()["value"]
    modes = {
        each["properties"]["privateLinkResource"]["id"].rpartition("/")[2]: each["properties"]["accessMode"]
        for each in held
    }
    assert modes == {"kv-perimeter-1": "Learning", "kv-perimeter-2": "Enforced", "kv-perimeter-3": "Learning"}


def test_what_is_locked_guarded_or_read_only_says_so(small: Client):
    hub = "/subscriptions/00000000-0000-4000-8000-000000002091/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{}"
    refused = {
        name: small.error(small.call("PATCH", hub.format(f"rg-{kind}", name), {}))[:2]
        for kind, name in (("locked", "kv-locked-02"), ("policy", "kv-policy-02"), ("readonly", "kv-readonly-01"))
    }
    assert refused == {
        "kv-locked-02": (409, "ScopeLocked"),
        "kv-policy-02": (403, "RequestDisallowedByPolicy"),
        "kv-readonly-01": (403, "AuthorizationFailed"),
    }


def test_a_subscription_of_the_fleet_is_listed_in_pages(small: Client):
    team = "/subscriptions/00000000-0000-4000-8000-000000002001/providers/Microsoft.KeyVault/vaults"
    found, link = [], f"{small.sandbox.url}{team}?api-version=2026-02-01&$top=8"
    sizes = []
    while link:
        page = small.get(link).json()
        sizes.append(len(page["value"]))
        found += [each["name"] for each in page["value"]]
        link = page.get("nextLink", "")
    assert (len(found), len(set(found)), sizes[-1]) == (22, 22, 0)


def test_a_colleague_sees_all_of_it():
    with serve("fleet-small") as sandbox:
        client = Client(sandbox, login.token(sandbox.state, sandbox.state["principals"]["colleague"]))
        with client.session:
            assert ask(client, **{"$top": 100}).json()["totalRecords"] == 59  # but for the partner's, of another tenant
