"""What stops a rollback until somebody accepts it: what a record says may come back, and nobody can see."""

from __future__ import annotations

import pytest

from netcfg.core.desired import Desired
from netcfg.core.guards import Circumstances, evaluate
from netcfg.core.intent import Intent
from netcfg.core.ranges import Policy, resolve
from netcfg.core.resources import Vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess
from netcfg.sources import bundled
from tests.strategies import EUROPE, TODAY, VAULT_ID

RESOLUTION = resolve(bundled.catalogue(), Policy.UNION, (EUROPE,))


def firewall(*rules: str, access: PublicAccess = PublicAccess.ENABLED) -> Firewall:
    return Firewall(access, NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=tuple(map(IpRule, rules))))


def fired(before: Firewall, after: Firewall) -> dict[str, str]:
    seen = Circumstances(
        Vault(VAULT_ID, before),
        Desired(after, {}),
        Intent(geographies=(EUROPE,)),
        RESOLUTION,
        (),
        TODAY,
        is_undoing=True,
    )
    return {each.id: each.message for each in evaluate(seen)}


@pytest.mark.parametrize("value", ["8.8.8.8/0", "::/0", "0.0.0.0/0.0.0.0"])
def test_a_rule_that_cannot_be_read_does_not_come_back_unasked(value: str):
    assert fired(firewall(), firewall(value)) == {"broad-range": f"'{value}' cannot be read, so it may be everything"}
    assert fired(firewall(value), firewall(value)) == {}


def test_a_vault_whose_rules_nobody_sees_is_not_enabled_unasked():
    closed, opened = firewall(access=PublicAccess.DISABLED), firewall()
    assert set(fired(closed, opened)) == {"hidden-rules", "public-access"}
    assert fired(closed, closed) == {}
