"""Variable groups beside their vaults: laws of what is missing, and each sentence once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.checks import groups, register
from netcfg.core.errors import AzureUnreachable, ConnectionGone, DevOpsAnswer, VaultNowhere
from netcfg.core.findings import Finding, VaultName, Waiver
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.core.linking.library import Contents, Demand, Linked, Look
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret

TODAY = date(2026, 7, 1)
PAYMENTS = Project("contoso", "payments", "p1")
PROD = ServiceConnection("c1", "azure-prod", PAYMENTS, client="a3")
SAID = "the variable group payments-secrets of payments"
PLACE = "--organization contoso --project payments"
REFRESH = f"netcfg group refresh kv-payments --group payments-secrets {PLACE}"
FIREWALL = (
    "Failed to query service connection API: 'https://kv-payments.vault.azure.net/secrets?api-version=2016-10-01'. "
    'Status Code: \'Forbidden\', Response from server: \'{"error":{"code":"Forbidden","message":"Client address is '
    "not authorized and caller is not a trusted service.\\r\\nClient address: 40.74.28.9 from unknown subnet\\r\\n"
    'Vault: kv-payments;location=westeurope","innererror":{"code":"ForbiddenByFirewall"}}}\''
)
ROLE = FIREWALL.replace("ForbiddenByFirewall", "ForbiddenByRbac").replace(
    "Client address is not authorized and caller is not a trusted service.\\r\\n"
    "Client address: 40.74.28.9 from unknown subnet",
    "Caller is not authorized to perform action on resource.",
)

# Few and short, so that what is mapped and what is there often meet.
NAMES = ["a", "b", "api-key", "db-password", "0", "x-1", "token", "app-one", "app-two", "z9", "q", "kv-payments"]
stores = st.sets(st.sampled_from(NAMES))


def linked(*mapped: str, **more: Any) -> Linked:
    group = VariableGroup(1, "payments-secrets", PAYMENTS, vault="kv-payments", connection="c1")
    group = replace(group, mappings=tuple(map(Mapping, mapped)))
    return replace(Linked(group, PROD, word="payments-secrets"), **more)


def holds(*secrets: Secret | str, keys: tuple[str, ...] = ()) -> Contents:
    return Contents(tuple(each if isinstance(each, Secret) else Secret(each) for each in secrets), frozenset(keys))


def case(of: Linked, contents: Contents, look: Look | None = Look(), **more: Any) -> groups.Case:  # noqa: B008 - frozen
    mapped = frozenset(each.key for each in of.group.mappings)
    return groups.Case(of, look, contents, TODAY, **{"mapped": mapped, **more})


def told(of: groups.Case) -> list[tuple[str, str, str, str, str]]:
    return [
        (
            each.severity.value,
            each.rule,
            each.subject.removeprefix("payments/payments-secrets: "),
            each.message,
            each.fix,
        )
        for each in register.inspect_group(of, ())
    ]


def about(of: groups.Case) -> set[tuple[str, str]]:
    return {(each.rule, each.subject.removeprefix("payments/payments-secrets: ")) for each in found(of)}


def found(of: groups.Case) -> tuple[Finding, ...]:
    return register.inspect_group(of, ())


@given(stores, stores)
def test_what_is_missing_is_mapped_and_not_there_and_what_is_not_mapped_is_there(mapped: set[str], there: set[str]):
    assert about(case(linked(*mapped), holds(*there))) == {
        *(("mapped-secret-missing", each) for each in mapped - there),
        *(("secret-not-mapped", each) for each in there - mapped),
    }


@given(stores, st.data())
def test_a_group_that_maps_part_of_its_vault_has_no_error(there: set[str], data: st.DataObject):
    mapped = data.draw(st.sets(st.sampled_from(sorted(there)))) if there else set()
    assert not [each for each in found(case(linked(*mapped), holds(*there))) if each.severity.value == "error"]


@given(stores, stores)
def test_the_case_of_a_name_never_counts(mapped: set[str], there: set[str]):
    spelt = case(linked(*map(str.upper, mapped)), holds(*there))
    plain = case(linked(*mapped), holds(*there))
    assert [(each.rule, each.subject.lower()) for each in found(spelt)] == [
        (each.rule, each.subject) for each in found(plain)
    ]


@given(stores, stores, stores)
def test_what_another_group_of_the_vault_maps_is_no_note(mapped: set[str], others: set[str], there: set[str]):
    of = case(linked(*mapped), holds(*there), mapped=frozenset(mapped | others))
    assert {each for rule, each in about(of) if rule == "secret-not-mapped"} == there - mapped - others


@given(stores, stores)
def test_who_does_not_know_the_vault_finds_nothing_in_it_and_doubts(mapped: set[str], others: set[str]):
    of = case(linked(*mapped), Contents(None, frozenset(others)), Look(error=DevOpsAnswer("it", "nothing", "all")))
    assert about(of) == set()
    assert len(list(groups.doubts(of))) == 2


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type] - a year, a month and a day


def test_secrets_in_every_state():
    of = case(
        linked("api-key", "gone", "off", "past", "later"),
        holds(
            "api-key",
            Secret("off", enabled=False),
            Secret("past", expires=at(2026, 5, 1)),
            Secret("later", starts=at(2027, 1, 1)),
            Secret("unmapped-off", enabled=False),
            Secret("unmapped-past", expires=at(2026, 7, 1)),
        ),
    )
    explain = "netcfg check --explain mapped-secret-missing"
    rule = "mapped-secret-missing"
    maps = f"{SAID} maps the secret"
    assert told(of) == [
        ("error", rule, "gone", f"{maps} gone, which kv-payments does not have, or no longer", REFRESH),
        ("error", rule, "off", f"{maps} off, which is disabled in kv-payments", explain),
        ("warning", rule, "later", f"{maps} later, which is not valid in kv-payments before 2027-01-01", explain),
        ("warning", rule, "past", f"{maps} past, which has expired in kv-payments on 2026-05-01", explain),
    ]
    assert list(groups.doubts(of)) == []


def test_what_is_no_secret_or_has_a_name_that_a_pipeline_cannot_use():
    certificates = (Secret("tls", is_managed=True), Secret("other-tls", is_managed=True))
    of = case(
        linked("signing", "tls", "Secret-of-old", "no_such"),
        holds(*certificates, "secret-of-old", "PATH-to-it", keys=("signing",)),
    )
    explain = "netcfg check --explain unsupported-mapping"
    rule = "unsupported-mapping"
    reserved = "and Azure Pipelines keeps names to itself that begin with secret"
    impossible = "and no secret can be called that: letters, digits and hyphens only"
    a_key = "which is a key of kv-payments and no secret: a key never leaves its vault"
    kept = "which a certificate of kv-payments keeps: its private key is in it"
    assert told(of) == [
        ("error", rule, "Secret-of-old", f"{SAID} maps Secret-of-old, {reserved}", explain),
        ("error", rule, "no_such", f"{SAID} maps 'no_such', {impossible}", REFRESH),
        ("error", rule, "signing", f"{SAID} maps signing, {a_key}", REFRESH),
        ("warning", rule, "tls", f"{SAID} maps tls, {kept}", explain),
    ]


@pytest.mark.parametrize("prefix", ["endpoint", "input", "secret", "path", "securefile"])
def test_names_are_reserved_whatever_their_case(prefix: str):
    of = case(linked(prefix.title() + "s"), holds(prefix + "s"))
    assert about(of) == {("unsupported-mapping", prefix.title() + "s")}


def test_a_note_says_how_to_map_one_secret_with_every_word_quoted():
    group = replace(linked().group, name="release 50 % / Größe", project=Project("contoso", "Shared Platform", "p2"))
    of = case(replace(linked(), group=group, word=group.name), holds("api-key"))
    ((severity, rule, _, message, fix),) = told(of)
    assert (severity, rule) == ("note", "secret-not-mapped")
    assert message == (
        "the variable group release 50 % / Größe of Shared Platform does not map the secret api-key of kv-payments"
    )
    assert fix == (
        "netcfg group refresh kv-payments --group $'release 50 % / Gr\\xc3\\xb6\\xc3\\x9fe' --organization contoso "
        "--project 'Shared Platform' --secret api-key"
    )


WANTED = Demand(("app-*", "token"), "payments")


def test_what_the_configuration_wants_is_an_error_until_any_group_of_the_vault_maps_it():
    there = holds("app-one", "APP-two", "token", "other")
    of = case(linked(), there, demand=WANTED, file=("--config", "my.yaml"))
    assert {(severity, what, fix.removeprefix(REFRESH)) for severity, _, what, _, fix in told(of)} == {
        ("error", "app-one", " --config my.yaml --secret app-one"),
        ("error", "APP-two", " --config my.yaml --secret APP-two"),
        ("error", "token", " --config my.yaml --secret token"),
        ("note", "other", " --config my.yaml --secret other"),
    }
    assert "which the configuration wants by 'app-*'" in told(of)[0][3]
    assert about(replace(of, mapped=frozenset({"app-one", "app-two", "token", "other"}))) == set()


def test_where_it_names_the_group_that_one_has_to_map_it():
    wanted = replace(WANTED, group="Payments-Secrets")
    of = case(linked(), holds("token"), demand=wanted, mapped=frozenset({"token"}), speaks=False)
    assert [each[:3] for each in told(of)] == [("error", "secret-not-mapped", "token")]
    assert told(of)[0][4] == REFRESH
    assert told(replace(of, demand=replace(WANTED, group="another"))) == []


def test_it_wants_nothing_of_another_project_and_no_secret_that_cannot_be_used():
    of = case(linked(), holds("token"), demand=replace(WANTED, project="billing"))
    assert [each[:3] for each in told(of)] == [("note", "secret-not-mapped", "token")]
    unusable = holds(Secret("token", enabled=False), Secret("app-x", is_managed=True))
    assert told(case(linked(), unusable, demand=WANTED)) == []


@pytest.mark.parametrize("demand", [WANTED, Demand()])
def test_what_no_group_of_a_vault_maps_is_told_by_one_of_them(demand: Demand):
    assert told(case(linked(), holds("token", "other"), demand=demand, speaks=False)) == []


def test_a_plain_value_is_an_error_and_no_refresh_is_said_to_mend_anything_of_its_group():
    of = case(linked(), holds("api-key", "new"))
    plain, gone = Mapping("api-key", has_value=True, is_legible=False), Mapping("gone")
    group = replace(of.linked.group, mappings=(plain, gone, Mapping("no_such")))
    of = replace(of, linked=replace(of.linked, group=group))
    message = (
        f"{SAID} has a plain value in api-key: no value is ever read, and a write would empty it, so nothing links or "
        "refreshes the group while it is there"
    )
    explain = "netcfg check --explain unsupported-mapping"
    assert ("error", "unsupported-mapping", "api-key", message, explain) in told(of)
    assert [(each[0], each[2], each[4]) for each in told(of)] == [
        ("error", "gone", explain),
        ("error", "api-key", explain),
        ("error", "no_such", explain),
        ("note", "new", explain),
    ]


def test_names_that_differ_in_case_alone_are_an_error_that_no_refresh_mends():
    message = (
        f"{SAID} has Api-Key, api-key, which no pipeline tells apart, so nothing links or refreshes the group while "
        "they are there"
    )
    explain = "netcfg check --explain unsupported-mapping"
    of = case(linked("api-key", "Api-Key", "gone"), holds("api-key"))
    assert told(of) == [
        (
            "error",
            "mapped-secret-missing",
            "gone",
            f"{SAID} maps the secret gone, which kv-payments does not have, or no longer",
            explain,
        ),
        ("error", "unsupported-mapping", "Api-Key", message, explain),
    ]


def test_a_mapping_that_nobody_knows_is_told_and_no_refresh_is_said_to_take_it_out():
    of = case(linked(), holds("api-key"))
    odd = (Mapping("api-key", is_legible=False), Mapping("gone", is_legible=False))
    of = replace(of, linked=replace(of.linked, group=replace(of.linked.group, mappings=odd)))
    explain = "netcfg check --explain unsupported-mapping"
    unknown = "in a way that is not known here, so a refresh leaves that as it is"
    missing = f"{SAID} maps the secret gone, which kv-payments does not have, or no longer"
    assert told(of) == [
        ("error", "mapped-secret-missing", "gone", missing, explain),
        ("warning", "unsupported-mapping", "api-key", f"{SAID} maps api-key {unknown}", explain),
        ("warning", "unsupported-mapping", "gone", f"{SAID} maps gone {unknown}", explain),
    ]


def forbidden(message: str) -> Relayed:
    return Relayed("forbidden", message)


def test_a_firewall_is_told_once_with_the_address_that_was_refused():
    of = case(linked(), holds(), Look(to_list=forbidden(FIREWALL), to_get=forbidden(FIREWALL)))
    message = (
        f"Azure DevOps cannot read kv-payments for {SAID}, because the vault's firewall does not let it in: it came "
        "from 40.74.28.9"
    )
    apply = "netcfg apply kv-payments --organization contoso"
    assert told(of) == [("error", "devops-cannot-read", "kv-payments", message, apply)]


@pytest.mark.parametrize(
    ("look", "what"),
    [
        (Look(to_list=forbidden(ROLE), to_get=forbidden(ROLE + " ")), "may neither list nor get secrets"),
        (Look(to_list=forbidden(ROLE)), "may not list secrets"),
        (Look((), to_get=forbidden(ROLE)), "may not get secrets"),
    ],
)
def test_a_missing_permission_is_told_with_what_gives_it(look: Look, what: str):
    message = (
        f"the service connection azure-prod (a3), by which {SAID} reads kv-payments, {what} there: it needs the role "
        "Key Vault Secrets User"
    )
    by = "--service-connection azure-prod --secret api-key --grant"
    fix = f"netcfg group link kv-payments --group payments-secrets {PLACE} {by}"
    of = case(linked("api-key"), holds("api-key"), look)
    assert told(of) == [("error", "service-connection-denied", "azure-prod", message, fix)]


def test_a_refusal_that_nobody_knows_is_quoted_and_no_doubt():
    of = case(linked(), holds(), Look(to_list=Relayed("badRequest", "the moon is full"), to_get=None))
    ((_, rule, _, message, fix),) = told(of)
    assert rule == "devops-cannot-read"
    assert message.endswith("for a reason that is not recognised: badRequest the moon is full")
    assert fix == f"netcfg verify kv-payments --through-devops {PLACE} --service-connection azure-prod"
    assert list(groups.doubts(of)) == []


@pytest.mark.parametrize(
    ("connection", "what"),
    [
        (replace(PROD, type="github"), "is of type github, and a vault is read by one of type azurerm"),
        (replace(PROD, is_disabled=True), "is disabled, so Azure DevOps does not use it"),
    ],
)
def test_a_connection_that_cannot_be_used(connection: ServiceConnection, what: str):
    of = case(linked("api-key", connection=connection), holds("api-key"), None)
    ((severity, rule, subject, message, _),) = told(of)
    assert (severity, rule, subject) == ("error", "service-connection-denied", "azure-prod")
    assert message == f"the service connection azure-prod, by which {SAID} reads kv-payments, {what}"


def test_a_connection_that_is_gone_is_found_and_one_that_is_only_not_shown_is_not():
    unnamed = linked("api-key", connection=None)
    assert told(case(unnamed, holds("api-key"))) == []
    gone = case(unnamed, holds("api-key"), Look(error=ConnectionGone("c1", "payments", "no such endpoint")))
    assert about(gone) == {("service-connection-denied", "c1")}
    assert list(groups.doubts(gone)) == []


def test_throttling_is_a_doubt_and_no_finding():
    said = 'Status Code: \'429\', Response from server: \'{"error":{"code":"Throttled","message":"too many"}}\''
    of = case(linked(), holds(), Look(to_list=Relayed("tooManyRequests", said)))
    assert told(of) == []
    assert [type(each).__name__ for each in groups.doubts(of)] == ["DevOpsCouldNotAsk"]


def test_a_vault_that_is_nowhere_is_found_and_no_doubt():
    said = "No such host is known. (kv-payments.vault.azure.net:443)"
    look = Look(to_list=Relayed("unused", said), to_get=Relayed("unused", said))
    nowhere = Contents(None, error=VaultNowhere("kv-payments", "kv-payments.vault.azure.net"))
    of = case(linked("api-key"), nowhere, look)
    assert about(of) == {("devops-cannot-read", "kv-payments")}
    assert list(groups.doubts(of)) == []
    unread = replace(of, contents=Contents(None, error=AzureUnreachable("Azure", "no route")))
    assert [type(each).__name__ for each in groups.doubts(unread)] == ["ContentsUnknown"]


def test_a_waiver_names_the_vault_and_the_group_with_the_secret():
    waiver = Waiver("secret-not-mapped", "not for pipelines", "KV-pay*", "payments/payments-secrets: admin-*")
    of = case(linked(), holds("admin-key", "api-key"))
    waived = {each.subject: each.waived for each in register.inspect_group(of, [waiver])}
    assert waived == {"payments/payments-secrets: admin-key": waiver, "payments/payments-secrets: api-key": None}
    late = replace(waiver, until=TODAY - timedelta(days=1))
    assert all(each.waived is None for each in register.inspect_group(of, [late]))


def test_a_finding_names_vault_group_and_secret():
    (one,) = found(case(linked("gone"), holds()))
    assert one.vault == VaultName("KV-Payments")
    assert one.group
    assert (one.group.project, one.group.name, one.group.id) == ("payments", "payments-secrets", 1)
    assert one.subject == "payments/payments-secrets: gone"
