"""What a selection finds, what it may have missed, and what follows for vaults that are named beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from netcfg.core.errors import (
    NetcfgError,
    NothingSelected,
    NotInConfiguration,
    SubscriptionNotShown,
)
from netcfg.core.plan import Undetermined
from netcfg.core.resources import VaultId, parse_vault
from netcfg.core.rules import PublicAccess
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
    names: dict[str, VaultId | NetcfgError] = field(default_factory=dict)

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        return {name: self.names[name] for name in names}

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
    choices: Sequence[Choice],
    *found: VaultId,
    others: dict[tuple[str, ...], Selected | NetcfgError] | None = None,
    names: dict[str, VaultId | NetcfgError] | None = None,
) -> tuple[list[Target], list[Undetermined]]:
    return select(choices, around(Finds({}, finds={(): Selected(found), **(others or {})}, names=names or {})))


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


@pytest.mark.parametrize(
    ("entry", "selection", "why"),
    [
        (Terms(exclusive=False), EXCLUSIVE, "kv-a is chosen by netcfg.yaml:3 and by netcfg.yaml:5, which say"),
        (
            Terms(keep_default_action=True),
            Terms(public_access=PublicAccess.ENABLED),
            "--keep-default-action and --public-access enabled exclude each other",
        ),
    ],
)
def test_what_an_entry_and_a_selection_contradict_keeps_only_that_vault_from_being_planned(
    entry: Terms, selection: Terms, why: str
):
    targets, lost = selected([choice("kv-a", 3, entry), choice(TEAM, 5, selection)], vault("kv-a"), vault("kv-b"))
    assert [each.name for each in targets] == ["kv-b"]
    assert [(each.vault, each.where) for each in lost] == [(str(vault("kv-a")), Location("netcfg.yaml", 3))]
    assert str(lost[0].error).startswith(f"netcfg.yaml:3: {why}")
    with pytest.raises(NetcfgError) as caught:
        selected([choice("kv-a", 3, entry), choice(TEAM, 5, selection)], vault("kv-a"))
    assert caught.value.status == 1


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
    assert [(each.vault, each.is_selection) for each in lost] == [("the vaults of tag team=a", True)]


def test_a_selection_that_finds_nothing_takes_no_named_vault_with_it():
    targets, lost = selected([choice("kv-a"), choice(vault("kv-b")), choice(TEAM, 5, EXCLUSIVE)])
    assert [each.name for each in targets] == ["kv-a", "kv-b"]
    assert [(each.vault, each.where) for each in lost] == [("the vaults of tag team=a", Location("netcfg.yaml", 5))]


def test_a_part_that_cannot_be_seen_is_undetermined():
    there = Selection(("s", "t"))
    seen = Selected((vault("kv-a"),), (("/subscriptions/t", SubscriptionNotShown("t")),))
    targets, lost = selected([choice(there)], others={("s", "t"): seen})
    assert [each.name for each in targets] == ["kv-a"]
    assert [str(each.error)[:43] for each in lost] == ["this sign-in does not see the subscription "]


def test_a_vault_that_an_unseen_selection_might_mean_otherwise_is_undetermined():
    blind = choice(Selection(("t",)), 9, EXCLUSIVE)
    others = {("t",): SubscriptionNotShown("t")}
    names: dict[str, VaultId | NetcfgError] = {
        "kv-here": vault("kv-here"),
        "kv-there": vault("kv-there", "t"),
        "kv-nowhere": NetcfgError("it may not be seen"),
    }
    named = [vault("kv-s"), vault("kv-t", "t"), *names]
    targets, lost = selected([*map(choice, named), blind], others=others, names=names)
    assert [each.vault for each in targets] == [vault("kv-s"), vault("kv-here")]
    assert {each.vault: str(each.error)[:30] for each in lost} == {
        "the vaults of subscription t": "this sign-in does not see the ",
        "kv-nowhere": "it may not be seen",
        str(vault("kv-t", "t")): "this sign-in does not see the ",
        str(vault("kv-there", "t")): "this sign-in does not see the ",
    }


def test_an_unseen_selection_that_would_say_nothing_new_hinders_nobody():
    others = {("t",): SubscriptionNotShown("t")}
    targets, lost = selected([choice(vault("kv-a", "t")), choice(Selection(("t",)), 9)], others=others)
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
    both = [choice(vault("kv-a")), choice(Selection(("t",), only=("kv-a", "kv-c")))]
    targets, lost = selected(both, others=others)
    assert [each.name for each in targets] == ["kv-a"]
    assert [each.vault for each in lost] == ["kv-c"]


def test_nothing_is_asked_where_everything_is_named():
    assert [each.name for each in select([choice("kv-a")], around(Azure({})))[0]] == ["kv-a"]
