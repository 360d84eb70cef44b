"""Verifying from here: how long it looks again, and when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import NetcfgError
from netcfg.core.resources import VaultId
from netcfg.core.rules import IpRule
from netcfg.core.verification import (
    Answer,
    Failure,
    Fault,
    Known,
    Lookup,
    Observation,
    Obstacle,
    Resolution,
    Verification,
)
from netcfg.workflow.verify import Vantage, verify
from tests.core.test_verification import CLOSED, FIREWALL, RBAC, known, refusal
from tests.workflow.fakes import Nobody

WORKS = Answer(200, has_names=True)
HERE = Lookup(Resolution.PUBLIC, ("191.10.120.10",))


@dataclass
class Place:
    """A machine that sees these answers in turn, the last one again and again, while its own clock goes on."""

    answers: Sequence[Answer | Failure | None]
    shown: Known | NetcfgError = field(default_factory=lambda: NetcfgError("you may not read it"))
    looks: int = 0
    asked: int = 0
    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def look(self, vault: str) -> Observation:
        said = self.answers[min(self.looks, len(self.answers) - 1)]
        self.looks += 1
        lookup = HERE if said else Lookup(Resolution.HIDDEN)
        return Observation(vault, f"{vault}.vault.azure.net", "privatelink.vaultcore.azure.net", lookup, said)

    def known(self, vault: VaultId | str) -> Known:
        self.asked += 1
        if isinstance(self.shown, NetcfgError):
            raise self.shown
        return self.shown

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def verify(self, seconds: float = 900) -> Verification:
        return verify("kv-x", seconds, Vantage(self, self, Nobody(), self.sleep, lambda: self.now))


def test_what_works_is_looked_at_once_and_azure_is_not_asked():
    place = Place([WORKS])
    assert place.verify().status == 0
    assert (place.looks, place.asked, place.slept) == (1, 0, [])


def test_a_rule_that_becomes_effective_is_waited_for():
    place = Place([FIREWALL, FIREWALL, FIREWALL, WORKS])
    assert place.verify().status == 0
    assert place.slept == [1, 2, 4]
    assert place.asked == 1


def test_the_pauses_grow_to_fifteen_seconds_and_end_with_the_time_given():
    place = Place([FIREWALL])
    found = place.verify(60)
    assert (found.obstacle, found.status) == (Obstacle.FIREWALL, 4)
    assert place.slept == [1, 2, 4, 8, 15, 15, 15]


def test_what_nobody_sees_to_be_on_its_way_is_waited_for_a_minute_only_and_that_is_said():
    place = Place([FIREWALL])
    found = place.verify()
    assert (sum(place.slept), found.status) == (60, 4)
    assert found.notes[-1] == (
        "nobody here sees whether a change is on its way, so it was waited for 60 seconds at most; --wait SECONDS "
        "waits longer"
    )
    seen = Place([FIREWALL], known(IpRule("191.10.60.9/32")))
    assert (seen.verify().notes, sum(seen.slept)) == ((), 900)


def test_waiting_for_no_second_looks_once():
    place = Place([FIREWALL])
    assert place.verify(0).status == 4
    assert (place.looks, place.slept) == (1, [])


@pytest.mark.parametrize(
    "said",
    [
        refusal(RBAC, "ForbiddenByRbac"),
        Answer(404, "VaultNotFound"),
        Answer(401, "Unauthorized"),
        Failure(Fault.UNTRUSTED, "self-signed certificate"),
        Failure(Fault.WRONG_HOST, "hostname mismatch"),
        Failure(Fault.SIGN_IN, "nobody is signed in"),
        None,
    ],
)
def test_what_waiting_cannot_mend_is_told_at_once(said):
    place = Place([said, WORKS])
    assert place.verify().obstacle
    assert (place.looks, place.slept) == (1, [])


def test_a_refusal_that_azure_s_rules_confirm_is_told_at_once():
    place = Place([FIREWALL, WORKS], known())
    assert place.verify().status == 4
    assert place.slept == []


def test_public_access_that_azure_shows_on_is_waited_for():
    place = Place([refusal(CLOSED, "ForbiddenByConnection"), WORKS], known())
    assert place.verify().status == 0


def test_a_network_out_of_order_gets_a_few_tries():
    place = Place([Failure(Fault.CONNECTION, "connection refused")])
    found = place.verify()
    assert (found.obstacle, found.status) == (Obstacle.NETWORK, 1)
    assert place.looks == 4


def test_a_trouble_that_passes_by_is_forgotten():
    trouble = Failure(Fault.CONNECTION, "connection reset by peer")
    place = Place([trouble, trouble, trouble, FIREWALL, trouble, trouble, trouble, WORKS])
    assert place.verify().status == 0


def test_retry_after_is_honoured():
    place = Place([Answer(429, "Throttled", wait=7.0), WORKS])
    assert place.verify().status == 0
    assert place.slept == [7.0]


def test_whoever_is_asked_to_wait_longer_than_he_has_is_told_so_at_once():
    place = Place([Answer(429, "Throttled", wait=3600.0), WORKS])
    assert place.verify(900).status == 1
    assert place.slept == []


def test_that_azure_could_not_be_asked_is_a_note_and_no_end():
    found = Place([FIREWALL]).verify(0)
    assert found.notes == ("Azure Resource Manager could not explain it: you may not read it",)
    assert found.obstacle is Obstacle.FIREWALL


said = st.sampled_from([FIREWALL, Answer(429, wait=30.0), Answer(503), Failure(Fault.CONNECTION, "x"), WORKS, None])


@given(st.lists(said, min_size=1, max_size=30), st.floats(0, 2000))
def test_it_ends_in_time_and_with_the_last_look(answers, seconds):
    place = Place(answers)
    found = place.verify(seconds)
    assert sum(place.slept) <= seconds + 0.001
    assert found.seen.said == place.answers[min(place.looks, len(answers)) - 1]
    assert place.asked <= 1
