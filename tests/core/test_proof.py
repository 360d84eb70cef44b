"""What a look through Azure DevOps proves, word by word, and that nothing but both looks proves a vault readable."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.attribution import attribute, parse_address
from netcfg.core.errors import DevOpsAnswer, DevOpsUnreachable, NetcfgError
from netcfg.core.geography import Geography
from netcfg.core.linking.groups import Project, ServiceConnection
from netcfg.core.linking.relay import Relayed
from netcfg.core.proof import Beside, Hearing, Proof, judge
from netcfg.core.rules import DefaultAction, IpRule, Perimeter, PublicAccess
from netcfg.core.verification import Hope, Obstacle, Remedy
from netcfg.sources import bundled
from tests.core.test_verification import ID, known
from tests.strategies import EUROPE

STATES = Geography("US", "United States")
OID = "00000000-0000-4000-8000-0000000000b3"
OTHER = "00000000-0000-4000-8000-0000000000c9"
APP = "00000000-0000-4000-8000-0000000000a3"
PAYMENTS = Project("contoso", "payments", "00000000-0000-4000-8000-000000000701")
CONNECTION = ServiceConnection("801", "azure-prod", PAYMENTS, client=APP)
OK = Relayed("ok")
NOT_FOUND = Relayed("notFound", "the secret nonexistingrandomsecretname was not found")
LISTING = "secrets?maxresults=1"

RELAY = "--organization contoso --project payments --service-connection azure-prod"


def refused(message: str, inner: str, status: str = "forbidden", path: str = LISTING) -> Relayed:
    body = json.dumps({"error": {"code": "Forbidden", "message": message, "innererror": {"code": inner}}})
    said = f"Status Code: 'Forbidden', Response from server: '{body}'"
    where = f"https://kv-x.vault.azure.net/{path}&api-version=2016-10-01"
    return Relayed(status, f"Failed to query service connection API: '{where}'. {said}", request_id="r-1")


def firewall(address: str = "40.74.28.9") -> Relayed:
    text = (
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {address} from unknown subnet\r\nVault: kv-x;location=westeurope"
    )
    return refused(text, "ForbiddenByFirewall")


CLOSED = refused(
    "Public network access is disabled and request is not from a trusted service nor via an approved private link.",
    "ForbiddenByConnection",
)
NSP = refused(
    "Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because "
    "bypass is set to None Client address: 40.74.28.9",
    "ForbiddenByNsp",
)
ROLE = refused(
    f"Caller is not authorized to perform action on resource. Caller: appid={APP};oid={OID};iss=https://sts.windows.net/"
    "t/ Action: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action' "
    f"Resource: '{ID}' Assignment: (not found)",
    "ForbiddenByRbac",
)
POLICY = refused(
    f"The user, group or application 'appid={APP};oid={OID};iss=https://sts.windows.net/t/' does not have secrets list "
    "permission on key vault 'kv-x;location=westeurope'.",
    "AccessDenied",
)
NOWHERE = Relayed(
    "badRequest",
    "Failed to query service connection API: 'https://kv-x.vault.azure.net/secrets?maxresults=1'. Error Message: 'No "
    "such host is known. (kv-x.vault.azure.net:443)'",
)
EXPIRED = Relayed("badRequest", "AADSTS7000222: The provided client secret keys for app 'a3' are expired.")


def prove(listed: Relayed | NetcfgError, got: Relayed | NetcfgError | None = None, **beside: Any) -> Proof:
    heard = Hearing("kv-x", CONNECTION, listed, got)
    if heard.address and "whose" not in beside:
        beside["whose"] = attribute(parse_address(heard.address), bundled.catalogue(), ())
    return judge(heard, Beside(**beside))


def test_a_vault_that_lists_and_gets_works():
    found = prove(OK, NOT_FOUND)
    assert (found.status, found.open, found.obstacle, found.hope) == (0, True, None, Hope.NONE)
    assert found.message == (
        "nothing is in the way: Azure DevOps reads the secrets of kv-x by the service connection azure-prod of the "
        "project payments"
    )


def test_the_case_of_a_status_does_not_count():
    assert prove(Relayed("Ok"), Relayed("NOTFOUND")).status == 0


def test_the_firewall_is_told_with_the_address_and_who_publishes_it():
    found = prove(firewall(), home=EUROPE)
    assert (found.status, found.open, found.obstacle, found.address) == (4, False, Obstacle.FIREWALL, "40.74.28.9")
    assert found.message == (
        "the firewall of kv-x refuses Azure DevOps, which came from 40.74.28.9, published by the table and the service "
        "tag for Europe"
    )
    assert found.fix == f"let in what is published for contoso: netcfg apply kv-x {RELAY}"
    assert (found.publishers, [each.id for each in found.geographies]) == (("table", "service-tag"), ["EU"])


def test_an_address_of_another_geography_needs_both():
    found = prove(firewall("20.37.158.9"), home=EUROPE)
    assert "for United States, where contoso does not live: that is Europe" in found.message
    assert found.fix == "let in both geographies: netcfg apply kv-x --geography EU --geography US"


def test_an_address_that_nobody_publishes_is_allowed_alone_and_only_until_it_is_published():
    found = prove(firewall("191.10.60.9"), home=EUROPE)
    assert "which came from 191.10.60.9, an address that nobody publishes for it" in found.message
    assert found.remedy is not None
    assert found.remedy.commands == (
        "netcfg ranges refresh",
        f"netcfg apply kv-x {RELAY}",
        f"netcfg apply kv-x {RELAY} --allow '191.10.60.9/32=REASON'",
    )


@pytest.mark.parametrize("address", ["10.1.2.3", "2603:1061:10::1"])
def test_an_address_that_no_rule_can_admit_gets_no_rule(address: str):
    assert "--allow" not in (prove(firewall(address), home=EUROPE).fix or "")


def test_a_firewall_that_names_no_address_is_one_all_the_same():
    found = prove(
        refused("Client address is not authorized and caller is not a trusted service.", "ForbiddenByFirewall")
    )
    assert (found.obstacle, found.address) == (Obstacle.FIREWALL, "")
    assert found.fix == f"let in what is published for contoso: netcfg apply kv-x {RELAY}"


def test_a_rule_that_azure_shows_already_is_waited_for():
    found = prove(firewall(), known=known(IpRule("40.74.28.0/23")), program="netcfg --sandbox")
    assert found.hope is Hope.CHANGE
    assert found.message.endswith("although Azure shows a rule for that address")
    assert found.fix == (
        "look again, a change may take 15 minutes to become effective: netcfg --sandbox verify kv-x --through-devops "
        "--organization contoso --project payments --service-connection azure-prod"
    )


def test_a_rule_that_azure_does_not_show_is_not_waited_for():
    assert prove(firewall(), known=known(IpRule("191.10.20.7/32"))).hope is Hope.NONE


def test_where_azure_cannot_be_asked_a_rule_may_be_on_its_way():
    assert prove(firewall()).hope is Hope.PERHAPS


def test_what_azure_shows_never_decides():
    shown = known(IpRule("40.74.28.0/23"), access=PublicAccess.DISABLED, perimeter=Perimeter.ENFORCED)
    assert prove(OK, NOT_FOUND, known=shown).status == 0
    found = prove(firewall(), known=shown)
    assert (found.obstacle, found.hope) == (Obstacle.FIREWALL, Hope.NONE)
    assert found.notes == ("Azure Resource Manager shows that public access is off",)


def test_public_access_that_is_off_needs_somebody_who_means_it():
    found = prove(CLOSED, known=known(access=PublicAccess.DISABLED))
    assert (found.status, found.obstacle, found.hope) == (4, Obstacle.PUBLIC_ACCESS, Hope.NONE)
    assert found.fix == f"open it by rules: netcfg apply kv-x {RELAY} --public-access enabled"


def test_public_access_that_azure_shows_on_is_waited_for():
    assert prove(CLOSED, known=known()).hope is Hope.CHANGE


def test_a_perimeter_has_an_owner_and_one_that_only_learns_is_the_firewall():
    found = prove(NSP, known=known(perimeter=Perimeter.ENFORCED))
    assert found.obstacle is Obstacle.PERIMETER
    assert found.fix == "have the owner of the perimeter add an inbound access rule for 40.74.28.9"
    assert prove(NSP, known=known(perimeter=Perimeter.LEARNING)).obstacle is Obstacle.FIREWALL


def test_a_missing_role_is_told_with_both_commands():
    found = prove(ROLE, ROLE, known=known(action=DefaultAction.ALLOW))
    assert (found.status, found.open, found.obstacle) == (4, True, Obstacle.PERMISSION)
    assert found.message == (
        f"kv-x lets Azure DevOps in, but the identity {OID} of the service connection azure-prod may not list or get "
        "secrets; it needs the role Key Vault Secrets User"
    )
    grant = (
        f"az role assignment create --role 'Key Vault Secrets User' --assignee-object-id {OID} "
        f"--assignee-principal-type ServicePrincipal --scope {ID}"
    )
    link = (
        "netcfg group link kv-x --group GROUP --secret NAME --organization contoso --project payments "
        "--service-connection azure-prod --grant"
    )
    assert found.remedy == Remedy("each of these gives it, effective within ten minutes", (grant, link))


def test_a_command_that_has_grant_itself_names_no_other():
    found = prove(ROLE, ROLE, known=known(action=DefaultAction.ALLOW), can_grant=True)
    assert (found.fix or "").startswith("run this again with --grant, or give it yourself")
    assert "group link" not in (found.fix or "")


@pytest.mark.parametrize(("client", "object_id"), [(APP, OTHER), (OTHER, OID), (OTHER, OTHER)])
@pytest.mark.parametrize("refusal", ["role", "policy"])
def test_nobody_is_granted_anything_of_whom_the_refusal_and_the_connection_disagree(client, object_id, refusal):
    """A refusal named one object id and the connection another: the role went to the former, who was somebody else."""
    connection = replace(CONNECTION, client=client, object_id=object_id)
    said = ROLE if refusal == "role" else POLICY
    found = judge(Hearing("kv-x", connection, said, said), Beside(known=known(action=DefaultAction.ALLOW)))
    assert (found.status, found.obstacle, found.identity) == (4, Obstacle.PERMISSION, "")
    assert f"the application {APP} with the object id {OID} may not list or get secrets" in found.message
    assert f"azure-prod is the application {client} with the object id {object_id}" in found.message
    assert found.remedy is not None
    assert found.remedy.commands == ()


@pytest.mark.parametrize(
    ("client", "object_id"), [(APP, OID), (APP.upper(), OID.upper()), ("", OID), (APP, ""), ("", "")]
)
def test_where_they_agree_or_one_is_silent_the_identity_is_granted(client, object_id):
    connection = replace(CONNECTION, client=client, object_id=object_id)
    found = judge(Hearing("kv-x", connection, ROLE, ROLE), Beside())
    assert found.identity == OID
    assert f"--assignee-object-id {OID}" in (found.fix or "")


def test_get_that_is_missing_although_list_is_there_is_a_finding():
    found = prove(OK, ROLE)
    assert (found.status, found.obstacle, found.open) == (4, Obstacle.PERMISSION, True)
    assert "may not get secrets; it needs the role Key Vault Secrets User" in found.message


def test_list_that_is_missing_although_get_is_there_is_one_too():
    found = prove(POLICY, NOT_FOUND)
    assert "may not list secrets; it needs List for secrets in its access policies" in found.message
    assert found.fix is not None
    assert f"az keyvault set-policy --name kv-x --object-id {OID} --secret-permissions get list" in found.fix


def test_who_is_known_by_his_application_only_gets_a_command_for_that():
    nameless = refused("Caller is not authorized to perform action on resource.", "ForbiddenByRbac")
    found = prove(nameless, nameless, group="payments secrets")
    assert f"--assignee {APP} --scope VAULT-ID" in (found.fix or "")
    assert "--group 'payments secrets'" in (found.fix or "")


def test_only_a_permission_that_was_just_granted_is_waited_for():
    assert prove(ROLE, ROLE).hope is Hope.NONE
    assert prove(ROLE, ROLE, was_granted=True).hope is Hope.CHANGE


def test_a_firewall_counts_before_a_permission():
    """Azure DevOps has many addresses: one look may come from one that is admitted, and the next from another."""
    assert prove(ROLE, firewall("20.166.41.9")).obstacle is Obstacle.FIREWALL
    assert prove(OK, firewall("20.166.41.9")).address == "20.166.41.9"


def test_a_vault_that_is_not_there():
    found = prove(NOWHERE)
    assert (found.status, found.obstacle, found.hope) == (4, Obstacle.NO_VAULT, Hope.NONE)
    assert f"yet Azure has {ID}" in prove(NOWHERE, known=known()).message


def test_a_broken_connection_does_not_work_and_says_what_mends_it():
    found = prove(EXPIRED)
    assert (found.status, found.obstacle, found.open) == (4, Obstacle.CONNECTION, None)
    assert "AADSTS7000222" in found.message
    assert "convert it to workload identity federation" in (found.fix or "")


@pytest.mark.parametrize(
    ("error", "hope"),
    [
        (DevOpsUnreachable("https://dev.azure.com", "timed out"), Hope.RETRY),
        (DevOpsAnswer("https://dev.azure.com", "status 500", "an answer"), Hope.RETRY),
        (NetcfgError("the scope is missing"), Hope.NONE),
    ],
)
def test_what_could_not_be_asked_is_not_known(error: NetcfgError, hope: Hope):
    for found in (prove(error), prove(OK, error)):
        assert (found.status, found.obstacle, found.open, found.hope) == (1, Obstacle.DEVOPS, None, hope)
        assert str(error) in found.message


@pytest.mark.parametrize(
    "said",
    [
        "Error Message: 'No such host is known. (login.microsoftonline.com:443)'",
        "Error Message: 'Temporary failure in name resolution (kv-x.vault.azure.net:443)'",
        "Error Message: 'Resource temporarily unavailable (kv-x.vault.azure.net:443)'",
        "getaddrinfo EAI_AGAIN kv-x.vault.azure.net",
        "getaddrinfo ENOTFOUND login.microsoftonline.com",
        "The remote name could not be resolved: 'login.microsoftonline.com'",
        "Error Message: 'An error occurred while sending the request.'",
        "Error Message: 'A task was canceled.'",
    ],
)
def test_what_broke_on_the_way_says_nothing_of_the_vault_and_is_tried_again(said: str):
    where = "Failed to query service connection API: 'https://kv-x.vault.azure.net/secrets?maxresults=1'. "
    found = prove(Relayed("badRequest", where + said), known=known())
    assert (found.status, found.obstacle, found.open, found.hope) == (1, Obstacle.ANSWER, None, Hope.RETRY)


@pytest.mark.parametrize(("status", "hope"), [("serviceUnavailable", Hope.RETRY), ("teapot", Hope.NONE)])
def test_words_that_nobody_knows_prove_nothing(status: str, hope: Hope):
    found = prove(Relayed(status, "something new"))
    assert (found.status, found.obstacle, found.open, found.hope) == (1, Obstacle.ANSWER, None, hope)
    assert f"something new ({status})" in found.message


answers = st.builds(Relayed, st.sampled_from(["ok", "forbidden", "notFound", "badRequest", ""]), st.text())
said = st.one_of(answers, st.sampled_from([OK, NOT_FOUND, ROLE, POLICY, CLOSED, NSP, EXPIRED, firewall()]))


@given(said, said, st.none() | st.just(known()), st.none() | st.just(EUROPE))
def test_nothing_proves_a_vault_readable_but_both_looks(listed: Relayed, got: Relayed, shown: Any, home: Any):
    heard = Hearing("kv-x", CONNECTION, listed)
    heard = Hearing("kv-x", CONNECTION, listed, got if heard.asks_on else None)
    found = judge(heard, Beside(known=shown, home=home))
    assert (found.status == 0) == (heard.may_list and heard.may_get)
    assert (found.obstacle is None) == (found.status == 0)
    assert found.fix or found.obstacle in (None, Obstacle.DEVOPS)


@given(said, st.sampled_from([OK, NOT_FOUND, ROLE]))
def test_whoever_is_shut_out_is_told_nothing_about_roles(listed: Relayed, got: Relayed):
    heard = Hearing("kv-x", CONNECTION, listed)
    if not heard.asks_on:
        assert judge(heard, Beside()).obstacle is not Obstacle.PERMISSION
    else:
        assert judge(Hearing("kv-x", CONNECTION, listed, got), Beside()).obstacle in (None, Obstacle.PERMISSION)
