"""A fleet: vaults that are alike share one answer, and none gets the answer of another kind."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netcfg.core.checks import register
from netcfg.core.checks.check import Case
from netcfg.core.desired import fit
from netcfg.core.guards import Circumstances
from netcfg.core.intent import Intent
from netcfg.core.itself import Itself
from netcfg.core.plan import look
from netcfg.core.ranges import resolve
from netcfg.core.resources import Vault, parse_vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, Perimeter, PublicAccess
from netcfg.sources import bundled
from tests.core.checks.test_laws import circumstances
from tests.strategies import EUROPE, TODAY

INTENT = Intent(geographies=(EUROPE,))
RESOLUTION = resolve(bundled.catalogue(), INTENT.policy, INTENT.geographies)


def vault(name: str, *rules: IpRule, **more) -> Vault:
    id = parse_vault(f"/subscriptions/0000/resourceGroups/rg (old)/providers/Microsoft.KeyVault/vaults/{name}")
    return Vault(
        id, Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=rules)), **more
    )


def desired(of: Vault, intent: Intent = INTENT):
    return fit(of, intent, RESOLUTION, (), TODAY)


def inspected(seen: Circumstances, name: str):
    return register.inspect(Case(seen, ("apply", name, "--geography", "EU"), outbound=bundled.outbound()), ())


def test_vaults_that_are_alike_share_what_they_should_be():
    assert desired(vault("kv-one", IpRule("191.10.20.7"))) is desired(vault("kv-two", IpRule("191.10.20.7")))


def test_the_same_rule_in_other_words_goes_back_in_its_own_words():
    """Equal rules, of which Azure wrote one without its prefix: neither vault gets the other one's."""
    bare, whole = desired(vault("kv-one", IpRule("191.10.20.7"))), desired(vault("kv-two", IpRule("191.10.20.7/32")))
    assert bare.after == whole.after
    assert "191.10.20.7" in [each.value for each in bare.after.rule_set.ip_rules]
    assert "191.10.20.7/32" in [each.value for each in whole.after.rule_set.ip_rules]


def test_a_perimeter_makes_the_difference():
    free, held = vault("kv-one"), vault("kv-two", perimeter=Perimeter.ENFORCED)
    assert len(desired(free).after.rule_set.rules) == 7
    assert desired(held).after.rule_set.rules == ()


def test_what_is_meant_makes_the_difference_even_where_it_is_equal_but_for_one_word():
    found = vault("kv-one", IpRule("191.10.20.7"))
    exclusive = replace(INTENT, exclusive=True)
    assert IpRule("191.10.20.7") in desired(found).after.rule_set.ip_rules
    assert IpRule("191.10.20.7") not in desired(found, exclusive).after.rule_set.ip_rules


def test_a_fix_names_its_own_vault_in_quotes_where_it_needs_them():
    open_to_all = Firewall(PublicAccess.DISABLED, NetworkRuleSet(ip_rules=(IpRule("191.10.20.7"),)))
    for name in ("kv-one", "kv-two"):
        seen = look(replace(vault(name), firewall=open_to_all), INTENT, RESOLUTION, (), (), TODAY)
        fixes = {each.rule: each.fix for each in inspected(seen, name)}
        assert fixes["foreign-rule"] == (
            f"netcfg apply {name} --geography EU --public-access enabled --remove 191.10.20.7/32"
        )
        assert fixes["default-action-allow"] == (
            f"az keyvault update --default-action Deny --name {name} --resource-group 'rg (old)' --subscription 0000"
        )


@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(circumstances(), st.booleans())
def test_what_was_found_in_a_vault_like_it_is_what_would_be_found_in_the_vault_itself(
    seen: Circumstances, is_first: bool
):
    """Whichever of the two is looked at first."""
    other = replace(seen, vault=replace(seen.vault, id=vault("kv-other").id))
    names = {seen.vault.name: seen, "kv-other": other}
    pair = list(names.items()) if is_first else list(names.items())[::-1]
    together = [inspected(one, name) for name, one in pair]
    register._found_alike.cache_clear()
    alone = inspected(pair[1][1], pair[1][0])
    assert together[1] == alone
    assert [each.vault for each in alone if each.vault] == [pair[1][1].vault.id] * sum(
        1 for each in alone if each.vault
    )


def test_a_key_that_is_itself_equals_no_other_however_equal():
    one, other = [1], [1]
    assert Itself(one) == Itself(one)
    assert Itself(one) != Itself(other)
    assert {Itself(one): "one", Itself(other): "other"}[Itself(other)] == "other"
