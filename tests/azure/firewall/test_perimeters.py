"""Whom a perimeter admits, as far as its access rules can be read."""

from __future__ import annotations

from typing import Any

import pytest

from netcfg.azure.connection import connect
from netcfg.azure.firewall import perimeters
from netcfg.azure.firewall.perimeters import parse_access_rules
from netcfg.core.errors import AzureAnswer
from netcfg.core.resources import VaultId
from netcfg.core.rules import Perimeter
from netcfg.core.switchover import Hold
from tests.azure.scripted import Answer, refusal, scripted

ID = VaultId("/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-1", "s-1", "rg", "kv-1")


def association(*rules: dict[str, Any], mode: str = "Enforced", **profile: Any) -> dict[str, Any]:
    listed = [{"name": "x", "properties": {"direction": "Inbound", "subscriptions": [], **each}} for each in rules]
    return {
        "properties": {
            "resourceAssociation": {"name": "x", "accessMode": mode},
            "profile": {"accessRules": listed, **profile},
        }
    }


def admitted(*rules: dict[str, Any]) -> tuple[list[str], bool]:
    networks, has_others = parse_access_rules([association(*rules)], "kv-1")
    return list(map(str, networks)), has_others


@pytest.mark.parametrize(
    ("rule", "networks", "has_others"),
    [
        ({"addressPrefixes": ["191.10.40.5", "191.10.41.0/24"]}, ["191.10.40.5/32", "191.10.41.0/24"], False),
        ({"addressPrefixes": ["191.10.40.77/24"]}, ["191.10.40.0/24"], False),
        ({"addressPrefixes": ["2603:1020::/32"]}, [], False),
        ({"addressPrefixes": ["everybody", None]}, [], True),
        ({"addressPrefixes": None, "subscriptions": [{"id": "/subscriptions/s-1"}]}, [], True),
        ({"addressPrefixes": [], "serviceTags": ["AzureDevOps"]}, [], True),
        ({"addressPrefixes": [], "direction": None, "somethingNew": ["x"]}, [], True),
        ({"direction": "Outbound", "fullyQualifiedDomainNames": ["contoso.example"]}, [], False),
        ({"direction": "outbound", "addressPrefixes": ["191.10.40.5"]}, [], False),
    ],
)
def test_an_access_rule_admits_by_addresses_or_perhaps_by_more(
    rule: dict[str, Any], networks: list[str], has_others: bool
):
    assert admitted(rule) == (networks, has_others)


def test_without_an_association_nobody_is_admitted():
    assert parse_access_rules([], "kv-1") == ((), False)


@pytest.mark.parametrize("profile", [{"accessRules": None}, {"accessRules": {}}, {"accessRules": [{}]}])
def test_rules_that_are_not_shown_are_not_no_rules(profile: dict[str, Any]):
    with pytest.raises(AzureAnswer):
        parse_access_rules([association(**profile)], "kv-1")


def hold(answer: Answer) -> Hold:
    with scripted(answer) as script, connect("t", resource_manager=script.url) as azure:
        return perimeters.read_hold(azure.arm, ID)


def test_a_vault_without_a_perimeter_is_held_by_none():
    assert hold(Answer({"value": []})) == Hold(ID, Perimeter.NONE)


@pytest.mark.parametrize(
    "answer",
    [
        refusal(403, "AuthorizationFailed", "No."),
        refusal(404, "ResourceNotFound", "No."),
        refusal(400, "NoRegisteredProviderFound", "No."),
        refusal(401, "InvalidAuthenticationToken", "No."),
        refusal(429, "TooManyRequests", "No.", {"Retry-After": "0.01"}),
        refusal(503, "ServiceUnavailable", "No.", {"Retry-After": "0.01"}),
        Answer("<html>a proxy's page</html>", type="text/html"),
        Answer({"value": [{"properties": None}]}),
        Answer({"value": [association(mode="Hardened")]}),
        Answer({"value": [association(accessRules=None)]}),
    ],
)
def test_any_trouble_leaves_it_unknown_who_is_admitted(answer: Answer):
    assert hold(answer) == Hold(ID, Perimeter.UNKNOWN)
