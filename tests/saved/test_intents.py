"""What is meant for a vault is read as it was written, and nothing is believed because it stands in a file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.approval import PieceId
from netcfg.core.errors import NetcfgError
from netcfg.core.intent import Intent
from netcfg.core.resources import SubnetName
from netcfg.core.rules import PublicAccess
from netcfg.saved.intents import Meanings, write_intent
from netcfg.sources import bundled
from tests.strategies import intents, subnet_id

MEANINGS = Meanings(bundled.atlas(), "https://dev.azure.com")
RESOURCES = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Network"

subnet_names = st.sampled_from(["agents", "builds"]).map(lambda name: SubnetName("rg", "vnet", name))
endpoints = st.sampled_from(["pe-one", "PE-Two"]).map(lambda name: PieceId(f"{RESOURCES}/privateEndpoints/{name}"))


@st.composite
def said(draw: st.DrawFn) -> Intent:
    """Everything that a command line and a configuration can say."""
    intent = draw(intents())
    removed = tuple(dict.fromkeys((*(each for each in intent.remove if str(each).strip()), *draw(names))))
    private = draw(st.one_of(st.none(), st.just(subnet_id("agents")), subnet_names))
    organizations = draw(st.lists(st.sampled_from(["contoso", "https://dev.azure.com/fabrikam/x"]), unique=True))
    return replace(
        intent,
        organizations=tuple(organizations),
        geographies=tuple(dict.fromkeys(intent.geographies)),
        named_subnets=tuple(draw(names)),
        discovers_agents=bool(organizations) and draw(st.booleans()),
        remove=removed,
        remove_reasons=tuple((each, "left the building") for each in removed[:1]),
        remove_endpoints=tuple(draw(st.lists(endpoints, unique=True))),
        private_endpoint=None if isinstance(private, SubnetName) else private,
        named_private_endpoint=private if isinstance(private, SubnetName) else None,
    )


names = st.lists(subnet_names, unique=True, max_size=2)


@settings(max_examples=25)
@given(said())
def test_what_is_read_is_what_was_written(intent: Intent):
    written = json.loads(json.dumps(write_intent(intent)))
    found = MEANINGS.intent(written)
    assert found == intent
    assert write_intent(found) == written


PLAIN = write_intent(Intent(organizations=("contoso",)))
DECLARED = {"cidr": "191.10.18.0/28", "reason": "head office", "until": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organizations", ["contoso/../fabrikam"]),
        ("organizations", []),
        ("geographies", ["Atlantis"]),
        ("ranges", "everything"),
        ("includeCanaryRegions", 1),
        ("subnets", ["agents"]),
        ("discoverAgents", "true"),
        ("allow", [{**DECLARED, "cidr": "0.0.0.0/0"}]),
        ("allow", [{**DECLARED, "cidr": "10.0.0.0/8"}]),
        ("allow", [{**DECLARED, "reason": " "}]),
        ("allow", [{**DECLARED, "until": "20270131"}]),
        ("remove", [""]),
        ("remove", [7]),
        ("removeReasons", [{"value": "1.2.3.4", "reason": None}]),
        ("removeEndpoints", ["/subscriptions/x"]),
        ("privateEndpoint", "agents"),
        ("graceDays", -1),
        ("graceDays", 10**9),
        ("graceDays", "30"),
        ("exclusive", None),
        ("publicAccess", "SecuredByPerimeter"),
        ("publicAccess", "Sometimes"),
        ("keepDefaultAction", 0),
    ],
)
def test_what_no_option_takes_is_not_read_either(field: str, value: Any):
    with pytest.raises((NetcfgError, ValueError, TypeError, AttributeError)):
        MEANINGS.intent({**PLAIN, field: value})


def test_options_that_exclude_each_other_do_so_in_a_file_too():
    with pytest.raises(NetcfgError, match="exclude each other"):
        MEANINGS.intent({**PLAIN, "publicAccess": PublicAccess.ENABLED.value, "keepDefaultAction": True})
