"""Private endpoints in every format: what comes and what goes, each piece with its name and its place."""

from __future__ import annotations

from datetime import date

import pytest

from netcfg.core.approval import Approval
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent
from netcfg.core.plan import PlanSet, draw, look
from netcfg.core.private import Landscape, Record, Zone
from netcfg.core.resources import Vault
from netcfg.core.rules import DefaultAction, Firewall, NetworkRuleSet, PublicAccess
from netcfg.formats import json, markdown, text
from netcfg.formats.page import Page
from tests.formats import builders
from tests.formats.test_json import conform
from tests.landscapes import ZONE, address_in, connection, endpoint, link, network, subnet_of, zone_id
from tests.strategies import VAULT_ID

CLOSED = Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY))


def planned(intent: Intent, seen: Landscape, vault: Vault) -> PlanSet:
    resolution = builders.resolution(builders.EUROPE)
    accepted = [Acceptance("last-path")]
    plan = draw(look(vault, intent, resolution, (), (), date(2026, 11, 20), landscape=seen), accepted)
    return PlanSet(intent.geographies, (), resolution, (plan,))


def coming() -> PlanSet:
    """Nothing is there; the guard names a vault that a link would hide, and a network that is not peered."""
    subnets = (subnet_of("spoke", "agents"), subnet_of("lonely", "agents"))
    intent = Intent(geographies=(builders.EUROPE,), private_endpoint=subnet_of("hub"), subnets=subnets)
    networks = (network("hub", "spoke"), network("spoke", "hub"), network("lonely"))
    return planned(intent, Landscape(ZONE, networks, hideable=frozenset({"kv-audit"})), Vault(VAULT_ID, CLOSED))


def going() -> PlanSet:
    """Everything goes: the endpoint with its record, and a link and a zone that netcfg made."""
    found = endpoint("pe-kv-test-hub", "hub", zone_id(), is_ours=True)
    zone = Zone(zone_id(), (link(zone_id(), "hub", is_ours=True),), (Record("kv-test", (address_in("hub"),)),), True)
    vault = Vault(VAULT_ID, CLOSED, connections=(connection(found.id, Approval.APPROVED),))
    intent = Intent(geographies=(builders.EUROPE,), remove_endpoints=(found.id,))
    return planned(intent, Landscape(ZONE, (network("hub"),), (found,), (zone,)), vault)


@pytest.mark.parametrize("made", [coming, going])
@pytest.mark.parametrize("width", [80, 200])
def test_text(made, width, kept):
    assert text.plan(made(), Page(width)) == kept


@pytest.mark.parametrize("made", [coming, going])
def test_markdown(made, kept):
    assert markdown.plan(made()) == kept


@pytest.mark.parametrize("made", [coming, going])
def test_a_document_holds_what_its_schema_describes_and_no_more(made):
    conform("".join(json.plan(made())), "plan")
