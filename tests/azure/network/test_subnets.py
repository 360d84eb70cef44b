import inspect
import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Timer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.azure.connection import connect
from netcfg.azure.network import networks, subnets
from netcfg.azure.network.subnets import AzureSubnets, has_endpoint, with_endpoint
from netcfg.core.errors import (
    AzureAnswer,
    NetcfgError,
    NetworkBusy,
    NotInAzure,
    PermissionMissing,
    SubnetDeleting,
    TimeOver,
    WriteNotBegun,
)
from netcfg.core.resources import parse_subnet
from netcfg.sandbox.server import serve
from netcfg.web.deadline import Deadline
from tests.azure.firewall.test_patch import values
from tests.azure.scripted import Answer, refusal, scripted

ID = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/Vnet-A/subnets/Agents"
SUBNET = parse_subnet(ID)
NETWORK = SUBNET.network_id
KEY_VAULT = {"service": "Microsoft.KeyVault"}
names = st.text(min_size=1, max_size=8).map("future{}".format)
services = st.sampled_from(["Microsoft.Storage", "Microsoft.Sql", "Microsoft.KeyVaults", "microsoft.web"])
endpoints = st.lists(
    st.builds(lambda service, more: {"service": service, **more}, services, st.dictionaries(names, values))
)
# Everything that a subnet has in 2026-03-01 but its endpoints and its state, what is read-only among it.
PROPERTIES = (
    "addressPrefix", "addressPrefixes", "networkSecurityGroup", "routeTable", "natGateway", "serviceEndpointPolicies",
    "ipAllocations", "delegations", "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies",
    "applicationGatewayIPConfigurations", "sharingScope", "defaultOutboundAccess", "ipamPoolPrefixAllocations",
    "serviceGateway", "privateEndpoints", "ipConfigurations", "ipConfigurationProfiles", "resourceNavigationLinks",
    "serviceAssociationLinks", "purpose",
)  # fmt: skip
properties_of = st.dictionaries(st.sampled_from(PROPERTIES) | names, values)
bodies = st.builds(
    lambda one, known, other, more: {**more, "id": ID, "etag": "e", "properties": {**one, **known, **other}},
    properties_of,
    st.dictionaries(st.just("serviceEndpoints"), endpoints | st.none()),
    properties_of,
    st.dictionaries(names, values),
)


def body(*endpoints, state="Succeeded", etag='W/"1"', **more):
    listed = {"serviceEndpoints": list(endpoints)} if endpoints else {}
    properties = {"provisioningState": state, "addressPrefix": "10.0.0.0/24", **listed, **more}
    return {"id": ID, "name": "Agents", "etag": etag, "type": "x", "properties": properties}


def network(*found):
    return Answer({"id": NETWORK, "name": "Vnet-A", "etag": "e", "properties": {"subnets": list(found)}})


@given(bodies)
def test_the_endpoint_comes_last_and_nothing_else_differs(found):
    sent = with_endpoint(found, "it")
    before = found["properties"].get("serviceEndpoints") or []
    assert sent["properties"]["serviceEndpoints"] == [*before, KEY_VAULT]
    assert {**sent, "properties": {**sent["properties"], "serviceEndpoints": 0}} == {
        **found,
        "properties": {**found["properties"], "serviceEndpoints": 0},
    }


@given(bodies)
def test_enabling_twice_is_enabling_once(found):
    once = with_endpoint(found, "it")
    assert has_endpoint(once, "it")
    assert with_endpoint(once, "it") == once


def test_the_read_is_of_the_version_that_the_sdk_writes():
    """Else a property that only one of the two knows is lost on the way."""
    from azure.mgmt.network.operations import SubnetsOperations

    assert f'"{networks.VERSION}"' in inspect.getsource(SubnetsOperations.begin_create_or_update)


@pytest.mark.parametrize(
    ("found", "there"),
    [
        (body(), False),
        (body({"service": "Microsoft.Storage"}), False),
        (body({"service": "microsoft.keyvault"}), True),
        (body({"service": "Microsoft.KeyVault", "provisioningState": "Succeeded"}, state=None), True),
        (body({"service": "Microsoft.KeyVault", "provisioningState": None}, state="SUCCEEDED"), True),
        (body({"service": "Microsoft.KeyVault"}, state="Failed"), False),
        (body({"service": "Microsoft.KeyVault"}, state="Updating"), False),
        (body({"service": "Microsoft.KeyVault"}, state="Canceled"), False),
        (body({"service": "Microsoft.KeyVault"}, state="Resting"), False),
        (body({"service": "Microsoft.KeyVault"}, state=""), False),
        (body({"service": "Microsoft.KeyVault"}, state=7), False),
        (body({"service": "Microsoft.KeyVault", "provisioningState": "Failed"}), False),
        (body({"service": "Microsoft.KeyVault", "provisioningState": "Updating"}), False),
        (body({"service": "Microsoft.KeyVault", "provisioningState": "Resting"}), False),
        (body({"service": "Microsoft.Storage", "provisioningState": "Failed"}, KEY_VAULT), True),
        (body(KEY_VAULT, {"service": "microsoft.keyvault", "provisioningState": "Failed"}), False),
    ],
)
def test_an_endpoint_is_there_when_azure_is_done_with_it(found, there):
    with scripted(network(found)) as script, connect("t", resource_manager=script.url) as azure:
        assert azure.subnets.read([SUBNET])[0].has_endpoint is there
        assert [each.path for each in script.asked] == [f"{NETWORK}?api-version=2026-03-01"]


def test_the_subnets_of_a_network_are_read_in_one_request(sandbox, azure, subnet_id):
    ids = [subnet_id("vnet-agents", name) for name in ("agents", "scale-set", "builds")]
    assert [(each.id.name, each.has_endpoint) for each in azure.subnets.read(ids)] == [
        ("agents", False),
        ("scale-set", True),
        ("builds", False),
    ]
    assert [(method, path.rpartition("/")[2]) for method, path, _ in sandbox.requests] == [("GET", "vnet-agents")]


DENIED = refusal(403, "AuthorizationFailed", "does not have authorization to perform action 'virtualNetworks/read'")


def test_where_the_network_may_not_be_read_its_subnets_are_asked_for_one_by_one():
    with (
        scripted(DENIED, Answer(body(KEY_VAULT))) as script,
        connect("t", resource_manager=script.url) as azure,
    ):
        assert azure.subnets.read([SUBNET, parse_subnet(f"{NETWORK}/subnets/b")])[0].has_endpoint
        assert sorted(each.path for each in script.asked[1:]) == [
            f"{NETWORK}/subnets/agents?api-version=2026-03-01",
            f"{NETWORK}/subnets/b?api-version=2026-03-01",
        ]


@pytest.mark.parametrize("answers", [[network()], [DENIED, refusal(404, "NotFound", "Resource not found.")]])
def test_a_subnet_that_is_not_there_is_an_error(answers):
    with (
        scripted(*answers) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(NotInAzure) as raised,
    ):
        azure.subnets.read([SUBNET])
    assert str(raised.value) == (
        f"Azure knows no subnet {SUBNET}; check the id; it may have been deleted, moved or renamed"
    )


def test_a_network_that_is_not_there_is_an_error():
    gone = refusal(404, "ResourceNotFound", "The Resource was not found.")
    with (
        scripted(gone) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(NotInAzure, match="Azure knows no virtual network /subscriptions/s/"),
    ):
        azure.subnets.read([SUBNET])


@pytest.mark.parametrize("found", [None, 7, {"properties": 7}, {"properties": {"subnets": 7}}])
def test_what_is_no_network_is_no_network_without_subnets(found):
    with (
        scripted(Answer(found)) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(AzureAnswer),
    ):
        azure.subnets.read([SUBNET])


def test_what_is_sent_is_what_was_read_and_the_endpoint_byte_for_byte():
    """Through the SDK, which might have dropped what it does not know, what is read-only, and what is null."""
    with scripted(Answer(None)) as script, connect("t", resource_manager=script.url) as azure:

        @given(bodies)
        def law(found):
            script.asked.clear()
            script.answers[:] = [Answer(found), Answer(body(KEY_VAULT))]
            azure.subnets.enable_endpoint(SUBNET)
            asked, sent = script.asked
            assert (asked.method, sent.method) == ("GET", "PUT")
            before = found["properties"].pop("serviceEndpoints", None) or []
            after = sent.body["properties"].pop("serviceEndpoints")
            assert json.dumps(after) == json.dumps([*before, KEY_VAULT])
            assert json.dumps(sent.body) == json.dumps(found)

        law()


GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-busy/providers/Microsoft.Network"
BUSY = f"{GROUP}/virtualNetworks/vnet-busy/subnets/s00"
known_services = st.sampled_from(["Microsoft.Storage", "Microsoft.Sql", "Microsoft.Storage.Global", "microsoft.WEB"])
policies = st.sampled_from(["Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"])


def a(kind, *names):
    return st.sampled_from([{"id": f"{GROUP}/{kind}/{name}"} for name in names])


def delegation(service, actions):
    properties = {"provisioningState": "Succeeded", "serviceName": service, "actions": actions}
    id = f"{BUSY}/delegations/it"
    return [{"name": "it", "id": id, "properties": properties, "type": f"{TYPE}/delegations"}]


TYPE = "Microsoft.Network/virtualNetworks/subnets"
inner = values.filter(lambda value: value is not None)  # the sandbox shows no property as null
furnished = st.fixed_dictionaries(
    {
        "provisioningState": st.just("Succeeded"),
        "addressPrefix": st.just("10.80.0.0/24"),
        "delegations": st.just([]) | st.builds(delegation, services, st.lists(st.text(max_size=5))),
        "privateEndpointNetworkPolicies": policies,
        "privateLinkServiceNetworkPolicies": st.sampled_from(["Enabled", "Disabled"]),
    },
    optional={
        "networkSecurityGroup": a("networkSecurityGroups", "nsg-a", "nsg-b"),
        "routeTable": a("routeTables", "rt-a", "rt-b"),
        "natGateway": a("natGateways", "nat-a"),
        "serviceEndpointPolicies": st.lists(a("serviceEndpointPolicies", "sep-a", "sep-b"), max_size=3),
        "serviceEndpoints": st.lists(
            st.builds(
                lambda service, locations: {
                    "service": service,
                    "provisioningState": "Succeeded",
                    "locations": locations,
                },
                known_services,
                st.sampled_from([["*"], ["westeurope", "northeurope"], ["westeurope"]]),
            ),
            unique_by=lambda each: each["service"],
        ),
        "ipConfigurations": st.lists(st.builds(lambda n: {"id": f"{GROUP}/networkInterfaces/{n}/x/y"}, st.integers())),
        "sharingScope": st.sampled_from(["Tenant", "DelegatedServices"]),
        "defaultOutboundAccess": st.booleans(),
        "ipAllocations": st.lists(st.builds(lambda n: {"id": f"{GROUP}/IpAllocations/{n}"}, st.integers())),
        "ipamPoolPrefixAllocations": st.lists(st.dictionaries(names, inner, max_size=2), max_size=2),
        "applicationGatewayIPConfigurations": st.lists(st.dictionaries(names, inner, max_size=2), max_size=2),
        "futureProperty": inner,
    },
).flatmap(lambda found: st.permutations(list(found.items())).map(dict))


def test_every_subnet_keeps_every_property_in_azure_too():
    with (
        serve(world="busy") as sandbox,
        connect(sandbox.token, resource_manager=sandbox.url) as azure,
    ):
        with sandbox.edit() as state:
            state["settings"] |= {"operationSeconds": 0, "retryAfter": 0.01}

        @settings(max_examples=60)
        @given(furnished)
        def law(found):
            with sandbox.edit() as state:
                subnet = state["virtualNetworks"][BUSY.lower().partition("/subnets/")[0]]["properties"]["subnets"][0]
                subnet["properties"] = found
            azure.subnets.enable_endpoint(parse_subnet(BUSY))
            (after,) = properties(sandbox, parse_subnet(BUSY))
            expected = {"service": "Microsoft.KeyVault", "provisioningState": "Succeeded", "locations": ["*"]}
            assert after.pop("serviceEndpoints") == [*found.pop("serviceEndpoints", []), expected]
            assert json.dumps(after) == json.dumps(found)

        law()


@pytest.mark.parametrize(
    ("network", "name"), [("vnet-agents", "agents"), ("vnet-agents", "builds"), ("vnet-build", "runners")]
)
def test_a_subnet_keeps_everything_and_has_the_endpoint(sandbox, azure, subnet_id, network, name):
    id = subnet_id(network, name)
    (before,) = properties(sandbox, id)
    azure.subnets.enable_endpoint(id)
    (after,) = properties(sandbox, id)
    kept = before.get("serviceEndpoints", [])
    assert [each["service"] for each in after["serviceEndpoints"]] == [
        *(each["service"] for each in kept),
        "Microsoft.KeyVault",
    ]
    assert after["serviceEndpoints"][: len(kept)] == kept
    assert {**after, "serviceEndpoints": 0} == {**before, "serviceEndpoints": 0}
    assert azure.subnets.read([id])[0].has_endpoint
    puts = [path for method, path, _ in sandbox.requests if method == "PUT"]
    assert len(puts) == 1
    assert puts[0].endswith(f"/virtualNetworks/{network}/subnets/{name}")


def properties(sandbox, id):
    network = sandbox.state["virtualNetworks"][id.network_id]
    return [each["properties"] for each in network["properties"]["subnets"] if each["name"].lower() == id.name]


def test_nothing_is_written_when_the_endpoint_is_there(sandbox, azure, subnet_id):
    azure.subnets.enable_endpoint(subnet_id("vnet-agents", "scale-set"))
    assert {method for method, _, _ in sandbox.requests} == {"GET"}


def test_a_change_of_somebody_else_in_between_is_kept(sandbox, azure, subnet_id):
    id, done = subnet_id("vnet-agents", "agents"), []

    def meddle(number, method, path):
        if method == "PUT" and not done:
            done.append(number)
            with sandbox.edit() as state:
                network = state["virtualNetworks"][id.network_id]
                network["etag"] = 'W/"somebody-else"'
                (subnet,) = [each for each in network["properties"]["subnets"] if each["name"] == id.name]
                subnet["properties"]["serviceEndpoints"] = [{"service": "Microsoft.Web", "locations": ["*"]}]

    sandbox.before = meddle
    azure.subnets.enable_endpoint(id)
    (after,) = properties(sandbox, id)
    assert [each["service"] for each in after["serviceEndpoints"]] == ["Microsoft.Web", "Microsoft.KeyVault"]
    assert [status for method, _, status in sandbox.requests if method == "PUT"] == [412, 200]


@pytest.mark.parametrize(
    "fault", ["throttle=0.3", "conflict=0.5", "error=0.3", "drop-before=0.3", "drop-after=0.3", "truncate=0.3"]
)
def test_a_bad_day_only_takes_longer(monkeypatch, fault):
    monkeypatch.setattr(subnets, "PAUSES", (0.05,))
    for seed in range(3):
        with (
            serve(world="contoso", faults=fault, seed=seed) as sandbox,
            connect(sandbox.token, resource_manager=sandbox.url) as azure,
        ):
            (id,) = [id for id in sandbox.state["virtualNetworks"] if id.endswith("/vnet-agents")]
            subnet = parse_subnet(f"{id}/subnets/builds")
            azure.subnets.enable_endpoint(subnet)
            (after,) = properties(sandbox, subnet)
            services = [each["service"] for each in after["serviceEndpoints"]]
            assert services == ["Microsoft.Storage", "Microsoft.KeyVault"]
            assert after["provisioningState"] == "Succeeded"


def test_two_subnets_of_one_network_at_once_wait_for_each_other(monkeypatch, sandbox, azure, subnet_id):
    """Nobody should do that; but somebody else may be at work in the network."""
    monkeypatch.setattr(subnets, "PAUSES", (0.05,))
    ids = [subnet_id("vnet-agents", name) for name in ("agents", "builds")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(azure.subnets.enable_endpoint, ids))
    assert all(each.has_endpoint for each in azure.subnets.read(ids))


def enable(*answers):
    waited = []
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        try:
            AzureSubnets(azure.arm, waited.append).enable_endpoint(SUBNET)
        except NetcfgError as error:
            return error, waited, script.asked
    return None, waited, script.asked


def test_the_answer_says_how_long_to_wait():
    busy = refusal(429, "AnotherOperationInProgress", "Another operation is in progress.", {"Retry-After": "3"})
    error, waited, asked = enable(Answer(body()), busy, Answer(body()), busy, Answer(body()), Answer(body(KEY_VAULT)))
    assert error is None
    assert waited == [3.0, 3.0]
    assert [each.method for each in asked] == ["GET", "PUT", "GET", "PUT", "GET", "PUT"]


def test_a_wait_that_is_longer_than_we_have_is_not_begun():
    busy = refusal(429, "AnotherOperationInProgress", "Another operation is in progress.", {"Retry-After": "601"})
    error, waited, asked = enable(Answer(body()), busy)
    assert isinstance(error, NetworkBusy)
    assert waited == []
    assert [each.method for each in asked] == ["GET", "PUT"]


@pytest.mark.parametrize("status", [400, 409, 429])
@pytest.mark.parametrize("code", ["AnotherOperationInProgress", "RetryableErrorDueToAnotherOperation"])
def test_a_busy_network_is_busy_whatever_the_status(status, code):
    error, waited, _ = enable(Answer(body()), refusal(status, code, "Busy."), Answer(body(KEY_VAULT)))
    assert (error, waited) == (None, [1.0])


def test_an_operation_that_somebody_left_behind_is_waited_for_and_not_repeated():
    going = Answer(body(KEY_VAULT, state="Updating"))
    error, waited, asked = enable(going, going, Answer(body(KEY_VAULT)))
    assert (error, waited) == (None, [1.0, 2.0])
    assert {each.method for each in asked} == {"GET"}


def test_a_network_that_is_busy_for_ever_is_given_up():
    error, waited, _ = enable(Answer(body(state="Updating")))
    assert isinstance(error, NetworkBusy)
    assert sum(waited) == 600
    assert str(error) == (
        f"the service endpoint of subnet {SUBNET} is not settled, though Azure was asked again and again: it is being "
        "changed; wait until nobody else changes that virtual network, then run it again"
    )


def test_the_etag_of_the_read_guards_the_write():
    _, _, asked = enable(Answer(body(etag='W/"7"')), Answer(body(KEY_VAULT)), Answer(body(KEY_VAULT)))
    assert asked[1].headers["If-Match"] == 'W/"7"'
    assert asked[1].path == f"{ID}?api-version=2026-03-01"
    assert asked[1].body == {**body(KEY_VAULT, etag='W/"7"')}


@pytest.mark.parametrize("etag", [None, "", 7, "a\r\nX: y", "a\n", "\u00f6\u2028", "a\u2028", "a b", "\x00"])
def test_without_an_etag_nothing_is_written(etag):
    error, _, asked = enable(Answer(body(etag=etag)))
    assert isinstance(error, AzureAnswer)
    assert [each.method for each in asked] == ["GET"]


def test_an_operation_that_fails_says_why():
    operation = "/subscriptions/s/providers/Microsoft.Network/locations/w/operations/1?api-version=v"
    failed = Answer({"status": "Failed", "error": {"code": "SubnetWithDelegations", "message": "It cannot be. No."}})
    with scripted(Answer(body())) as script, connect("t", resource_manager=script.url) as azure:
        accepted = Answer(body(KEY_VAULT, state="Updating"), headers={"Azure-AsyncOperation": script.url + operation})
        script.answers[:] = [Answer(body()), accepted, failed]
        with pytest.raises(NetcfgError) as raised:
            azure.subnets.enable_endpoint(SUBNET)
    assert str(raised.value) == (
        f"Azure said no to subnet {SUBNET}: It cannot be (SubnetWithDelegations); mend that, then run it again"
    )


@pytest.mark.parametrize(
    ("found", "lacks"),
    [
        ([body()], True),
        ([], True),
        ([body(KEY_VAULT)], False),
        ([body(KEY_VAULT, state="Failed")], True),
        ([body(KEY_VAULT, state="Deleting")], True),
        ([body({**KEY_VAULT, "provisioningState": "Failed"}, state="Updating")], True),
        ([body(state="Updating")], True),
    ],
)
def test_an_endpoint_that_a_policy_takes_away_again_is_lacking(found, lacks):
    with scripted(network(*found)) as script, connect("t", resource_manager=script.url) as azure:
        assert azure.subnets.lacking([SUBNET]) == ({SUBNET} if lacks else set())


def lacking(*answers):
    waited = []
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        try:
            return AzureSubnets(azure.arm, waited.append).lacking([SUBNET]), waited
        except NetcfgError as error:
            return error, waited


COMING = {**KEY_VAULT, "provisioningState": "Updating"}


@pytest.mark.parametrize("going", [body(KEY_VAULT, state="Updating"), body(COMING), body(COMING, state="Updating")])
@pytest.mark.parametrize(("then", "lacks"), [(body(KEY_VAULT), False), (body(KEY_VAULT, state="Failed"), True)])
def test_an_endpoint_that_somebody_is_at_work_on_proves_nothing_until_he_is_done(going, then, lacks):
    assert lacking(network(going), network(going), network(then)) == ({SUBNET} if lacks else set(), [1.0, 2.0])


def test_a_proof_that_does_not_come_is_not_waited_for_for_ever():
    error, waited = lacking(network(body(COMING)))
    assert isinstance(error, NetworkBusy)
    assert sum(waited) == 600


@pytest.mark.parametrize(("shown", "lacks"), [(body(KEY_VAULT), set()), (body(), {SUBNET})])
def test_what_was_done_is_proved_also_once_somebody_wants_us_to_end(shown, lacks):
    with scripted(network(shown)) as script, connect("t", resource_manager=script.url) as azure:
        azure.subnets.stop()
        assert azure.subnets.lacking([SUBNET]) == lacks


def test_once_somebody_wants_us_to_end_nobody_else_is_waited_for():
    with scripted(network(body(COMING))) as script, connect("t", resource_manager=script.url) as azure:
        azure.subnets.stop()
        with pytest.raises(NetworkBusy):
            azure.subnets.lacking([SUBNET])
    assert len(script.asked) == 1


def test_one_by_one_the_subnets_are_proved_also_after_the_end_of_the_time():
    deadline = Deadline(0.0)
    with (
        scripted(DENIED, Answer(body(KEY_VAULT))) as script,
        connect("t", resource_manager=script.url, deadline=deadline) as azure,
    ):
        with deadline.finishing():
            assert azure.subnets.lacking([SUBNET]) == set()
        with pytest.raises(TimeOver):
            azure.subnets.lacking([SUBNET])


FAILED = {**KEY_VAULT, "provisioningState": "Failed", "locations": ["*"]}


@pytest.mark.parametrize(
    "found",
    [body(KEY_VAULT, state="Failed"), body(FAILED), body(FAILED, state="Failed"), body(COMING), body(state="Failed")],
)
def test_a_subnet_whose_write_failed_is_written_again_and_its_entry_sent_as_it_is(found):
    error, waited, asked = enable(Answer(found), Answer(body(KEY_VAULT)))
    assert (error, waited) == (None, [])
    assert [each.method for each in asked] == ["GET", "PUT"]
    listed = found["properties"].get("serviceEndpoints", [KEY_VAULT])
    assert asked[1].body == {**found, "properties": {**found["properties"], "serviceEndpoints": listed}}


SERVER_ERROR = refusal(500, "InternalServerError", "x")


def test_what_a_broken_write_left_behind_as_failed_is_not_done():
    failed = Answer(body(KEY_VAULT, state="Failed"))
    error, waited, asked = enable(Answer(body()), SERVER_ERROR, failed, Answer(body(KEY_VAULT)))
    assert (error, waited) == (None, [1.0])
    assert [each.method for each in asked] == ["GET", "PUT", "GET", "PUT"]


def test_a_state_that_no_write_mends_is_given_up():
    failed = Answer(body(KEY_VAULT, state="Failed"))
    error, waited, _ = enable(failed, *[SERVER_ERROR, failed] * 50)
    assert isinstance(error, NetworkBusy)
    assert sum(waited) == 600
    assert "asked again and again: x (InternalServerError, HTTP 500)" in str(error)


def test_a_write_that_is_answered_as_failed_is_not_proved():
    failed = body(KEY_VAULT, state="Failed")
    error, waited, asked = enable(Answer(failed), Answer(failed))
    assert (error, waited, [each.method for each in asked]) == (None, [], ["GET", "PUT"])
    assert lacking(network(failed)) == ({SUBNET}, [])


def test_a_subnet_that_is_being_deleted_is_an_error():
    going = body(KEY_VAULT, state="Deleting")
    words = f"subnet {SUBNET} is being deleted; leave it out, or wait until it is gone and make it anew"
    error, waited, asked = enable(Answer(going))
    assert (str(error), waited, [each.method for each in asked]) == (words, [], ["GET"])
    with (
        scripted(network(going)) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(SubnetDeleting) as raised,
    ):
        azure.subnets.read([SUBNET])
    assert str(raised.value) == words


def test_after_a_stop_no_write_begins():
    with scripted(Answer(body())) as script, connect("t", resource_manager=script.url) as azure:
        azure.subnets.stop()
        with pytest.raises(WriteNotBegun):
            azure.subnets.enable_endpoint(SUBNET)
        assert script.asked == []


def test_a_stop_between_the_look_and_the_write_is_in_time():
    with scripted(Answer(body())) as script, connect("t", resource_manager=script.url) as azure:
        azure.arm.network = lambda _, import_slowly=azure.arm.network: azure.subnets.stop() or import_slowly(_)
        with pytest.raises(WriteNotBegun):
            azure.subnets.enable_endpoint(SUBNET)
        assert [each.method for each in script.asked] == ["GET"]


def test_a_stop_ends_the_waiting_for_a_busy_network():
    with scripted(Answer(body(state="Updating"))) as script, connect("t", resource_manager=script.url) as azure:
        Timer(0.2, azure.subnets.stop).start()
        began = time.monotonic()
        with pytest.raises(WriteNotBegun):
            azure.subnets.enable_endpoint(SUBNET)
        assert time.monotonic() - began < 0.9  # the first wait is of a second


DONE = Answer({"status": "Succeeded"})


@pytest.mark.parametrize("status", [200, 201])
def test_the_end_of_the_operation_is_awaited_and_the_subnet_not_read_again(status):
    with scripted(Answer(body())) as script, connect("t", resource_manager=script.url) as azure:
        where = {"Azure-AsyncOperation": f"{script.url}/operations/1?api-version=v"}
        begun = Answer(body(KEY_VAULT, state="Updating"), status, where)
        going = Answer({"status": "InProgress"}, headers={"Retry-After": "0.01"})
        script.answers[:] = [Answer(body()), begun, going, DONE]
        azure.subnets.enable_endpoint(SUBNET)
        assert [(each.method, each.path.partition("?")[0]) for each in script.asked] == [
            ("GET", SUBNET.text),
            ("PUT", ID),
            ("GET", "/operations/1"),
            ("GET", "/operations/1"),
        ]


@pytest.mark.parametrize("status", [200, 201])
def test_without_an_operation_to_ask_for_the_subnet_itself_is_asked(monkeypatch, status):
    monkeypatch.setattr(subnets, "POLL", 0.01)
    going = Answer(body(KEY_VAULT, state="Updating"), status)
    error, waited, asked = enable(Answer(body()), going, Answer(body(KEY_VAULT, state="Updating")), Answer(body()))
    assert (error, waited) == (None, [])
    assert [each.method for each in asked] == ["GET", "PUT", "GET", "GET"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            refusal(403, "AuthorizationFailed", "perform action 'Microsoft.Network/virtualNetworks/subnets/write'"),
            PermissionMissing,
        ),
        (refusal(404, "NotFound", "Resource x not found."), NotInAzure),
    ],
)
def test_a_refusal_is_final(answer, kind):
    error, waited, _ = enable(Answer(body()), answer)
    assert isinstance(error, kind)
    assert waited == []


def test_the_wait_has_an_end(monkeypatch):
    monkeypatch.setattr(subnets, "PATIENCE", 0.2)
    going = Answer({"status": "InProgress"}, headers={"Retry-After": "1"})
    with scripted(Answer(body())) as script, connect("t", resource_manager=script.url) as azure:
        where = f"{script.url}/operations/1"
        accepted = Answer(body(KEY_VAULT, state="Updating"), headers={"Azure-AsyncOperation": where})
        script.answers[:] = [Answer(body()), accepted, going]
        began = time.monotonic()
        with pytest.raises(NetworkBusy, match="Azure has been at it for more than"):
            azure.subnets.enable_endpoint(SUBNET)
        assert time.monotonic() - began < 5
