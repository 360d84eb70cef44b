import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.azure.firewall.patch import patch
from netcfg.core.acls import parse_firewall
from netcfg.core.errors import AzureAnswer, UnknownValue
from netcfg.core.resources import Vault, parse_vault
from netcfg.core.rules import Bypass, DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess, VirtualNetworkRule

ID = parse_vault("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-a")
SUBNET = "/subscriptions/s/resourcegroups/g/providers/microsoft.network/virtualnetworks/v/subnets/a"


def vault_with(properties) -> Vault:
    return Vault(ID, parse_firewall(properties, "kv-a"))


def sent_back(properties, **options) -> dict:
    vault = vault_with(properties)
    options = {"ignore_missing_endpoint": False, **options}
    return patch(vault, vault.firewall, vault.tags, **options)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
others = st.dictionaries(st.text(min_size=1, max_size=8).map("future{}".format), values, max_size=3)
addresses = st.ip_addresses(v=4).map(str)
ranges = st.builds("{}/{}".format, addresses, st.integers(0, 33))
ip_rules = st.builds(lambda value, more: {"value": value, **more}, addresses | ranges | st.text(max_size=9), others)
subnet_rules = st.builds(lambda value, more: {"id": value, **more}, st.text(max_size=30) | st.just(SUBNET), others)
acls = st.builds(
    lambda bypass, action, ips, subnets, more: {
        "bypass": bypass,
        "defaultAction": action,
        "ipRules": ips,
        "virtualNetworkRules": subnets,
        **more,
    },
    st.sampled_from(["AzureServices", "None"]),
    st.sampled_from(["Allow", "Deny"]),
    st.lists(ip_rules, max_size=5),
    st.lists(subnet_rules, max_size=5),
    others,
)


@given(acls)
def test_what_was_found_is_sent_back_untouched_known_or_not(found):
    body = sent_back({"publicNetworkAccess": "Enabled", "networkAcls": found})
    assert body == {"properties": {"networkAcls": found}}
    assert json.loads(json.dumps(body)) == body


@given(acls)
def test_two_reads_of_one_vault_are_equal_whatever_the_order_of_names(found):
    shuffled = dict(reversed(found.items()))
    assert parse_firewall({"networkAcls": found}, "kv-a") == parse_firewall({"networkAcls": shuffled}, "kv-a")


@given(acls)
def test_for_an_endpoint_that_comes_later_every_subnet_rule_says_so_and_nothing_else_differs(found):
    body = sent_back({"networkAcls": found}, ignore_missing_endpoint=True)
    sent = body["properties"]["networkAcls"]
    assert all(rule.pop("ignoreMissingVnetServiceEndpoint") is True for rule in sent["virtualNetworkRules"])
    assert sent == found


def test_new_rules_stand_beside_those_that_were_found():
    vault = vault_with({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4", "note": "theirs"}]}})
    rules = vault.firewall.rule_set
    after = vault.firewall.with_rules(
        ip_rules=(*rules.ip_rules, IpRule("40.74.28.0/23")), virtual_network_rules=(VirtualNetworkRule(SUBNET),)
    )
    assert patch(vault, after, vault.tags, ignore_missing_endpoint=False) == {
        "properties": {
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Deny",
                "ipRules": [{"value": "1.2.3.4", "note": "theirs"}, {"value": "40.74.28.0/23"}],
                "virtualNetworkRules": [{"id": SUBNET}],
            }
        }
    }


@pytest.mark.parametrize("properties", [{}, {"networkAcls": None}, {"networkAcls": None, "publicNetworkAccess": None}])
def test_a_vault_that_was_never_given_rules_is_open_to_all_networks(properties):
    firewall = parse_firewall(properties, "kv-a")
    assert firewall == Firewall(PublicAccess.ENABLED, NetworkRuleSet())
    assert firewall.is_open


def test_both_lists_and_both_values_are_sent_even_when_there_are_none():
    assert sent_back({}) == {
        "properties": {
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Allow",
                "ipRules": [],
                "virtualNetworkRules": [],
            }
        }
    }


def test_public_access_is_sent_only_when_it_changes():
    vault = vault_with({"publicNetworkAccess": "disabled"})
    opened = Firewall(PublicAccess.ENABLED, vault.firewall.rule_set)
    assert (
        patch(vault, opened, vault.tags, ignore_missing_endpoint=False)["properties"]["publicNetworkAccess"]
        == "Enabled"
    )
    assert (
        "publicNetworkAccess"
        not in patch(vault, vault.firewall, vault.tags, ignore_missing_endpoint=False)["properties"]
    )


def test_values_are_the_same_whatever_their_case():
    found = {"publicNetworkAccess": "securedByPerimeter", "networkAcls": {"bypass": "NONE", "defaultAction": "deny"}}
    firewall = parse_firewall(found, "kv-a")
    assert firewall.public_access is PublicAccess.SECURED_BY_PERIMETER
    assert firewall.rule_set == NetworkRuleSet(Bypass.NONE, DefaultAction.DENY)


def test_a_bypass_of_null_is_the_default_and_not_the_word_none():
    """`str(None)` is a legal bypass, the strictest one."""
    found = {"networkAcls": {"bypass": None, "defaultAction": "Deny"}}
    assert parse_firewall(found, "kv-a").rule_set.bypass is Bypass.AZURE_SERVICES


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"publicNetworkAccess": "Sometimes"}, "publicNetworkAccess of kv-a is 'Sometimes'"),
        ({"networkAcls": {"defaultAction": "Ask"}}, "defaultAction of kv-a is 'Ask'"),
        ({"networkAcls": {"bypass": "Everything", "defaultAction": "Deny"}}, "bypass of kv-a is 'Everything'"),
        ({"networkAcls": {}}, "defaultAction of kv-a is None"),
    ],
)
def test_a_value_that_is_unknown_or_missing_is_never_guessed(properties, message):
    with pytest.raises(UnknownValue, match=message):
        parse_firewall(properties, "kv-a")


@pytest.mark.parametrize(
    "acl", [[], "Deny", {"defaultAction": "Deny", "ipRules": {}}, {"defaultAction": "Deny", "ipRules": ["1.2.3.4"]}]
)
def test_what_is_not_a_rule_set_is_no_empty_rule_set(acl):
    with pytest.raises(AzureAnswer):
        parse_firewall({"networkAcls": acl}, "kv-a")


@pytest.mark.parametrize("rule", [{}, {"value": None}, {"value": 7}, {"value": "eleven"}, {"value": "::1"}])
def test_a_rule_that_cannot_be_read_is_kept_as_it_is(rule):
    found = {"bypass": "None", "defaultAction": "Deny", "ipRules": [rule], "virtualNetworkRules": []}
    assert sent_back({"networkAcls": found})["properties"]["networkAcls"] == found
    (kept,) = parse_firewall({"networkAcls": found}, "kv-a").rule_set.ip_rules
    assert kept.network is None


def test_vaults_of_which_azure_writes_the_same_share_one_firewall_and_no_other_does():
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "191.10.20.7"}]}
    whole = {**acls, "ipRules": [{"value": "191.10.20.7/32"}]}
    one, other = (parse_firewall({"networkAcls": dict(acls)}, name) for name in ("kv-one", "kv-two"))
    assert one is other
    assert parse_firewall({"networkAcls": whole}, "kv-three").rule_set.ip_rules[0].value == "191.10.20.7/32"


def test_a_mistake_is_told_of_the_vault_that_has_it_and_not_of_one_that_had_it_before():
    for name in ("kv-one", "kv-two"):
        with pytest.raises(UnknownValue, match=f"defaultAction of {name}"):
            parse_firewall({"networkAcls": {"defaultAction": "Perhaps"}}, name)


@pytest.mark.parametrize(
    ("rules", "value", "is_sent"),
    [
        (["191.10.60.9"], "191.10.60.9/32 until 2026-07-01T13:00:00Z", True),
        (["191.10.60.9"], "191.10.60.9/32 until 2026-07-01T13:00:00Z kept", False),
        (["191.10.77.7"], "191.10.60.9/32 until 2026-07-01T13:00:00Z", False),
    ],
    ids=["a temporary rule", "one that was declared", "none"],
)
def test_with_a_temporary_rule_goes_its_tag_so_that_a_late_write_brings_back_both_or_none(rules, value, is_sent):
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": each} for each in rules]}
    tags = (("team", "payments"), ("netcfg-exec-0a1b2c3d", value))
    vault = replace(vault_with({"networkAcls": acls}), tags=tags)
    body = patch(vault, vault.firewall, tags, ignore_missing_endpoint=False)
    assert body.get("tags") == (dict(tags) if is_sent else None)


def test_tags_are_sent_whole_and_only_where_they_change():
    vault = replace(vault_with({}), tags=(("team", "payments"), ("netcfg-exec-0a1b2c3d", "old")))
    assert "tags" not in patch(vault, vault.firewall, vault.tags, ignore_missing_endpoint=False)
    sent = patch(vault, vault.firewall, (("team", "payments"),), ignore_missing_endpoint=False)
    assert sent["tags"] == {"team": "payments"}
    assert patch(vault, vault.firewall, (), ignore_missing_endpoint=False)["tags"] == {}
