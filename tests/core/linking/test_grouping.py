"""What becomes of a variable group: laws first, then what is said where something cannot be mapped."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.errors import (
    DevOpsUnreachable,
    GroupEmptied,
    GroupMoved,
    Interrupted,
    MappedTwice,
    NetcfgError,
    NoSuchSecret,
    NothingMatches,
    NothingToMap,
    PlainValues,
    SecretReserved,
    SecretsMoved,
    SecretUnusable,
)
from netcfg.core.guards import Acceptance
from netcfg.core.linking.grouping import (
    NOTHING,
    Choice,
    Grant,
    GroupChange,
    GroupOutcome,
    GroupPlan,
    GroupPlans,
    GroupResult,
    Part,
    Unplanned,
    Wish,
    as_listed,
    choose,
    compare,
    decline,
    differences,
    judge,
    linked,
    notes_of_link,
    notes_of_refresh,
    refreshed,
    settle,
    what_moved,
    why_not,
)
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.core.linking.secrets import Secret, tie
from netcfg.core.outcome import Ending
from netcfg.core.plan import Action
from netcfg.core.resources import Vault, parse_vault
from netcfg.core.rules import Firewall, NetworkRuleSet, PublicAccess

TODAY = date(2026, 7, 1)
PAST, SOON = datetime(2026, 5, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
PROJECT = Project("contoso", "payments", "p1")
CONNECTION = ServiceConnection("c1", "azure-prod", PROJECT)

law = settings(max_examples=25)
names = st.text("abAB1-", min_size=1, max_size=3)
times = st.sampled_from([None, PAST, SOON])
secrets = st.lists(
    st.builds(
        Secret,
        names,
        enabled=st.booleans(),
        expires=times,
        starts=times,
        content_type=st.sampled_from(["", "text/plain"]),
        is_managed=st.booleans(),
    ),
    unique_by=lambda each: each.key,
    max_size=8,
).map(lambda found: (*found, Secret("z")))  # which is mapped too, so that no group is emptied


def written(*, value=None, is_secret=True, **more):
    return json.dumps({"value": value, "isSecret": is_secret, **more})


founds = st.sampled_from(["", written(), written(note="ours"), "null"])
mappings = st.lists(
    st.builds(Mapping, names, enabled=st.booleans(), expires=times, found=founds, is_legible=st.booleans()),
    unique_by=lambda each: each.key,
    max_size=8,
).map(lambda found: (*found, Mapping("z")))
wishes = st.builds(
    Wish, patterns=st.lists(st.sampled_from(["a*", "*b*", "*1"]), max_size=2).map(tuple), is_all=st.booleans()
)


def a_group(*mapped, **more):
    return VariableGroup(7, "shop", PROJECT, vault="kv-a", connection="c1", mappings=mapped, **more)


def a_plan(before, *after, **more):
    return GroupPlan(PROJECT, "shop", "kv-a", CONNECTION, before, after, **more)


def chosen(held, wish):
    """What the wish comes to, without its patterns that match nothing, which are an error."""
    matching = [each for each in wish.patterns if any(fnmatchcase(one.key, each) for one in held)]
    return choose("kv-a", held, replace(wish, patterns=tuple(matching)), TODAY)


def brought_in_line(mapped, held, wish):
    return refreshed(a_group(*mapped), chosen(held, wish), held)


@law
@given(mappings)
def test_nothing_lies_between_a_group_and_itself(mapped):
    assert compare(mapped, mapped) == ()


@law
@given(mappings, secrets, wishes)
def test_a_refresh_after_a_refresh_changes_nothing(mapped, held, wish):
    once = brought_in_line(mapped, held, wish)
    assert compare(once, brought_in_line(once, held, wish)) == ()
    assert compare(once, brought_in_line(once, held, NOTHING)) == ()


@law
@given(mappings, secrets, wishes)
def test_a_refresh_adds_nothing_that_nobody_asked_for(mapped, held, wish):
    after = {each.key for each in brought_in_line(mapped, held, wish)}
    assert after <= {each.key for each in mapped} | {each.key for each in chosen(held, wish).secrets}


@law
@given(mappings, secrets)
def test_without_a_wish_a_refresh_adds_nothing(mapped, held):
    changes = compare(mapped, brought_in_line(mapped, held, NOTHING))
    assert not [each for each in changes if each.action is Action.ADD]


@law
@given(mappings, secrets, wishes)
def test_a_refresh_drops_only_what_the_vault_no_longer_has(mapped, held, wish):
    there, after = {each.key for each in held}, {each.key for each in brought_in_line(mapped, held, wish)}
    assert {each.key for each in mapped} - after <= {each.key for each in mapped} - there


@law
@given(mappings, secrets, wishes)
def test_what_is_not_understood_is_kept_to_the_letter(mapped, held, wish):
    after = brought_in_line(mapped, held, wish)
    assert {each for each in mapped if not each.is_legible} <= set(after)


@law
@given(mappings, secrets, wishes)
def test_what_a_mapping_was_written_as_goes_with_it(mapped, held, wish):
    before = {each.key: each.found for each in mapped}
    assert all(each.found == before.get(each.key, "") for each in brought_in_line(mapped, held, wish))


@law
@given(mappings, secrets, wishes)
def test_following_the_changes_reaches_what_was_planned(mapped, held, wish):
    after = brought_in_line(mapped, held, wish)
    keys = {each.key for each in mapped}
    for each in compare(mapped, after):
        keys = keys - {each.value.lower()} if each.action is Action.REMOVE else keys | {each.value.lower()}
    assert keys == {each.key for each in after}
    stay = {each.key: each for each in after}
    assert all(stay[each.key] == each for each in a_plan(a_group(*mapped), *after).kept)


@law
@given(mappings, secrets, wishes)
def test_a_link_leaves_every_mapping_as_it_is(mapped, held, wish):
    choice = chosen(held, replace(wish, names=("z",)))
    after = linked(a_group(*mapped), "kv-a", choice)
    assert after[: len(mapped)] == mapped
    assert {each.key for each in after} == {each.key for each in (*mapped, *choice.secrets)}


@law
@given(secrets, wishes)
def test_what_a_pattern_means_is_of_use_to_a_job(held, wish):
    assert all(why_not(each, TODAY) == "" for each in chosen(held, wish).secrets)


def test_a_plan_says_what_goes_what_comes_and_what_is_new_of_the_rest():
    before = a_group(Mapping("Old"), Mapping("same"), Mapping("token", expires=PAST))
    plan = a_plan(before, Mapping("same"), Mapping("token", enabled=False, expires=SOON), Mapping("api"))
    assert plan.changes == (
        GroupChange(Action.ADD, Part.SECRET, "api"),
        GroupChange(Action.REMOVE, Part.SECRET, "Old", reason="the vault no longer has it"),
        GroupChange(
            Action.SET,
            Part.SECRET,
            "token",
            was="enabled, expires 2026-05-01T00:00:00Z",
            reason="disabled, expires 2027-01-01T00:00:00Z",
        ),
    )
    assert plan.kept == (Mapping("same"),)


# --- which secrets ------------------------------------------------------------------------------------------------

HELD = (
    Secret("app-one"),
    Secret("App-Two", content_type="text/plain"),
    Secret("app-off", enabled=False),
    Secret("app-past", expires=PAST),
    Secret("app-later", starts=SOON),
    Secret("tls", is_managed=True),
    Secret("Secret-of-old"),
)


def test_a_pattern_takes_what_a_job_can_use_and_says_what_it_leaves():
    assert choose("kv-a", HELD, Wish(patterns=("APP-*", "t*")), TODAY) == Choice(
        (HELD[0], HELD[1]),
        (
            "left out, as it is disabled: app-off",
            "left out, as it is expired: app-past",
            "left out, as it is kept by a certificate: tls",
            "left out, as it is not yet valid: app-later",
        ),
    )


def test_all_leaves_out_names_that_are_reserved():
    notes = choose("kv-a", HELD, Wish(is_all=True), TODAY).notes
    assert "left out, as it is reserved by Azure Pipelines (secret…): Secret-of-old" in notes


def test_what_is_named_is_taken_though_a_certificate_keeps_it_or_it_is_early():
    assert choose("kv-a", HELD, Wish(("TLS", "app-later")), TODAY) == Choice(
        (HELD[4], HELD[5]), ("not valid yet, so jobs fail until then: app-later",)
    )


@pytest.mark.parametrize(
    ("wish", "kind", "message"),
    [
        (
            Wish(("app-on",)),
            NoSuchSecret,
            "the vault 'kv-a' has no secret 'app-on'; did you mean 'app-one'?; check the name",
        ),
        (
            Wish(("signing",)),
            NoSuchSecret,
            "the vault 'kv-a' has no secret 'signing'; it is the name of a key, and only secrets can be mapped",
        ),
        (
            Wish(("APP-OFF",)),
            SecretUnusable,
            "the secret 'app-off' of the vault 'kv-a' is disabled, so no job would get it; put that right in the vault",
        ),
        (Wish(("app-past",)), SecretUnusable, "the secret 'app-past' of the vault 'kv-a' is expired, so no job"),
        (
            Wish(("secret-of-old",)),
            SecretReserved,
            "the secret 'Secret-of-old' cannot be used: Azure Pipelines keeps variables to itself whose",
        ),
        (
            Wish(patterns=("web-*",)),
            NothingMatches,
            "no secret of the vault 'kv-a' matches 'web-*'; its 7 secrets are App-Two; Secret-of-old; app-later;",
        ),
    ],
)
def test_what_cannot_be_mapped_is_an_error_that_says_why(wish, kind, message):
    with pytest.raises(kind) as met:
        choose("kv-a", HELD, wish, TODAY, lambda: {"signing"})
    assert str(met.value).startswith(message)


def test_nobody_is_asked_for_keys_when_every_name_is_there():
    def ask():
        raise AssertionError

    choose("kv-a", HELD, Wish(("app-one",)), TODAY, ask)


def test_a_group_is_not_made_of_nothing():
    choice = choose("kv-a", HELD[2:3], Wish(is_all=True), TODAY)
    with pytest.raises(NothingToMap, match="no secret that can be mapped; left out, as it is disabled: app-off"):
        linked(None, "kv-a", choice)


def test_a_refresh_never_leaves_a_group_without_a_mapping():
    with pytest.raises(GroupEmptied, match="none of the 2 secrets any more that the variable group 'shop' maps"):
        refreshed(a_group(Mapping("a"), Mapping("b")), Choice(()), HELD)


PLAIN = Mapping("region", has_value=True, is_legible=False)


def test_a_group_that_holds_plain_values_is_not_written():
    said = "holds plain variables all the same \\(region\\), which a write would empty"
    with pytest.raises(PlainValues, match=said):
        linked(a_group(Mapping("a"), PLAIN), "kv-a", Choice((HELD[0],)))
    with pytest.raises(PlainValues, match=said):
        refreshed(a_group(Mapping("app-one"), Mapping("gone"), PLAIN), Choice(()), HELD)


def test_a_group_that_holds_plain_values_and_is_in_line_is_no_error():
    before = a_group(Mapping("app-one"), PLAIN)
    assert refreshed(before, Choice(()), HELD) == before.mappings
    assert linked(before, "kv-a", Choice((HELD[0],))) == before.mappings


def test_a_name_that_a_group_spells_twice_is_an_error_whatever_is_to_change():
    before = a_group(Mapping("app-one"), Mapping("App-One"), Mapping("b"))
    with pytest.raises(MappedTwice, match=r"several times \(App-One; app-one\)"):
        refreshed(before, Choice(()), HELD)
    with pytest.raises(MappedTwice):
        linked(before, "kv-a", Choice((HELD[0],)))


@law
@given(mappings, secrets, wishes)
def test_a_plan_still_holds_for_the_vault_that_it_was_made_for(mapped, held, wish):
    after = brought_in_line(mapped, held, wish)
    assert as_listed(a_plan(a_group(*mapped), *after), held, TODAY) == after


@law
@given(mappings, secrets, secrets, wishes)
def test_what_is_written_is_what_a_plan_of_now_would_be_but_for_what_came(mapped, held, later, wish):
    plan = a_plan(a_group(*mapped), *brought_in_line(mapped, held, wish))
    try:
        written = as_listed(plan, later, TODAY)
    except SecretsMoved:
        return
    now = {each.key: each for each in refreshed(plan.before, Choice(()), later)}
    touched = {each.value.lower() for each in plan.changes}
    assert all(now.get(each.key, each) == each for each in written if each.key in touched)
    assert {each.key for each in mapped} & touched - {each.key for each in written} <= {each.key for each in mapped} - {
        each.key for each in later
    }


@pytest.mark.parametrize(
    ("after", "now", "said"),
    [
        ((Mapping("token"),), (Secret("token"), Secret("Feed")), "Feed is there again"),
        ((*map(Mapping, ("token", "feed", "new")),), (Secret("token"), Secret("feed")), "new is not there any more"),
        (
            (*map(Mapping, ("token", "feed", "new")),),
            (Secret("feed"), Secret("new", enabled=False)),
            "new is disabled",
        ),
        (
            (Mapping("token", enabled=False), Mapping("feed")),
            (Secret("token"), Secret("feed")),
            "token changed again",
        ),
        ((Mapping("token", enabled=False), Mapping("feed")), (Secret("feed"),), "token is not there any more"),
    ],
)
def test_what_is_no_longer_right_has_to_be_looked_at_again(after, now, said):
    plan = a_plan(a_group(Mapping("token"), Mapping("feed")), *after)
    with pytest.raises(SecretsMoved) as met:
        as_listed(plan, now, TODAY)
    assert f"({said})" in str(met.value)


def test_what_stays_as_it_is_may_change_in_the_vault():
    plan = a_plan(a_group(Mapping("token"), Mapping("feed")), *map(Mapping, ("token", "feed", "new")))
    came = Secret("new", content_type="text/plain")
    assert as_listed(plan, (came,), TODAY) == (Mapping("token"), Mapping("feed"), Mapping.of(came))


def test_a_certificates_secret_is_known_by_its_key_and_what_it_holds():
    held = (
        Secret("tls", content_type="application/x-pkcs12"),
        Secret("pfx", content_type="application/x-pkcs12"),
        Secret("both"),
    )
    assert [each.name for each in tie(held, {"tls", "both"}) if each.is_managed] == ["tls"]


def test_a_refresh_counts_what_is_not_mapped_and_names_what_it_does_not_understand():
    odd = Mapping("odd", is_legible=False)
    before = a_group(Mapping("app-one"), odd)
    assert notes_of_refresh(before, before.mappings, HELD, TODAY) == (
        "1 secret of the vault is not mapped here (App-Two); --secret, --match or --all adds them",
        "kept as they are, as their shape is not known: odd",
    )


def test_a_link_says_which_mappings_a_refresh_would_take_out():
    assert notes_of_link(a_group(Mapping("app-one"), Mapping("gone")), HELD) == (
        "1 mapped secret is not in the vault any more (gone); 'netcfg group refresh' takes them out of the group",
    )
    assert notes_of_link(None, HELD) == ()


# --- guards, and what happened ------------------------------------------------------------------------------------


def test_many_removals_and_a_shared_group_want_to_be_accepted():
    held = [Mapping(f"m{number}") for number in range(10)]
    before = a_group(*held, is_shared=True, projects=("payments", "web", "Api"))
    found = judge(a_plan(before, *held[4:]), [Acceptance("removals")])
    assert [(each.id, each.message, each.accepted) for each in found.guards] == [
        ("removals", "4 of 10 mappings go, more than 30%", True),
        ("shared-group", "the group is shared, so it changes for the pipelines of Api, web too", False),
    ]
    assert judge(a_plan(before, *held[3:]), [Acceptance("shared-group", "kv-*")]).refusals == ()
    assert judge(a_plan(before, *held), []).guards == ()
    assert judge(a_plan(a_group(*held[:9]), held[0]), []).guards == ()


def test_a_shared_group_whose_projects_are_not_told_is_shared_all_the_same():
    (guard,) = judge(a_plan(a_group(is_shared=True, projects=("payments",)), Mapping("a")), []).guards
    assert guard.message.endswith("of others, which Azure DevOps does not name too")


def test_a_group_that_somebody_touched_has_moved():
    planned = a_group(Mapping("a"), Mapping("b", found=written()), modified="1")
    assert what_moved(planned, planned) == ()
    now = a_group(Mapping("b", found=written(note=1)), Mapping("c"), modified="2")
    assert what_moved(planned, replace(now, vault="kv-b")) == (
        "its vault is 'kv-b' instead of 'kv-a'",
        "c is mapped too",
        "a is not mapped any more",
        "b is mapped otherwise",
        "it was changed at 2",
    )


def test_what_azure_devops_shows_otherwise_is_told():
    sent = (Mapping("a"), Mapping("b"), Mapping("c", found=written()))
    found = a_group(Mapping("a", enabled=False), Mapping("c"), Mapping("d"))
    assert differences(None, "kv-a", "c1", sent, found) == ("b is not mapped", "d is mapped", "a is disabled")
    assert differences(a_group(), "kv-a", "c2", (), a_group()) == ("its service connection is 'c1' instead of 'c2'",)
    assert differences(None, "KV-A", "C1", (Mapping("c"),), a_group(Mapping("C"))) == ()


def test_a_grant_is_the_first_line_of_a_plan():
    vault = Vault(
        parse_vault("/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-a"),
        Firewall(PublicAccess.ENABLED, NetworkRuleSet()),
        is_role_based=True,
    )
    role = Grant(vault, "o1", "t1", "azure-prod")
    first, second, _ = a_plan(None, Mapping("a"), grant=role).changes
    assert (first.part, first.value) == (Part.ROLE, "Key Vault Secrets User")
    assert first.reason == "for o1, which is azure-prod, on kv-a alone"
    assert second == GroupChange(Action.ADD, Part.GROUP, "shop")
    only_role = a_plan(a_group(Mapping("a"), is_shared=True), Mapping("a"), grant=role)
    assert (only_role.is_written, judge(only_role, []).guards) == (False, ())
    policy = replace(role, vault=replace(vault, is_role_based=False)).change
    assert (policy.part, policy.value) == (Part.POLICY, "secrets get, list")


@pytest.mark.parametrize(
    ("now", "is_role_based", "identity", "said"),
    [
        ({}, True, "O1", ()),
        ({}, True, "", ("who lacks the permission is not certain, and it was to be given to o1",)),
        ({"object_id": ""}, True, None, ()),
        ({"object_id": "o2"}, True, None, ("its object id is o2 instead of o1",)),
        (
            {"client": "a2", "tenant": "t2"},
            True,
            "o1",
            ("its tenant is t2 instead of t1", "its application is a2 instead of a1"),
        ),
        ({}, True, "o2", ("o2 lacks the permission, and it was to be given to o1",)),
        ({}, None, "o1", ("kv-a goes by access policies now",)),
    ],
)
def test_a_grant_is_for_whom_and_how_it_was_planned(now, is_role_based, identity, said):
    vault = Vault(
        parse_vault("/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-a"),
        Firewall(PublicAccess.ENABLED, NetworkRuleSet()),
        is_role_based=True,
    )
    planned = replace(CONNECTION, tenant="t1", client="a1", object_id="o1")
    moved = Grant(vault, "o1", "t1", "azure-prod").what_moved(
        planned, replace(planned, **now), replace(vault, is_role_based=is_role_based), identity
    )
    assert moved == said


DONE = a_plan(None, Mapping("a"))
UNREACHABLE = DevOpsUnreachable("u", "r")


@pytest.mark.parametrize(
    ("outcomes", "lost", "status"),
    [
        ([GroupOutcome(DONE, Ending.DONE), GroupOutcome(DONE, Ending.UNCHANGED)], 0, 0),
        ([GroupOutcome(DONE, Ending.REFUSED), GroupOutcome(DONE, Ending.DONE)], 0, 5),
        ([GroupOutcome(DONE, Ending.STALE, error=GroupMoved("shop", ["x"])), GroupOutcome(DONE, Ending.REFUSED)], 0, 6),
        ([GroupOutcome(DONE, Ending.FAILED, error=UNREACHABLE)], 0, 1),
        ([GroupOutcome(DONE, Ending.FAILED, touched=True, error=UNREACHABLE)], 0, 7),
        ([GroupOutcome(DONE, Ending.DONE)], 1, 7),
        ([], 1, 1),
        ([GroupOutcome(DONE, Ending.NOT_REACHED, error=Interrupted())], 0, 130),
    ],
)
def test_the_worst_ending_is_the_status(outcomes, lost, status):
    undetermined = tuple(Unplanned("payments/shop", NetcfgError("no")) for _ in range(lost))
    assert GroupResult(GroupPlans("contoso", (), undetermined), tuple(outcomes)).status == status


def test_a_plan_tells_early_what_would_refuse_it():
    refused = judge(a_plan(a_group(is_shared=True), Mapping("a")), [])
    empty = a_plan(a_group(Mapping("a")), Mapping("a"))
    assert GroupPlans("contoso", (refused, DONE)).status == 5
    assert GroupPlans("contoso", (DONE,)).status == 3
    assert GroupPlans("contoso", (empty,)).status == 0
    assert [each.ending for each in decline(GroupPlans("contoso", (refused, DONE, empty))).outcomes] == [
        Ending.REFUSED,
        Ending.NOT_REACHED,
        Ending.UNCHANGED,
    ]
    assert settle(DONE) is None
