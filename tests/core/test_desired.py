"""What is kept, what goes and what comes: the cases that once went wrong elsewhere, each with its story."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from netcfg.core.declared import parse_declaration
from netcfg.core.desired import fit
from netcfg.core.errors import BothWanted, TooManyRules
from netcfg.core.intent import Intent, parse_removal
from netcfg.core.plan import draw, look
from netcfg.core.ranges import Catalogue, Edition, Policy, Publisher, Range, resolve
from netcfg.core.resources import Vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess, VirtualNetworkRule
from netcfg.core.standing import Standing
from netcfg.sources import bundled
from tests.strategies import EUROPE, TODAY, VAULT_ID, shown, subnet_id

BRAZIL = bundled.atlas().find("BR")
CATALOGUE = bundled.catalogue()


def closed(*values: str, subnets: tuple[str, ...] = ()) -> Vault:
    rules = NetworkRuleSet(
        default_action=DefaultAction.DENY,
        ip_rules=tuple(IpRule(each) for each in values),
        virtual_network_rules=tuple(VirtualNetworkRule(each) for each in subnets),
    )
    return Vault(VAULT_ID, Firewall(PublicAccess.ENABLED, rules))


def outcome(vault: Vault, catalogue: Catalogue = CATALOGUE, today: date = TODAY, **intent) -> tuple[set[str], set[str]]:
    """What is added and what is removed."""
    asked = Intent(**{"geographies": (BRAZIL,), "policy": Policy.TABLE, **intent})
    resolution = resolve(catalogue, asked.policy, asked.geographies, canary=asked.canary)
    after = draw(look(vault, asked, resolution, (), shown(asked), today)).after
    before_rules, after_rules = set(vault.firewall.rule_set.rules), set(after.rule_set.rules)
    return {str(each) for each in after_rules - before_rules}, {str(each) for each in before_rules - after_rules}


def test_a_range_that_is_there_is_not_added():
    assert outcome(closed("191.235.226.0/24")) == (set(), set())


def test_a_range_of_which_only_a_part_is_there_is_added_whole():
    """The Azure CLI takes an overlap for a duplicate, adds nothing and ends with 0."""
    assert outcome(closed("191.235.226.17", "191.235.226.128/25")) == ({"191.235.226.0/24"}, set())


def test_a_range_whose_parts_are_all_there_is_covered():
    assert outcome(closed("191.235.226.0/25", "191.235.226.128/25")) == (set(), set())


def test_a_somewhat_broader_rule_of_somebody_else_covers():
    assert outcome(closed("191.235.0.0/16")) == (set(), set())


def test_a_rule_broader_than_16_covers_nothing():
    assert outcome(closed("191.232.0.0/13", "0.0.0.0/0")) == ({"191.235.226.0/24"}, set())


def test_a_value_with_host_bits_is_not_counted_on():
    assert outcome(closed("191.235.226.1/24")) == ({"191.235.226.0/24"}, set())


def test_neighbours_are_not_joined():
    added, _ = outcome(
        closed("191.235.226.0/24"),
        allow=(parse_declaration("191.10.18.0/25=a"), parse_declaration("191.10.18.128/25=b")),
    )
    assert added == {"191.10.18.0/25", "191.10.18.128/25"}


def test_a_range_inside_another_wanted_one_is_covered_by_it():
    added, _ = outcome(
        closed("191.235.226.0/24"), allow=(parse_declaration("191.10.18.0/24=a"), parse_declaration("191.10.18.7=b"))
    )
    assert added == {"191.10.18.0/24"}


def test_a_declaration_holds_on_its_last_day_and_goes_on_the_next():
    office = (parse_declaration("191.10.18.0/28=office;until=2026-07-01"),)
    vault = closed("191.235.226.0/24", "191.10.18.0/28")
    assert outcome(vault, allow=office) == (set(), set())
    assert outcome(vault, allow=office, today=date(2026, 7, 2)) == (set(), {"191.10.18.0/28"})


def test_one_declaration_that_still_holds_keeps_a_rule_that_another_let_expire():
    both = (parse_declaration("191.10.18.0/28=a;until=2026-01-01"), parse_declaration("191.10.18.0/28=b"))
    assert outcome(closed("191.235.226.0/24", "191.10.18.0/28"), allow=both) == (set(), set())


def test_foreign_and_elsewhere_rules_go_only_when_exclusive():
    vault = closed(
        "191.235.226.0/24", "191.10.20.7", "40.74.28.0/23", "'strange'", subnets=("/subscriptions/x/foreign",)
    )
    assert outcome(vault) == (set(), set())
    others = {"191.10.20.7/32", "40.74.28.0/23", "'strange'", "/subscriptions/x/foreign"}
    assert outcome(vault, exclusive=True) == (set(), others)


def test_what_is_removed_by_name_is_compared_as_a_network():
    vault = closed("191.235.226.0/24", "191.10.20.7", "191.10.20.7/32", "'strange'")
    assert outcome(vault, remove=(parse_removal("191.10.20.7"),)) == (set(), {"191.10.20.7/32"})
    assert outcome(vault, remove=(parse_removal("'strange'"),)) == (set(), {"'strange'"})


def test_a_part_of_a_published_range_may_be_removed_and_the_whole_comes():
    vault = closed("191.235.226.0/25", "191.235.226.128/25")
    assert outcome(vault, remove=(parse_removal("191.235.226.0/25"),)) == ({"191.235.226.0/24"}, {"191.235.226.0/25"})


@pytest.mark.parametrize("value", ["191.235.226.0/24", "191.10.18.0/28", subnet_id("agents").text.upper()])
@pytest.mark.parametrize("there", [True, False])
def test_removing_what_is_wanted_is_a_contradiction_whatever_the_vault_holds(value: str, there: bool):
    agents = subnet_id("agents")
    vault = closed("191.235.226.0/24", "191.10.18.0/28", subnets=(agents.text,)) if there else closed()
    office = (parse_declaration("191.10.18.0/28=office"),)
    with pytest.raises(BothWanted):
        outcome(vault, remove=(parse_removal(value),), subnets=(agents,), allow=office)


def test_more_rules_than_a_vault_holds_are_an_error_before_anything_is_sent():
    full = closed(*(f"191.10.{n // 250}.{n % 250}" for n in range(1000)))
    with pytest.raises(TooManyRules, match="would have 1,001 IP rules"):
        outcome(full)


def test_a_subnet_is_the_same_in_any_case():
    vault = closed("191.235.226.0/24", subnets=(subnet_id("agents").text.upper(),))
    assert outcome(vault, subnets=(subnet_id("agents"),)) == (set(), set())


def dropped(since: date, confirmed: date) -> Catalogue:
    """The bundled editions and a later table that has lost Brazil's only range, and so has the service tag."""
    table, tag = CATALOGUE.newest()
    region = bundled.atlas().region("westeurope", "test")
    kept = (Range(table.ranges[0].network, region),)
    return Catalogue(
        (
            *CATALOGUE.editions,
            Edition(Publisher.TABLE, since, "test", kept, confirmed=confirmed),
            Edition(
                Publisher.SERVICE_TAG,
                since,
                "test",
                kept,
                change_number=(tag.change_number or 0) + 1,
                confirmed=confirmed,
            ),
        )
    )


@pytest.mark.parametrize(("days", "goes"), [(29, False), (30, True), (31, True)])
def test_a_retired_range_goes_when_its_publisher_went_without_it_for_the_grace_period(days: int, goes: bool):
    since = date(2026, 7, 10)
    catalogue = dropped(since, since + timedelta(days=days))
    _, removed = outcome(closed("191.235.226.0/24"), catalogue, geographies=(EUROPE,), today=date(2027, 1, 1))
    assert removed == ({"191.235.226.0/24"} if goes else set())


def test_a_retired_range_stays_and_says_so_where_only_a_wrong_clock_saw_its_grace_pass():
    known, today = dropped(date(2026, 7, 10), date(2026, 12, 1)), date(2026, 7, 20)
    assert outcome(closed("191.235.226.0/24"), known, today, geographies=(EUROPE,))[1] == set()
    asked = Intent(geographies=(EUROPE,), policy=Policy.TABLE)
    resolution = resolve(known, asked.policy, asked.geographies)
    reason = fit(closed("191.235.226.0/24"), asked, resolution, (), today).reasons[IpRule("191.235.226.0/24")]
    assert reason.text == (
        "no edition has it since 2026-07-10, as was seen on 2026-12-01, by a clock that was wrong: "
        "run 'netcfg ranges refresh'"
    )


def test_only_exactly_a_retired_range_is_ours_to_remove():
    catalogue = dropped(date(2026, 7, 10), date(2026, 12, 1))
    _, removed = outcome(closed("191.235.226.0/25"), catalogue, geographies=(EUROPE,), today=date(2027, 1, 1))
    assert removed == set()


def test_a_range_that_one_publisher_dropped_and_the_other_has_is_elsewhere():
    """Hong Kong left the table in 2023 and is still in the service tag."""
    asked = Intent(geographies=(bundled.atlas().find("APAC"),), policy=Policy.TABLE)
    resolution = resolve(CATALOGUE, asked.policy, asked.geographies)
    vault = closed("20.189.107.0/24", "20.195.68.0/24")
    reasons = fit(vault, asked, resolution, (), TODAY).reasons
    assert reasons[IpRule("20.189.107.0/24")].standing is Standing.ELSEWHERE
    assert outcome(vault, geographies=asked.geographies) == (set(), set())
