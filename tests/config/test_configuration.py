"""What is written is what is meant; and whatever cannot be meant is told with file, line and key."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.config import configuration
from netcfg.config.configuration import Configuration
from netcfg.config.file import LONGEST
from netcfg.core.approval import PieceId
from netcfg.core.declared import Declaration
from netcfg.core.errors import BadConfiguration
from netcfg.core.findings import Waiver
from netcfg.core.geography import Geography
from netcfg.core.linking.relay import Relay
from netcfg.core.ranges import Policy
from netcfg.core.resources import SubnetName, parse_subnet, parse_vault
from netcfg.core.rules import IpRule, PublicAccess
from netcfg.core.target import Choice, Location, Selection
from netcfg.core.terms import NO_TERMS, Terms
from netcfg.sources import bundled
from tests.config.samples import ENDPOINT, SUBNET, SUBSCRIPTION, VAULT, WHOLE
from tests.pace import SOON

RULES = ("foreign-rule", "broad-range")


def parse(text: str) -> Configuration:
    return configuration.parse(text, "netcfg.yaml", bundled.atlas(), RULES)


def faults(text: str) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        parse(text)
    return list(caught.value.faults)


def test_every_key_is_meant():
    office = Declaration(IPv4Network("191.10.18.0/28"), "head office", date(2027, 1, 31))
    partner = Declaration(IPv4Network("191.10.20.7/32"), "partner")
    old = SubnetName("rg-network", "vnet-agents", "old")
    top = Terms(
        organizations=("contoso", "fabrikam"),
        geographies=(Geography("EU", "Europe"), Geography("US", "United States")),
        subnets=(parse_subnet(SUBNET), SubnetName("rg-build", "vnet-build", "runners")),
        allow=(office,),
        remove=(IpRule("191.10.19.9/32"),),
        remove_reasons=((IpRule("191.10.19.9/32"), "left the building"),),
        remove_endpoints=(PieceId(ENDPOINT),),
        policy=Policy.TABLE,
        canary=True,
        discovers_agents=True,
        private_endpoint=SubnetName("rg-network", "vnet-agents", "endpoints"),
        grace=timedelta(days=10),
        exclusive=False,
        public_access=PublicAccess.DISABLED,
        keep_default_action=True,
    )
    payments = Terms(
        organizations=("adventure",),
        geographies=(Geography("UK", "United Kingdom"),),
        subnets=(SubnetName("rg-x", "vnet-x", "agents"),),
        allow=(partner,),
        remove=(old,),
        remove_reasons=((old, "gone"),),
        discovers_agents=False,
        private_endpoint=parse_subnet(SUBNET),
        grace=timedelta(0),
        exclusive=True,
        public_access=PublicAccess.ENABLED,
        keep_default_action=False,
    )
    selection = Selection((SUBSCRIPTION,), ("rg-payments", "rg-orders"), (("Team", "payments"), ("env", "")))
    assert parse(WHOLE) == Configuration(
        "netcfg.yaml",
        top,
        (
            Choice("kv-payments", payments, Location("netcfg.yaml", 21), top),
            Choice(parse_vault(VAULT), NO_TERMS, Location("netcfg.yaml", 32), top),
            Choice(selection, NO_TERMS, Location("netcfg.yaml", 33), top),
        ),
        (
            Waiver(
                "foreign-rule",
                "partner link",
                "kv-*",
                "191.10.19.7/32",
                date(2027, 3, 1),
                Location("netcfg.yaml", 38),
            ),
            Waiver("broad-range", "wanted", where=Location("netcfg.yaml", 39)),
        ),
        relay=Relay("contoso", "payments", "azure-prod", "payments-secrets", ("app-*", "db-password")),
    )


def test_one_text_stands_for_a_list_of_one():
    one, many = parse("organization: contoso\ngeography: EU"), parse("organization: [contoso]\ngeography: [EU]")
    assert one == many


def test_a_key_that_is_not_there_says_nothing():
    assert parse("exclusive: false").top == Terms(exclusive=False)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("organisation: x", "netcfg.yaml:1: organisation: 'organisation' is not a key here; one of organization, "),
        ("organisation: x", "; did you mean 'organization'?"),
        (
            "organization:",
            "netcfg.yaml:1: organization: nothing was found where text or a list was expected; leave the",
        ),
        ("organization: []", "netcfg.yaml:1: organization: nothing was found where a list that is not empty was"),
        (
            "organization: ''",
            "netcfg.yaml:1: organization: nothing was found where text that is not empty was expected",
        ),
        (
            "organization: [a, 5]",
            "netcfg.yaml:1: organization[1]: 5 was found where text was expected; put it in quotes",
        ),
        ("\ngeography: NO", "netcfg.yaml:2: geography: 'NO' is not a geography of Azure DevOps; one of US, EU, UK, AU"),
        ("geography: [EU, Mars]", "netcfg.yaml:1: geography[1]: 'Mars' is not a geography of Azure DevOps"),
        ("ranges: unoin", "where one of service-tag, table, union was expected; did you mean 'union'?"),
        ("exclusive: 'yes'", "netcfg.yaml:1: exclusive: 'yes' was found where true or false was expected"),
        ("exclusive: yes", "netcfg.yaml:1: exclusive: 'yes' was found where true or false was expected"),
        ("grace: -1", "netcfg.yaml:1: grace: -1 was found where a whole number from 0 to 3,650 was expected"),
        ("grace: 3651", "netcfg.yaml:1: grace: 3651 was found where a whole number from 0 to 3,650"),
        ("grace: true", "netcfg.yaml:1: grace: true was found where a whole number"),
        ("grace: 1.5", "netcfg.yaml:1: grace: 1.5 was found where a whole number"),
        ("public-access: off", "netcfg.yaml:1: public-access: 'off' was found where one of disabled, enabled was"),
        ("allow: {cidr: x}", "netcfg.yaml:1: allow: a mapping was found where a list was expected"),
        (
            "allow: [191.10.18.0/28]",
            "netcfg.yaml:1: allow[0]: '191.10.18.0/28' was found where a mapping with keys such",
        ),
        ("allow:\n  - cidr: 191.10.18.0/28", "netcfg.yaml:2: allow[0]: the key 'reason' is missing"),
        (
            "allow: [{cidr: 191.10.18.0/28, reason: ' '}]",
            "netcfg.yaml:1: allow[0].reason: it is blank, and a reason was",
        ),
        ("allow: [{cidr: 10.0.0.0/8, reason: x}]", "netcfg.yaml:1: allow[0].cidr: '10.0.0.0/8' cannot be allowed"),
        (
            "allow: [{cidr: 0.0.0.0/0, reason: x}]",
            "allow[0].cidr: '0.0.0.0/0' cannot be allowed: it is broader than /8",
        ),
        ("allow: [{cidr: 1.2, reason: x}]", "allow[0].cidr: 1.2 was found where text was expected; put it in quotes"),
        ("allow: [{cidr: 12:30, reason: x}]", "allow[0].cidr: '12:30' cannot be allowed: it is not an IPv4 address"),
        (
            "allow:\n - cidr: 191.10.18.0/28\n   reason: x\n   until: 2027-02-30",
            "netcfg.yaml:4: allow[0].until: '2027-02-30' is not a day; write it as 2027-01-31",
        ),
        (
            "remove: [191.10.19.9]",
            "netcfg.yaml:1: remove[0]: '191.10.19.9' was found where a mapping with keys such as",
        ),
        ("remove: [{value: /x, reason: y}]", "netcfg.yaml:1: remove[0].value: '/x' is not the id of a subnet or of a"),
        ("agents: {subnets: [a/b]}", "netcfg.yaml:1: agents.subnets[0]: 'a/b' is not a subnet: give its name as"),
        ("private-endpoint: x", "netcfg.yaml:1: private-endpoint: 'x' is not a subnet"),
        ("devops: {project: x}", "netcfg.yaml:1: devops: the key 'service-connection' is missing"),
        ("vaults: []", "netcfg.yaml:1: vaults: nothing was found where a list that is not empty was expected"),
        (
            "vaults: [kv-a]",
            "netcfg.yaml:1: vaults[0]: 'kv-a' was found where a mapping with keys such as name, id, select",
        ),
        ("vaults: [{}]", "netcfg.yaml:1: vaults[0]: none of the keys name, id, select is here; one was expected"),
        ("vaults: [{name: kv-a, id: kv-a}]", "vaults[0]: 2 of the keys name, id, select are here; one was expected"),
        ("vaults: [{name: kv_a}]", "netcfg.yaml:1: vaults[0].name: 'kv_a' is not a vault: give its name"),
        (f"vaults: [{{name: {VAULT}}}]", "is not the name of a vault; its resource id goes with the key 'id'"),
        ("vaults: [{id: kv-a}]", "vaults[0].id: 'kv-a' is not the resource id of a vault"),
        ("vaults: [{name: kv-a, ranges: table}]", "it is for the whole run: write it at the top of the file"),
        ("vaults: [{name: kv-a, include-canary-regions: true}]", "it is for the whole run"),
        ("vaults: [{select: {}}]", "none of the keys subscription, resource-group, tag is here; one was expected"),
        (
            "vaults: [{select: {tag: {}}}]",
            "vaults[0].select.tag: nothing was found where a mapping of names and values",
        ),
        ("vaults: [{select: {tag: {a: 5}}}]", "vaults[0].select.tag.a: 5 was found where text was expected; put it in"),
        ("vaults: [{select: {subscription: production}}]", "'production' is not the id of a subscription, like 0000"),
        ('vaults: [{select: {resource-group: "a\'b"}}]', "is not the name of a resource group"),
        ("vaults: [{select: {tags: {a: b}}}]", "did you mean 'tag'?"),
        (
            "vaults:\n - select:\n    resource-group: rg-web",
            "netcfg.yaml:3: vaults[0].select.resource-group: a resource group is selected without its subscription",
        ),
        ("organization: con/toso", "netcfg.yaml:1: organization: 'con/toso' is not an organization of Azure DevOps"),
        (
            "vaults:\n - name: kv-a\n   organization: [contoso, a_b]",
            "netcfg.yaml:3: vaults[0].organization[1]: 'a_b' is not an organization of Azure DevOps",
        ),
        (f"remove: [{{value: {ENDPOINT}, reason: ' '}}]", "netcfg.yaml:1: remove[0].reason: it is blank, and a reason"),
        (
            "accept: default-deny",
            "netcfg.yaml:1: accept: 'accept' is not a key: a configuration accepts no guard, because",
        ),
        ("vaults: [{name: kv-a, accept: [x]}]", "vaults[0].accept: 'accept' is not a key: a configuration accepts no"),
        ("waivers: [{rule: foreign-rule}]", "netcfg.yaml:1: waivers[0]: the key 'reason' is missing"),
        (
            "waivers: [{rule: foreign-ruel, reason: x}]",
            "waivers[0].rule: 'foreign-ruel' is not a rule of 'netcfg check'",
        ),
        ("waivers: [{rule: foreign-ruel, reason: x}]", "; did you mean 'foreign-rule'?"),
        ("waivers: [{rule: broad-range, reason: x, until: soon}]", "waivers[0].until: 'soon' is not a day"),
        ('waivers: [{rule: broad-range, reason: "\\t"}]', "waivers[0].reason: it is blank"),
        ("", "netcfg.yaml:1: nothing is written in it"),
        ("# nothing\n", "netcfg.yaml:1: nothing is written in it"),
        ("- name: kv-a", "netcfg.yaml:1: a list was found where a mapping with keys such as organization"),
        ("kv-a", "netcfg.yaml:1: 'kv-a' was found where a mapping with keys such as organization"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(written: str, found: str):
    told = faults(written)
    assert len(told) == 1
    assert found in told[0]


def test_all_that_is_wrong_is_told_by_line():
    told = faults("grace: x\nranges: all\nexclusive: 1\nvaults:\n  - nmae: kv-a\n")
    assert [each.split(": ")[0] for each in told] == [
        "netcfg.yaml:1",
        "netcfg.yaml:2",
        "netcfg.yaml:3",
        "netcfg.yaml:5",
    ]
    told = faults("geography: Mars\nallow: [{cidr: 10.0.0.0/8, reason: x}]\nvaults: [{name: a_b}, {id: x}]\n")
    assert [each.split(": ")[1] for each in told] == ["geography", "allow[0].cidr", "vaults[0].name", "vaults[1].id"]


KEYS = ("organization", "geography", "allow", "remove", "agents", "vaults", "waivers", "select", "tag", "name", "cidr",
        "reason", "until", "rule", "value", "subnets", "grace", "exclusive", "subscription")  # fmt: skip
SCALARS = st.sampled_from(
    ["", " ", "kv-a", "EU", "191.10.18.0/28", "2027-01-31", "enabled", "\u202e", 0, -1, 2.5, True, None]
)
WRITTEN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(KEYS), WRITTEN, max_size=4))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_under_the_keys_is_meant_or_told(written: dict[str, Any]):
    try:
        parse(json.dumps(written))
    except BadConfiguration as error:
        told = error.faults
    else:
        told = ()
    assert all(each.startswith("netcfg.yaml:1") for each in told)


def test_an_address_of_an_organization_is_its_name():
    found = parse("organization: [https://dev.azure.com/contoso/, 'https://fabrikam.visualstudio.com']")
    assert found.top.organizations == ("contoso", "fabrikam")


def test_twenty_faults_are_told_and_the_others_counted():
    told = faults("waivers:\n" + "  - {rule: x, reason: y}\n" * 23)
    assert len(told) == 21
    assert told[-1] == "and 3 more"
    assert faults("waivers:\n" + "  - {rule: x, reason: y}\n" * 2000)[-1] == "and at least 980 more"


@pytest.mark.parametrize(
    ("lead", "line"),
    [
        ("", "key{0}: x\n"),
        ("waivers:\n", "- {{rule: foreign-ruel, reason: x}}\n"),
        ("allow:\n", "- {{cidr: 10.0.0.1, reason: x}}\n"),
    ],
)
def test_the_longest_file_is_refused_soon(lead: str, line: str):
    text = lead + "".join(line.format(each) for each in range(LONGEST // 10))
    start = time.process_time()
    assert faults(text[:LONGEST].rpartition("\n")[0])
    assert time.process_time() - start < SOON


def test_a_value_that_is_quoted_is_never_long():
    assert all(len(each) < 400 for each in faults(f"exclusive: {'x' * 100_000}"))


def test_a_thousand_vaults_are_read_soon():
    entry = "  - name: kv-{0}\n    exclusive: true\n    allow:\n      - {{cidr: 191.10.18.0/28, reason: r}}\n"
    text = "organization: contoso\nvaults:\n" + "".join(entry.format(each) for each in range(1000))
    start = time.process_time()
    assert len(parse(text).choices) == 1000
    assert time.process_time() - start < SOON
