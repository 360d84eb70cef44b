"""What a selection finds, what it may have missed, and what follows for vaults that are named beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from netcfg.core.discovery import ClosedProject, Library, LinkedGroup
from netcfg.core.errors import (
    AmbiguousVault,
    NetcfgError,
    NothingInBoth,
    NothingLinked,
    NothingSelected,
    NotInConfiguration,
    SubscriptionNotShown,
)
from netcfg.core.plan import Undetermined
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import Firewall, NetworkRuleSet, PublicAccess
from netcfg.core.shard import Shard
from netcfg.core.target import Choice, Location, Selected, Selection, Target
from netcfg.core.terms import NO_TERMS, Terms
from netcfg.workflow.selection import Meant, select
from tests.strategies import EUROPE
from tests.workflow.fakes import Azure, Nobody, around

TOP = Terms(geographies=(EUROPE,))
TEAM = Selection(tags=(("team", "a"),))
EXCLUSIVE = Terms(exclusive=True)
OPEN = Firewall(PublicAccess.ENABLED, NetworkRuleSet())


def vault(name: str, subscription: str = "s") -> VaultId:
    found = parse_vault(f"/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/{name}")
    assert isinstance(found, VaultId)
    return found


@dataclass
class Finds(Azure):
    """Finds by the subscriptions that are asked for, or fails."""

    finds: dict[tuple[str, ...], Selected | NetcfgError] = field(default_factory=dict)
    names: dict[str, VaultId | NetcfgError] = field(default_factory=dict)
    nowhere: NetcfgError | None = None
    consistent: list[bool] = field(default_factory=list)

    def show(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        shown: dict[VaultId | str, Vault | NetcfgError] = {}
        for each in vaults:
            there = [one for id, one in self.vaults.items() if each in (id, id.name)]
            shown[each] = there[0] if there else self.nowhere or NetcfgError("nobody looks for it")
        return shown

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        return {name: self.names[name] for name in names}

    def select(self, selection: Selection, *, is_consistent: bool = False) -> Selected:
        self.consistent.append(is_consistent)
        found = self.finds[selection.subscriptions]
        if isinstance(found, NetcfgError):
            raise found
        return found


@dataclass
class Told(Nobody):
    said: list[str] = field(default_factory=list)

    def tell(self, what: str) -> None:
        self.said.append(what)


def seen(*ids: VaultId) -> tuple[Vault, ...]:
    """The vaults as the index shows them; what is in them does not matter here."""
    return tuple(Vault(each, OPEN, is_indexed=True) for each in ids)


def choice(chosen: VaultId | str | Selection, line: int = 3, said: Terms = NO_TERMS) -> Choice:
    return Choice(chosen, said, Location("netcfg.yaml", line), TOP)


def selected(
    choices: Sequence[Choice],
    *found: VaultId,
    others: dict[tuple[str, ...], Selected | NetcfgError] | None = None,
    names: dict[str, VaultId | NetcfgError] | None = None,
) -> tuple[list[Target], list[Undetermined]]:
    meant = select(choices, around(Finds({}, finds={(): Selected(seen(*found)), **(others or {})}, names=names or {})))
    return list(meant.targets), list(meant.lost)


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
    world = replace(around(Finds({}, finds={(): Selected(seen(vault("kv-b"), vault("kv-a")))})), progress=progress)
    select([choice(TEAM, 14)], world)
    (said,) = progress.said
    assert said == (
        "netcfg.yaml:14 selects the vaults of tag team=a (2 in 1 subscription; one made in the last minutes may be "
        "missing): kv-a, kv-b"
    )
    select([choice(TEAM, 14)], world, is_consistent=True)
    assert progress.said[1:] == ["netcfg.yaml:14 selects the vaults of tag team=a (2 in 1 subscription): kv-a, kv-b"]
    assert isinstance(world.vaults, Finds)
    assert world.vaults.consistent == [False, True]


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
    found = Selected(seen(vault("kv-a")), (("/subscriptions/t", SubscriptionNotShown("t")),))
    targets, lost = selected([choice(there)], others={("s", "t"): found})
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
    found = Selected(seen(vault("kv-x")), (("/subscriptions/t", SubscriptionNotShown("t")),))
    targets, _ = selected([choice(vault("kv-a")), both], others={("s", "t"): found})
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
    assert [each.name for each in select([choice("kv-a")], around(Azure({}))).targets] == ["kv-a"]


@dataclass
class Groups:
    """What organizations have linked, or why nobody knows; and who was asked."""

    linked_in: dict[str, Library | NetcfgError]
    asked: list[str] = field(default_factory=list)

    def linked(self, organization: str) -> Library:
        self.asked.append(organization)
        found = self.linked_in[organization]
        if isinstance(found, NetcfgError):
            raise found
        return found


def library(*vaults: str, closed: str = "") -> Library:
    groups = tuple(LinkedGroup(each, "web", f"of {each}", "c") for each in vaults)
    return Library(groups, (ClosedProject(closed, NetcfgError("it may not be read")),) if closed else ())


LINKED = Selection(is_linked=True)
BOTH = Terms(organizations=("contoso", "fabrikam"))
NOWHERE = NetcfgError("it is nowhere")


def linked(
    groups: dict[str, Library | NetcfgError],
    *there: VaultId,
    said: Terms = BOTH,
    selection: Selection = LINKED,
    finds: dict[tuple[str, ...], Selected | NetcfgError] | None = None,
) -> Meant:
    """What `--linked` selects where these vaults are there."""
    azure = Finds({each.id: each for each in seen(*there)}, finds=finds or {})
    azure.nowhere = NOWHERE
    world = replace(around(azure), groups=Groups(groups))
    return select([Choice(selection, said)], world)


def test_a_vault_serves_the_organizations_that_link_it_and_no_other():
    meant = linked(
        {"contoso": library("kv-a", "KV-B"), "fabrikam": library("kv-b", "kv-c")},
        *map(vault, ("kv-a", "kv-b", "kv-c")),
    )
    assert {each.name: each.intent.organizations for each in meant.targets} == {
        "kv-a": ("contoso",),
        "kv-b": ("contoso", "fabrikam"),
        "kv-c": ("fabrikam",),
    }
    assert not any(each.is_selected for each in meant.targets)
    assert meant.lost == ()
    assert meant.said == (
        "the command line selects the vaults that variable groups use (3 in 1 subscription): kv-a, kv-b, kv-c",
    )


def test_a_geography_that_is_given_counts_for_every_linked_vault():
    meant = linked(
        {"contoso": library("kv-a"), "fabrikam": library("kv-b")},
        vault("kv-a"),
        vault("kv-b"),
        said=replace(BOTH, geographies=(EUROPE,)),
    )
    assert [each.intent.geographies for each in meant.targets] == [(EUROPE,), (EUROPE,)]


def test_a_linked_name_that_is_nowhere_is_named_with_its_groups():
    meant = linked({"contoso": library("kv-a", "kv-gone"), "fabrikam": library("kv-gone")}, vault("kv-a"))
    assert [each.name for each in meant.targets] == ["kv-a"]
    (lost,) = meant.lost
    assert lost.vault == "kv-gone"
    assert str(lost.error) == (
        "'kv-gone' is linked to the variable group 'of kv-gone' of contoso/web; the variable group 'of kv-gone' of "
        "fabrikam/web: it is nowhere"
    )


@pytest.mark.parametrize("name", ["kv'x", "a b", "x" * 30, str(vault("kv-a"))])
def test_what_is_no_name_of_a_vault_spoils_no_other_one(name: str):
    meant = linked({"contoso": library("kv-a", name), "fabrikam": library("kv-a")}, vault("kv-a"))
    assert [each.name for each in meant.targets] == ["kv-a"]
    assert [each.vault for each in meant.lost] == [name.lower()]
    assert meant.lost[0].error.status == 1


def test_a_project_or_an_organization_that_cannot_be_read_is_undetermined_and_takes_nothing_with_it():
    meant = linked({"contoso": library("kv-a", closed="desk"), "fabrikam": NetcfgError("no token")}, vault("kv-a"))
    assert [(each.name, each.intent.organizations) for each in meant.targets] == [("kv-a", ("contoso",))]
    assert [(each.vault, str(each.error), each.is_selection) for each in meant.lost] == [
        ("the variable groups of the project desk in contoso", "it may not be read", True),
        ("the variable groups of fabrikam", "no token", True),
    ]


def test_where_the_rules_of_others_go_a_vault_that_may_serve_one_of_them_is_undetermined():
    said = replace(BOTH, exclusive=True)
    groups = {"contoso": library("kv-a", "kv-b"), "fabrikam": library("kv-b", closed="desk")}
    meant = linked(groups, vault("kv-a"), vault("kv-b"), said=said)
    assert [each.name for each in meant.targets] == ["kv-b"]
    assert [each.vault for each in meant.lost] == [
        "the variable groups of the project desk in fabrikam",
        str(vault("kv-a")),
    ]


def test_where_nothing_is_linked_at_all_that_is_an_error():
    with pytest.raises(NothingLinked, match=r"^no variable group of contoso or fabrikam that this sign-in sees"):
        linked({"contoso": library(), "fabrikam": library()})
    with pytest.raises(NetcfgError, match="no token"):
        linked({"contoso": library(), "fabrikam": NetcfgError("no token")})


def test_what_is_linked_is_narrowed_by_places_and_tags_and_never_widened():
    groups: dict[str, Library | NetcfgError] = {"contoso": library("kv-a", "kv-b", "kv-t"), "fabrikam": library()}
    there = [vault("kv-a"), vault("kv-b"), vault("kv-t", "t")]
    within = Selection(("t",), is_linked=True)
    found: dict[tuple[str, ...], Selected | NetcfgError] = {
        ("t",): Selected(seen(vault("kv-t", "t"), vault("kv-x", "t")))
    }
    assert [each.name for each in linked(groups, *there, selection=within, finds=found).targets] == ["kv-t"]
    tagged = Selection(tags=(("team", "a"),), is_linked=True)
    found = {(): Selected(seen(vault("kv-b"), vault("kv-x")))}
    assert [each.name for each in linked(groups, *there, selection=tagged, finds=found).targets] == ["kv-b"]


def narrowed(
    choices: Sequence[Choice],
    within: Selection,
    found: Selected | NetcfgError,
    *there: VaultId,
    others: dict[tuple[str, ...], Selected | NetcfgError] | None = None,
) -> Meant:
    """What is left of what a file chooses."""
    azure = Finds({each.id: each for each in seen(*there)}, finds={within.subscriptions: found, **(others or {})})
    azure.nowhere = NOWHERE
    return select(choices, around(azure), within=within)


IN_S = Selection(("s",))


def test_a_selection_on_the_command_line_narrows_what_a_file_chooses_and_says_what_it_left_out():
    found = Selected(seen(vault("kv-a"), vault("kv-b"), vault("kv-x"), vault("kv-y")))
    file = [choice(vault("kv-a")), choice("kv-b", 4), choice(vault("kv-t", "t"), 5), choice("kv-u", 6)]
    meant = narrowed(file, IN_S, found, vault("kv-u", "t"))
    assert [each.name for each in meant.targets] == ["kv-a", "kv-b"]
    assert meant.lost == ()
    kept, left_out = meant.said
    assert kept == "of these, 2 vaults are among the vaults of subscription s: kv-a, kv-b"
    assert left_out == (
        "2 other vaults are among the vaults of subscription s and left out, because netcfg.yaml does not choose them: "
        "kv-x, kv-y"
    )


def test_a_vault_that_the_index_does_not_have_yet_is_not_left_out():
    meant = narrowed([choice(vault("kv-new")), choice("kv-newer", 4)], IN_S, Selected(()), vault("kv-newer"))
    assert [each.name for each in meant.targets] == ["kv-new", "kv-newer"]


def test_a_named_vault_that_is_nowhere_is_undetermined_whatever_narrows():
    meant = narrowed([choice(vault("kv-a")), choice("kv-gone", 4)], IN_S, Selected(seen(vault("kv-a"))))
    assert [(each.vault, str(each.error)) for each in meant.lost] == [("kv-gone", "it is nowhere")]


def test_what_is_unseen_of_the_narrowing_is_undetermined():
    found = Selected(seen(vault("kv-a")), (("/subscriptions/t", SubscriptionNotShown("t")),))
    meant = narrowed([choice(vault("kv-a"))], Selection(("s", "t")), found)
    assert [each.vault for each in meant.lost] == ["the vaults of subscriptions s, t"]
    blind = narrowed(
        [choice(vault("kv-a")), choice("kv-b")], TEAM, SubscriptionNotShown("t"), vault("kv-a"), vault("kv-b")
    )
    assert blind.targets == ()
    assert {each.vault for each in blind.lost} == {str(vault("kv-a")), "kv-b", "the vaults of tag team=a"}


def test_selections_of_a_file_and_one_of_the_command_line_meet():
    there = Selected(seen(vault("kv-a"), vault("kv-b")))
    found = {("s", "t"): Selected(seen(vault("kv-b"), vault("kv-c", "t"))), ("u",): SubscriptionNotShown("u")}
    meant = narrowed([choice(Selection(("s", "t"))), choice(Selection(("u",)), 9)], IN_S, there, others=found)
    assert [(each.name, each.is_selected) for each in meant.targets] == [("kv-b", True)]
    assert meant.lost == ()


def test_where_both_have_nothing_in_common_that_is_an_error():
    with pytest.raises(NothingInBoth, match=r"^nothing is selected: none of the vaults of subscription s is chosen by"):
        narrowed([choice(vault("kv-t", "t"))], IN_S, Selected(seen(vault("kv-x"))))


def test_a_shard_takes_its_own_vaults_and_what_is_about_places():
    ids = [vault(f"kv-{number:03}") for number in range(60)]
    both = Selection(("s", "t"))
    found = Selected(seen(*ids), (("/subscriptions/t", SubscriptionNotShown("t")),), ((ids[0], NOWHERE),))
    azure = Finds({}, finds={("s", "t"): replace(found, vaults=found.vaults[1:])})
    parts = [select([choice(both)], around(azure), shard=Shard(number, 3)) for number in (1, 2, 3)]
    assert sorted(each.name for part in parts for each in part.targets) == [each.name for each in ids[1:]]
    assert all(part.targets for part in parts)
    assert [sum(each.is_selection for each in part.lost) for part in parts] == [1, 1, 1]
    assert sum(not each.is_selection for part in parts for each in part.lost) == 1
    sizes = [len(part.targets) + sum(not each.is_selection for each in part.lost) for part in parts]
    assert [part.said[-1] for part in parts] == [
        f"shard {number} of 3: {size} of 60 vaults" for number, size in zip((1, 2, 3), sizes, strict=True)
    ]


def test_a_shard_may_be_empty():
    meant = select([choice("kv-a")], around(Azure({})), shard=Shard(1, 1000))
    assert meant.targets == ()
    assert meant.said == ("shard 1 of 1000: 0 of 1 vault",)


def test_many_vaults_of_one_selection_share_one_intent():
    targets, _ = selected([choice(TEAM)], *(vault(f"kv-{number:03}") for number in range(50)))
    assert len({id(each.intent) for each in targets}) == 1


@pytest.mark.parametrize("within", [Selection(), TEAM])
def test_a_vault_of_that_name_at_another_id_is_not_the_one_that_a_file_means(within: Selection):
    written, elsewhere = vault("kv-a"), vault("kv-a", "t")
    meant = narrowed([choice(written), choice(vault("kv-b"), 4)], within, Selected(seen(elsewhere, vault("kv-b"))))
    assert [(each.vault, each.shown is None) for each in meant.targets if each.name == "kv-a"] == (
        [] if within.tags else [(written, True)]  # what is in every subscription is asked for by itself later
    )
    assert [each.vault for each in meant.lost] == ([str(written)] if within.tags else [])
    assert [each.shown.id for each in meant.targets if each.shown] == [vault("kv-b")]


def test_a_vault_that_two_selections_show_in_two_places_is_undetermined_alone():
    both = {("s",): Selected(seen(vault("kv-a"), vault("kv-b"))), ("t",): Selected(seen(vault("kv-a", "t")))}
    targets, lost = selected([choice(Selection(("s",))), choice(Selection(("t",)), 9)], others=both)
    assert [each.name for each in targets] == ["kv-b"]
    assert [type(each.error) for each in lost] == [AmbiguousVault]
    assert f"{vault('kv-a')} and {vault('kv-a', 't')}" in str(lost[0].error)


def linked_within(
    choices: Sequence[Choice], groups: dict[str, Library | NetcfgError], finds: Selected, *there: VaultId
) -> Meant:
    """What is left of what a file chooses, where only what is linked is meant."""
    azure = Finds({each.id: each for each in seen(*there)}, finds={(): finds})
    azure.nowhere = NOWHERE
    return select(choices, replace(around(azure), groups=Groups(groups)), within=LINKED)


def test_a_linked_vault_that_a_file_selects_serves_only_those_that_link_it_and_an_entry_what_it_says():
    a, b, c = vault("kv-a"), vault("kv-b"), vault("kv-c")
    groups: dict[str, Library | NetcfgError] = {"contoso": library("kv-a", "kv-b"), "fabrikam": library("kv-b", "kv-c")}
    meant = linked_within([choice(TEAM, 3, BOTH), choice(c, 4, BOTH)], groups, Selected(seen(a, b)), a, b, c)
    assert {each.name: each.intent.organizations for each in meant.targets} == {
        "kv-a": ("contoso",),
        "kv-b": ("contoso", "fabrikam"),
        "kv-c": ("contoso", "fabrikam"),
    }
    assert not any(each.is_selected for each in meant.targets)


def test_a_vault_that_only_others_link_is_left_out_and_that_is_said():
    a, b = vault("kv-a"), vault("kv-b")
    groups: dict[str, Library | NetcfgError] = {"contoso": library("kv-a"), "fabrikam": library("kv-b")}
    mine = choice(TEAM, 3, Terms(organizations=("contoso",)))
    other = choice("kv-a", 4, Terms(organizations=("fabrikam",)))
    meant = linked_within([mine, other], groups, Selected(seen(b)), a, b)
    assert [each.name for each in meant.targets] == ["kv-a"]
    assert (
        "1 vault is left out, because none of the organizations that netcfg.yaml means for it links it: kv-b"
        in meant.said
    )


def test_where_the_rules_of_others_go_a_selected_vault_that_one_may_link_is_undetermined():
    a = vault("kv-a")
    groups: dict[str, Library | NetcfgError] = {"contoso": library("kv-a"), "fabrikam": NetcfgError("no token")}
    said = replace(BOTH, exclusive=True)
    meant = linked_within([choice(TEAM, 3, said)], groups, Selected(seen(a)), a)
    assert meant.targets == ()
    assert [(each.vault, str(each.error)) for each in meant.lost] == [
        (str(a), "no token"),
        ("the variable groups of fabrikam", "no token"),
    ]


def test_an_organization_that_shows_no_project_could_not_be_asked():
    meant = linked({"contoso": library("kv-a"), "fabrikam": Library(is_blind=True)}, vault("kv-a"))
    assert [each.name for each in meant.targets] == ["kv-a"]
    assert [each.vault for each in meant.lost] == ["the variable groups of fabrikam"]


def test_the_lists_decide_about_tags_where_they_are_asked():
    listed = Selected(tuple(replace(each, is_indexed=False) for each in seen(vault("kv-a"))))
    azure = Finds({each: Vault(each, OPEN) for each in (vault("kv-a"), vault("kv-b"))}, finds={(): listed})
    world = replace(around(azure), groups=Groups({"contoso": library("kv-a", "kv-b")}))
    said = Terms(organizations=("contoso",))
    meant = select([Choice(replace(TEAM, is_linked=True), said)], world, is_consistent=True)
    assert ([each.name for each in meant.targets], meant.lost) == (["kv-a"], ())
    file = [choice(vault("kv-a")), choice(vault("kv-b"), 4)]
    assert [each.name for each in select(file, world, within=TEAM, is_consistent=True).targets] == ["kv-a"]
