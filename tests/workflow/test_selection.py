"""What a selection finds, what it may have missed, and what follows for vaults that are named beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from netcfg.core.errors import (
    ConflictingTerms,
    NetcfgError,
    NothingSelected,
    NotInConfiguration,
    SubscriptionNotShown,
)
from netcfg.core.plan import Undetermined
from netcfg.core.resources import VaultId, parse_vault
from netcfg.core.target import Choice, Location, Selected, Selection, Target
from netcfg.core.terms import NO_TERMS, Terms
from netcfg.workflow.selection import select
from tests.strategies import EUROPE
from tests.workflow.fakes import Azure, around

TOP = Terms(geographies=(EUROPE,))
TEAM = Selection(tags=(("team", "a"),))
EXCLUSIVE = Terms(exclusive=True)


def vault(name: str, subscription: str = "s") -> VaultId:
    found = parse_vault(f"/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/{name}")
    assert isinstance(found, VaultId)
    return found


@dataclass
class Finds(Azure):
    """Finds by the subscriptions that are asked for, or fails."""

    finds: dict[tuple[str, ...], Selected | NetcfgError] = field(default_factory=dict)

    def select(self, selection: Selection) -> Selected:
        found = self.finds[selection.subscriptions]
        if isinstance(found, NetcfgError):
            raise found
        return found


@dataclass
class Told:
    said: list[str] = field(default_factory=list)

    def step(self, what: str) -> None:
        pass

    def rest(self) -> None:
        pass

    def tell(self, what: str) -> None:
        self.said.append(what)


def choice(chosen: VaultId | str | Selection, line: int = 3, said: Terms = NO_TERMS) -> Choice:
    return Choice(chosen, said, Location("netcfg.yaml", line), TOP)


def selected(
    choices: Sequence[Choice], *found: VaultId, others: dict[tuple[str, ...], Selected | NetcfgError] | None = None
) -> tuple[list[Target], list[Undetermined]]:
    return select(choices, around(Finds({}, finds={(): Selected(found), **(others or {})})))


def test_what_is_found_is_selected_and_what_is_named_is_not():
    targets, lost = selected([choice("kv-a"), choice(TEAM, 5)], vault("kv-a"), vault("kv-b"))
    assert lost == []
    assert [(each.vault, each.is_selected, each.where) for each in targets] == [
        (vault("kv-a"), False, Location("netcfg.yaml", 3)),
        (vault("kv-b"), True, Location("netcfg.yaml", 5)),
    ]


def test_an_entry_and_a_selection_add_up_and_must_agree():
    targets, _ = selected([choice("kv-a"), choice(TEAM, 5, EXCLUSIVE)], vault("kv-a"))
    assert [each.intent.exclusive for each in targets] == [True]
    with pytest.raises(ConflictingTerms, match=r"netcfg\.yaml:3 and by netcfg\.yaml:5, .* about exclusive"):
        selected([choice("kv-a", 3, Terms(exclusive=False)), choice(TEAM, 5, EXCLUSIVE)], vault("kv-a"))


def test_what_was_selected_is_said():
    progress = Told()
    world = replace(around(Finds({}, finds={(): Selected((vault("kv-b"), vault("kv-a")))})), progress=progress)
    select([choice(TEAM, 14)], world)
    assert progress.said == ["selected by netcfg.yaml:14: kv-a, kv-b"]


def test_a_selection_that_finds_nothing_is_no_success():
    with pytest.raises(
        NothingSelected, match=r"^netcfg\.yaml:3 selects nothing: this sign-in sees none of the vaults of tag"
    ):
        selected([choice(TEAM)])
    targets, lost = selected([choice("kv-a"), choice(TEAM)])
    assert [each.name for each in targets] == ["kv-a"]
    assert [each.vault for each in lost] == ["the vaults of tag team=a"]


def test_a_part_that_cannot_be_seen_is_undetermined():
    there = Selection(("s", "t"))
    seen = Selected((vault("kv-a"),), (("/subscriptions/t", SubscriptionNotShown("t")),))
    targets, lost = selected([choice(there)], others={("s", "t"): seen})
    assert [each.name for each in targets] == ["kv-a"]
    assert [str(each.error)[:43] for each in lost] == ["this sign-in does not see the subscription "]


def test_a_vault_that_an_unseen_selection_might_mean_otherwise_is_undetermined():
    blind = choice(Selection(("t",)), 9, EXCLUSIVE)
    others = {("t",): SubscriptionNotShown("t")}
    targets, lost = selected(
        [choice(vault("kv-s")), choice(vault("kv-t", "t")), choice("kv-name"), blind], others=others
    )
    assert [each.name for each in targets] == ["kv-s"]
    assert [each.vault for each in lost] == ["the vaults of subscription t", str(vault("kv-t", "t")), "kv-name"]


def test_an_unseen_selection_that_would_say_nothing_new_hinders_nobody():
    others = {("t",): SubscriptionNotShown("t")}
    targets, lost = selected([choice("kv-a"), choice(Selection(("t",)), 9)], others=others)
    assert [each.name for each in targets] == ["kv-a"]
    assert len(lost) == 1


def test_where_only_a_part_is_unseen_the_vaults_of_the_other_part_go_on():
    both = choice(Selection(("s", "t")), 9, EXCLUSIVE)
    seen = Selected((vault("kv-x"),), (("/subscriptions/t", SubscriptionNotShown("t")),))
    targets, _ = selected([choice(vault("kv-a")), both], others={("s", "t"): seen})
    assert [each.name for each in targets] == ["kv-a", "kv-x"]


def test_a_named_vault_is_found_in_a_selection_and_counts_as_named():
    targets, lost = selected([choice(Selection(only=("KV-B",)), 5, EXCLUSIVE)], vault("kv-a"), vault("kv-b"))
    assert [(each.vault, each.is_selected, each.intent.exclusive) for each in targets] == [(vault("kv-b"), False, True)]
    assert lost == []


def test_a_named_vault_that_no_selection_finds_is_an_error():
    with pytest.raises(NotInConfiguration, match=r"kv-c is in no entry of netcfg\.yaml, and none of its selections"):
        selected([choice(Selection(only=("kv-c",)))], vault("kv-a"))


def test_a_named_vault_is_undetermined_where_the_selection_cannot_be_seen():
    others = {("t",): SubscriptionNotShown("t")}
    with pytest.raises(SubscriptionNotShown):
        selected([choice(Selection(("t",), only=("kv-c",)))], others=others)
    targets, lost = selected([choice("kv-a"), choice(Selection(("t",), only=("kv-a", "kv-c")))], others=others)
    assert [each.name for each in targets] == ["kv-a"]
    assert [each.vault for each in lost] == ["kv-c"]


def test_nothing_is_asked_where_everything_is_named():
    assert [each.name for each in select([choice("kv-a")], around(Azure({})))[0]] == ["kv-a"]
