"""What Key Vault makes of a rule set: recorded where it is known, and pinned where the sandbox chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.sandbox.answer import Refusal
from netcfg.sandbox.keyvault import acls
from tests.sandbox.small import AGENTS, BARE, NETWORK, Client, rules

ADDRESS = st.builds(
    lambda a, b, c, d, length: f"{a}.{b}.{c}.{d}" + (f"/{length}" if length else ""),
    st.integers(20, 99),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 255),
    st.one_of(st.none(), st.integers(9, 32)),
)


@given(st.lists(ADDRESS), st.sampled_from(["Allow", "Deny"]))
def test_sending_back_what_came_back_changes_nothing(addresses, action):
    sent = {"defaultAction": action, "ipRules": [{"value": each} for each in addresses]}
    once = acls.merge(sent, None)
    assert acls.merge(once or {}, once) == once


@given(st.lists(ADDRESS, min_size=1))
def test_order_and_number_of_rules_stay(addresses):
    merged = acls.merge({"ipRules": [{"value": each} for each in addresses]}, None)
    assert len(merged["ipRules"]) == len(addresses)


def test_a_bare_address_becomes_a_32_and_a_range_stays(client: Client):
    answer = client.patch("kv-open", rules("191.10.20.7", "191.10.18.0/28", "191.10.30.4/31"))
    assert answer.json()["properties"]["networkAcls"]["ipRules"] == [
        {"value": "191.10.20.7/32"},
        {"value": "191.10.18.0/28"},
        {"value": "191.10.30.4/31"},
    ]


def test_host_bits_are_cut_off_which_is_this_sandbox_s_choice(client: Client):
    client.patch("kv-open", rules("191.10.18.5/28"))
    assert client.acl("kv-open")["ipRules"] == [{"value": "191.10.18.0/28"}]


def test_what_cannot_be_read_is_kept_as_it_was_sent(client: Client):
    client.patch("kv-open", rules("'191.10.4.0/24'"))
    assert client.acl("kv-open")["ipRules"] == [{"value": "'191.10.4.0/24'"}]


def test_ids_of_subnets_come_back_wholly_in_lower_case_and_nothing_else_with_them(client: Client):
    client.patch("kv-open", rules(subnets=[{"id": AGENTS, "ignoreMissingVnetServiceEndpoint": True}]))
    assert client.acl("kv-open")["virtualNetworkRules"] == [
        {
            "id": "/subscriptions/00000000-0000-4000-8000-000000000001/resourcegroups/rg/providers/microsoft.network"
            "/virtualnetworks/net/subnets/agents"
        }
    ]


def test_open_without_rules_is_not_shown(client: Client):
    assert client.acl("kv-closed") is not None
    client.patch("kv-closed", rules(defaultAction="Allow"))
    assert client.acl("kv-closed") is None


def test_open_with_rules_is_shown(client: Client):
    client.patch("kv-open", rules("191.10.20.7/32", defaultAction="Allow"))
    assert client.acl("kv-open") == {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [{"value": "191.10.20.7/32"}],
        "virtualNetworkRules": [],
    }


def test_lists_are_filled_in(client: Client):
    client.patch("kv-open", {"properties": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}})
    assert client.acl("kv-open") == {
        "bypass": "None",
        "defaultAction": "Deny",
        "ipRules": [],
        "virtualNetworkRules": [],
    }


def test_a_list_left_out_keeps_its_rules_and_a_word_left_out_does_not(client: Client):
    client.patch("kv-closed", {"properties": {"networkAcls": {"virtualNetworkRules": [{"id": AGENTS}]}}})
    acl = client.acl("kv-closed")
    assert acl["ipRules"] == [{"value": "191.10.20.7/32"}]
    assert acl["defaultAction"] == "Allow"


def test_null_for_the_whole_rule_set_changes_nothing(client: Client):
    before = client.acl("kv-closed")
    assert client.patch("kv-closed", {"properties": {"networkAcls": None}}).status_code == 200
    assert client.acl("kv-closed") == before


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("10.0.0.0/8", "10.0.0.0/8 belongs to forbidden range 10.0.0.0–10.255.255.255 (private IP addresses)"),
        ("10.1.2.3", "10.1.2.3 belongs to forbidden range 10.0.0.0–10.255.255.255 (private IP addresses)"),
        ("172.16.9.0/24", "172.16.9.0/24 belongs to forbidden range 172.16.0.0–172.31.255.255 (private IP addresses)"),
        ("192.168.1.1", "192.168.1.1 belongs to forbidden range 192.168.0.0–192.168.255.255 (private IP addresses)"),
    ],
)
def test_a_private_address_spoils_the_whole_request(client: Client, value, message):
    before = client.acl("kv-closed")
    refused = client.patch("kv-closed", rules("191.10.21.0/24", value))
    place = "Invalid value found at properties.networkAcls.ipRules[1].value: "
    assert client.error(refused) == (400, "BadRequest", place + message)
    assert client.acl("kv-closed") == before


def test_a_range_around_private_ones_passes_as_it_did_in_recorded_vaults(client: Client):
    assert client.patch("kv-open", rules("0.0.0.0/2", "128.0.0.0/1")).status_code == 200


def test_ipv6_is_refused(client: Client):
    assert client.error(client.patch("kv-open", rules("2603:1020:206::/48")))[:2] == (400, "BadRequest")


def test_a_thousand_rules_fit_and_not_one_more():
    most = {"ipRules": [{"value": f"20.{number // 256}.{number % 256}.0/24"} for number in range(1000)]}
    assert len(acls.merge(most, None)["ipRules"]) == 1000
    with pytest.raises(Refusal, match="1001 rules exceed the maximum of 1000"):
        acls.merge({"ipRules": [*most["ipRules"], {"value": "21.0.0.0/24"}]}, None)


def test_two_hundred_networks_fit_and_not_one_more():
    most = {"virtualNetworkRules": [{"id": f"{NETWORK}/subnets/{number}"} for number in range(200)]}
    assert len(acls.merge(most, None)["virtualNetworkRules"]) == 200
    with pytest.raises(Refusal, match="201 rules exceed the maximum of 200"):
        acls.merge({"virtualNetworkRules": [*most["virtualNetworkRules"], {"id": AGENTS}]}, None)


@pytest.mark.parametrize(
    ("key", "value"), [("defaultAction", "Maybe"), ("bypass", "Everybody"), ("ipRules", ["1.2.3.4"])]
)
def test_strange_words_are_refused(client: Client, key, value):
    refused = client.patch("kv-open", {"properties": {"networkAcls": {"defaultAction": "Deny", key: value}}})
    status, code, message = client.error(refused)
    assert (status, code) == (400, "BadRequest")
    assert f"properties.networkAcls.{key}" in message


def test_a_subnet_without_the_endpoint_is_refused_in_azure_s_words(client: Client):
    assert client.error(client.patch("kv-open", rules(subnets=[BARE]))) == (
        400,
        "VirtualNetworkNotValid",
        (
            "Operation on Virtual Network could not be performed. StatusCode: 400 (BadRequest). Error Code: "
            "SubnetsHaveNoServiceEndpointsConfigured. Error Message: Subnets bare of virtual network "
            f"{NETWORK} do not have ServiceEndpoints for Microsoft.KeyVault resources configured. Add "
            "Microsoft.KeyVault to subnet's ServiceEndpoints collection before trying to ACL Microsoft.KeyVault "
            "resources to these subnets.."
        ),
    )


def test_the_missing_endpoint_can_be_waived_for_one_request_only(client: Client):
    waived = rules(subnets=[{"id": BARE, "ignoreMissingVnetServiceEndpoint": True}])
    assert client.patch("kv-open", waived).status_code == 200
    sent_back_as_found = {"properties": {"networkAcls": client.acl("kv-open")}}
    assert client.error(client.patch("kv-open", sent_back_as_found))[1] == "VirtualNetworkNotValid"


@pytest.mark.parametrize(
    ("subnet", "code"),
    [
        (f"{NETWORK}/subnets/gone", "Error Code: NotFound. Error Message: Resource "),
        (AGENTS.replace("/net/", "/gone/"), "Error Code: ResourceNotFound. Error Message: The Resource "),
    ],
)
def test_a_subnet_that_is_gone_cannot_be_waived(client: Client, subnet, code):
    refused = client.patch("kv-open", rules(subnets=[{"id": subnet, "ignoreMissingVnetServiceEndpoint": True}]))
    status, outer, message = client.error(refused)
    assert (status, outer) == (400, "VirtualNetworkNotValid")
    assert code in message


def test_what_is_no_subnet_is_refused(client: Client):
    assert client.error(client.patch("kv-open", rules(subnets=[NETWORK])))[:2] == (400, "BadRequest")
