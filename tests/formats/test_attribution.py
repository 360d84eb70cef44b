"""What `ranges who` answers, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.attribution import Attribution, attribute, parse_address
from netcfg.core.outbound import Way
from netcfg.core.ranges import Catalogue, Policy
from netcfg.formats import json, text
from netcfg.formats.page import Page
from netcfg.sources import bundled
from tests.formats.test_json import conform


def who(address: str, known: Catalogue | None = None) -> Attribution:
    return attribute(parse_address(address), known or bundled.catalogue(), bundled.outbound())


TEXTS = {
    "40.74.28.9": (
        "40.74.28.9 is inbound: Azure DevOps calls from it for Europe · westeurope\n"
        "\n"
        "  40.74.28.0/23  table        Europe · westeurope  since 2021-06-09 or earlier\n"
        "  40.74.28.0/23  service tag  Europe · westeurope  since 2021-01-06 or earlier\n"
        "\n"
        "netcfg plan VAULT --geography EU shows whether a vault lets it in\n"
    ),
    "20.189.107.5": (
        "20.189.107.5 is inbound: Azure DevOps calls from it for Asia Pacific · eastasia (inferred)\n"
        "\n"
        "  20.189.107.0/24  table        Asia Pacific · eastasia (inferred)  since 2021-06-09 or earlier\n"
        "                   until 2023-03-27\n"
        "  20.189.107.0/24  service tag  Asia Pacific · eastasia (inferred)  since 2021-01-06 or earlier\n"
        "\n"
        "no document says that eastasia belongs to Asia Pacific: it is inferred\n"
        "a plan with --ranges table leaves it out: that publisher's newest edition does not have it\n"
        "netcfg plan VAULT --geography APAC shows whether a vault lets it in\n"
    ),
    "13.107.6.9": (
        "13.107.6.9 was outbound: people and agents used it to reach Azure DevOps\n"
        "\n"
        "  13.107.6.0/24  outbound  since 2021-06-09 or earlier  until 2026-02-10\n"
        "\n"
        "Azure DevOps does not call from it, so it does not belong in a vault's firewall\n"
        "the newest edition, 2026-02-10, has other addresses instead\n"
    ),
    "150.171.22.17": (
        "150.171.22.17 is outbound: people and agents use it to reach Azure DevOps\n"
        "\n"
        "  150.171.22.0/24   outbound      since 2026-02-10\n"
        "  150.171.22.17/32  ExpressRoute  since 2026-02-10\n"
        "\n"
        "Azure DevOps does not call from it, so it does not belong in a vault's firewall\n"
    ),
    "191.10.1.1": (
        "191.10.1.1 is unknown: no edition of anybody has it\n"
        "\n"
        "it may be a Microsoft-hosted agent's: their addresses are in neither list, may be any of a whole\n"
        "  geography of Azure, which other customers use too, and change every week, so no rule can cover\n"
        "  them; use self-hosted agents in a subnet that the vault lets in\n"
        "or it is somebody else's, such as an office's or your own agents'; to let it in, --allow\n"
        "  '191.10.1.1/32=REASON'\n"
    ),
    "2620:1ec:4::1": (
        "2620:1ec:4::1 was outbound: people and agents used it to reach Azure DevOps\n"
        "\n"
        "  2620:1ec:4::/48  outbound  since 2021-06-09 or earlier  until 2026-02-10\n"
        "\n"
        "Azure DevOps does not call from it, so it does not belong in a vault's firewall\n"
        "the newest edition, 2026-02-10, has other addresses instead\n"
    ),
    "10.1.2.3": (
        "10.1.2.3 is private: it means something inside one network only; nobody publishes it\n"
        "\n"
        "no IP rule of a vault can name it\n"
        "a vault sees such an address only through the service endpoint of a subnet, which a virtual\n"
        "  network rule lets in, or through a private endpoint; everywhere else it sees the public address\n"
        "  behind it\n"
    ),
    "20.91.148.129": (
        "20.91.148.129 is inbound: Azure DevOps calls from it for swedencentral\n"
        "\n"
        "  20.91.148.128/25  service tag  no geography · swedencentral  since 2022-12-07\n"
        "\n"
        "swedencentral belongs to none of the eight geographies, so netcfg never adds it\n"
        "a plan with --ranges table leaves it out: that publisher's newest edition does not have it\n"
    ),
    "20.39.13.5": (
        "20.39.13.5 is inbound: Azure DevOps calls from it for United States · eastus2euap (canary)\n"
        "\n"
        "  20.39.13.0/26  service tag  United States · eastus2euap (canary)  since 2021-01-06 or earlier\n"
        "\n"
        "eastus2euap is a canary region: it counts only with --include-canary-regions\n"
        "a plan with --ranges table leaves it out: that publisher's newest edition does not have it\n"
        "netcfg plan VAULT --geography US shows whether a vault lets it in\n"
    ),
    "2603:1010:6:d::1": (
        "2603:1010:6:d::1 is inbound: Azure DevOps calls from it for Australia · australiaeast\n"
        "\n"
        "  2603:1010:6:d::/120  service tag  Australia · australiaeast  since 2025-10-10\n"
        "\n"
        "a vault's firewall takes IPv4 only, so no rule can name it\n"
    ),
    "40.74.28.0/22": (
        "40.74.28.0/22 is published in parts only, and by nobody as a whole\n"
        "\n"
        "  40.74.28.0/23  table        Europe · westeurope  since 2021-06-09 or earlier\n"
        "  40.74.28.0/23  service tag  Europe · westeurope  since 2021-01-06 or earlier\n"
        "\n"
        "a rule for all of it would let in everybody else who has a part of it\n"
    ),
}


@pytest.mark.parametrize("address", TEXTS)
def test_an_answer(address: str):
    assert text.attribution(who(address), Page(100)) == TEXTS[address]


def test_an_address_that_was_retired():
    (tag,) = bundled.catalogue().newest(Policy.SERVICE_TAG)
    gone = tuple(each for each in tag.ranges if each.region.name != "eastasia")
    later = replace(tag, ranges=gone, day=tag.day + timedelta(days=7), change_number=14)
    assert text.attribution(who("20.189.107.5", Catalogue((*bundled.catalogue().editions, later))), Page(110)) == (
        "20.189.107.5 was inbound once; no newest edition has it any more\n"
        "\n"
        "  20.189.107.0/24  table        Asia Pacific · eastasia (inferred)  since 2021-06-09 or earlier\n"
        "                   until 2023-03-27\n"
        "  20.189.107.0/24  service tag  Asia Pacific · eastasia (inferred)  since 2021-01-06 or earlier\n"
        "                   until 2026-06-27\n"
        "\n"
        "a rule for exactly that range is retired: netcfg plan takes it out after the days of --grace\n"
    )


def test_an_address_for_expressroute_alone():
    only = [
        replace(each, ranges=tuple(one for one in each.ranges if one[0] is Way.EXPRESSROUTE))
        for each in bundled.outbound()
    ]
    found = attribute(parse_address("150.171.22.17"), bundled.catalogue(), only)
    assert text.attribution(found, Page(100)).startswith(
        "150.171.22.17 is an address of Azure DevOps for networks that reach it over ExpressRoute\n"
    )


@pytest.mark.parametrize(
    "address", ["20.189.107.5", "13.107.6.175", "40.74.28.0/22"], ids=["inbound", "outbound", "partly"]
)
def test_a_document(address: str, kept):
    document = json.attribution(who(address))
    conform(document, "address")
    assert document == kept


@pytest.mark.parametrize("address", [*TEXTS, "0.0.0.0/0", "::/0", "100.64.1.1", "168.63.129.16"])
def test_every_document_conforms(address: str):
    found = conform(json.attribution(who(address)), "address")
    assert found["explanation"]
    assert found["address"] == address


@given(st.ip_addresses(v=4), st.integers(0, 32))
@settings(max_examples=60)
def test_any_answer_conforms_and_has_words(address, prefix: int):
    network = IPv4Network((address, prefix), strict=False)
    found = attribute(network, bundled.catalogue(), bundled.outbound())
    document = conform(json.attribution(found), "address")
    assert document["answer"] == found.answer.value
    assert text.attribution(found, Page(200)).startswith(f"{document['address']} ")
