"""Endpoints of several subnets: what one failure means for the others, and what counts as proof."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network

import pytest

from netcfg.core.errors import AzureUnreachable, NetcfgError, NetworkBusy, NotInAzure
from netcfg.core.outcome import Ending, Result
from netcfg.core.resources import SubnetId, Vault, VaultId
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess
from netcfg.core.switchover import Exit, Survey
from netcfg.workflow.apply import apply
from netcfg.workflow.plan import plan
from tests.strategies import VAULT_ID, subnet_id
from tests.workflow.fakes import Azure, Nobody, Subnets, around, targets
from tests.workflow.test_apply import ACCEPT_ALL, WANTED, azure_with

AGENTS, BUILDS, ELSEWHERE = subnet_id("agents"), subnet_id("builds"), subnet_id("runners", "other")
INTENT = replace(WANTED, subnets=(AGENTS, BUILDS, ELSEWHERE))


class Blind(Subnets):
    """Nobody may look whether it was done."""

    def lacking(self, subnets: Sequence[SubnetId]) -> frozenset[SubnetId]:
        raise AzureUnreachable("https://azure", "the connection broke")


def run(azure: Azure, subnets: Subnets | None = None) -> Result:
    planned, drawings = plan(targets([VAULT_ID], INTENT), ACCEPT_ALL, around(Azure(azure.vaults, azure.endpoints)))
    return apply(planned, drawings, replace(around(azure), subnets=subnets or Subnets(azure)))


def three() -> Azure:
    azure = azure_with()
    azure.endpoints[ELSEWHERE] = False
    return azure


def enabled(azure: Azure) -> list[str]:
    return sorted(call for call in azure.calls if call.startswith("enable"))


def failing(azure: Azure, error: NetcfgError) -> Azure:
    def fail(number: int, what: str) -> None:
        if what == "enable agents":
            raise error

    azure.before = fail
    return azure


def test_one_subnet_that_fails_does_not_stop_the_next_of_its_network():
    azure = failing(three(), NotInAzure("subnet agents", "look"))
    assert run(azure).status == 7
    assert enabled(azure) == ["enable agents", "enable builds", "enable runners"]
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.ALLOW


def test_a_network_that_is_busy_is_not_waited_for_once_for_each_subnet():
    azure = failing(three(), NetworkBusy("subnet agents", "busy"))
    assert run(azure).status == 7
    assert enabled(azure) == ["enable agents", "enable runners"]


def test_an_endpoint_that_is_gone_again_does_not_count():
    azure = three()

    def take_away(number: int, what: str) -> None:
        if what == "enable builds":
            azure.endpoints[BUILDS] = False

    azure.after = take_away
    result = run(azure)
    assert result.outcomes[0].ending is Ending.FAILED
    assert result.status == 7
    assert str(result.outcomes[0].error) == (
        "the service endpoint on vnet/builds was not enabled, so nothing was tightened: Azure said that it was "
        "enabled, and does not show it, or not as Succeeded; a policy or somebody else may have taken it away: look "
        "into the activity log of the virtual network, then run it again"
    )
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.ALLOW


def test_without_a_proof_nothing_is_tightened():
    azure = three()
    result = run(azure, Blind(azure))
    assert result.status == 7
    assert "the connection broke" in str(result.outcomes[0].error)
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.ALLOW


@pytest.mark.parametrize("there", [AGENTS, BUILDS])
def test_what_is_there_already_is_left_alone(there: SubnetId):
    azure = three()
    azure.endpoints[there] = True
    assert run(azure).status == 0
    assert f"enable {there.name}" not in azure.calls
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.DENY


class Stopping(Subnets):
    """Somebody presses Ctrl-C while the third of its writes is under way, which then comes to its end."""

    def enable_endpoint(self, id: SubnetId) -> None:
        super().enable_endpoint(id)
        if len(enabled(self.azure)) == 3:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            deadline = time.monotonic() + 5
            while not self.stopped and time.monotonic() < deadline:
                time.sleep(0.01)


@dataclass
class Watching(Nobody):
    said: list[str] = field(default_factory=list)

    def step(self, what: str) -> None:
        self.said.append(what)

    def tell(self, what: str) -> None:
        self.said.append(what)


def test_after_one_interrupt_no_further_subnet_is_written():
    azure, watching = azure_with(), Watching()
    many = tuple(subnet_id(f"s{number:02}") for number in range(30))
    azure.endpoints |= dict.fromkeys(many, False)
    intent = replace(WANTED, subnets=many)
    planned, drawings = plan(targets([VAULT_ID], intent), ACCEPT_ALL, around(Azure(azure.vaults, azure.endpoints)))
    with pytest.raises(KeyboardInterrupt):
        apply(planned, drawings, replace(around(azure), subnets=Stopping(azure), progress=watching))
    assert enabled(azure) == ["enable s00", "enable s01", "enable s02"]
    assert "stopping, once the service endpoints that are being enabled just now are done" in watching.said
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.ALLOW


def test_once_somebody_wants_us_to_end_no_further_subnet_is_begun_or_told_of():
    azure, watching = azure_with(), Watching()
    many = tuple(subnet_id(f"s{number:02}") for number in range(9))
    azure.endpoints |= dict.fromkeys(many, False)
    planned, drawings = plan(
        targets([VAULT_ID], replace(WANTED, subnets=many)), ACCEPT_ALL, around(Azure(azure.vaults, azure.endpoints))
    )
    surroundings = replace(around(azure), progress=watching)

    def end(number: int, what: str) -> None:
        if what == "enable s02":
            surroundings.stop.set()
            surroundings.subnets.stop()

    azure.before = end
    result = apply(planned, drawings, surroundings)
    assert enabled(azure) == ["enable s00", "enable s01", "enable s02"]
    told = [each for each in watching.said if each.startswith("enabling")]
    assert told == [f"enabling the service endpoint on vnet/s0{number}" for number in range(3)]
    assert (result.outcomes[0].ending, result.outcomes[0].touched, result.status) == (Ending.NOT_REACHED, True, 130)


def test_that_an_endpoint_failed_says_more_than_that_somebody_wanted_us_to_end_meanwhile():
    azure = three()
    planned, drawings = plan(targets([VAULT_ID], INTENT), ACCEPT_ALL, around(Azure(azure.vaults, azure.endpoints)))
    surroundings = around(azure)

    def end(number: int, what: str) -> None:
        if what == "enable agents":
            surroundings.stop.set()
            surroundings.subnets.stop()
            raise NetworkBusy("subnet agents", "busy")

    azure.before = end
    result = apply(planned, drawings, surroundings)
    assert (result.outcomes[0].ending, result.outcomes[0].touched, result.status) == (Ending.FAILED, True, 7)
    assert str(result.outcomes[0].error).startswith("the service endpoint on vnet/agents was not enabled")


def test_an_endpoint_is_proved_also_after_the_end_of_the_time():
    azure, inside = three(), list[str]()

    @contextmanager
    def finishing() -> Iterator[None]:
        inside.append("in")
        try:
            yield
        finally:
            inside.append("out")

    class Seen(Subnets):
        def lacking(self, subnets: Sequence[SubnetId]) -> frozenset[SubnetId]:
            inside.append("look")
            return super().lacking(subnets)

    planned, drawings = plan(targets([VAULT_ID], INTENT), ACCEPT_ALL, around(Azure(azure.vaults, azure.endpoints)))
    one = replace(around(azure), subnets=Seen(azure), finishing=finishing, parallel=1)
    assert apply(planned, drawings, one).status == 0
    assert inside == ["in", "look", "out"] * 2


def test_an_endpoint_that_was_enabled_and_is_not_proved_was_a_change_of_every_vault_that_needs_it():
    azure = three()
    assert run(azure).status == 0
    azure.endpoints |= dict.fromkeys(azure.endpoints, False)  # the vault still admits them by their subnets
    azure.calls.clear()
    result = run(azure, Blind(azure))
    assert not [call for call in azure.calls if call.startswith("write")]
    assert len(enabled(azure)) == 3
    assert (result.outcomes[0].ending, result.outcomes[0].touched, result.status) == (Ending.FAILED, True, 7)


# --- another look before the first write --------------------------------------------------------------------------


class Neighbours:
    """Whoever looks a second time sees something else."""

    def __init__(self, *looks: Survey | NetcfgError) -> None:
        self.looks = list(looks)

    def survey(self, subnets: Sequence[SubnetId]) -> Survey:
        found = self.looks.pop(0)
        if isinstance(found, NetcfgError):
            raise found
        return replace(found, exits=tuple(Exit(each, (IPv4Network("191.10.40.5"),)) for each in subnets))


def neighbour(name: str) -> Vault:
    """A vault that admits the agents by the address of their NAT gateway."""
    rules = NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=(IpRule("191.10.40.5/32"),))
    return Vault(VaultId(f"/x/{name}", "1", "rg", name), Firewall(PublicAccess.ENABLED, rules))


def looked_twice(first: Survey, second: Survey | NetcfgError) -> tuple[Azure, Result]:
    azure = three()
    surroundings = replace(around(azure), neighbourhood=Neighbours(first, second))
    planned, drawings = plan(targets([VAULT_ID], INTENT), ACCEPT_ALL, surroundings)
    azure.calls.clear()
    return azure, apply(planned, drawings, surroundings)


def test_a_vault_that_came_to_depend_on_the_agents_address_since_the_plan_stops_the_apply():
    azure, result = looked_twice(Survey(), Survey(vaults=(neighbour("kv-new"),)))
    assert result.status == 6
    assert "the guard service-endpoint fires now" in str(result.outcomes[0].error)
    assert not [call for call in azure.calls if call.startswith(("write", "enable"))]


def test_an_accepted_guard_that_names_another_vault_was_not_accepted():
    azure, result = looked_twice(
        Survey(vaults=(neighbour("kv-one"),)), Survey(vaults=(neighbour("kv-one"), neighbour("kv-two")))
    )
    assert result.status == 6
    assert "the guard service-endpoint says now" in str(result.outcomes[0].error)
    assert "kv-two" in str(result.outcomes[0].error)
    assert not [call for call in azure.calls if call.startswith(("write", "enable"))]


def test_the_same_neighbours_again_are_no_news():
    azure, result = looked_twice(Survey(vaults=(neighbour("kv-one"),)), Survey(vaults=(neighbour("kv-one"),)))
    assert result.status == 0
    assert len(enabled(azure)) == 3


def test_nothing_is_written_for_agents_when_nobody_can_look_again():
    azure, result = looked_twice(Survey(), AzureUnreachable("https://azure", "the connection broke"))
    assert (result.status, result.outcomes[0].ending) == (1, Ending.FAILED)
    assert not [call for call in azure.calls if call.startswith(("write", "enable"))]
