import pytest

from netcfg.azure.connection import connect
from netcfg.azure.grants import PAUSES, AzureGrants
from netcfg.core.errors import AzureAnswer, GrantUnsettled, PermissionMissing
from netcfg.core.resources import Vault, parse_vault
from netcfg.core.rules import Firewall, NetworkRuleSet, PublicAccess
from tests.azure.scripted import Answer, refusal, scripted

SUBSCRIPTION = "/subscriptions/5b5fe6de-0000-4000-8000-000000000001"
ID = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-a"
ROLE = "4633458b-17de-408a-b874-0445c86b69e6"
THEIRS = "0b7d1111-0000-4000-8000-00000000000b"
TENANT = "7e7e7e7e-0000-4000-8000-000000000007"
NOTHING = Answer({"value": []})


def a_vault(*, is_role_based):
    return Vault(parse_vault(ID), Firewall(PublicAccess.ENABLED, NetworkRuleSet()), is_role_based=is_role_based)


def assigned(scope=ID, principal=THEIRS, role=ROLE, **more):
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return Answer(
        {"value": [{"properties": {"roleDefinitionId": definition, "principalId": principal, "scope": scope, **more}}]}
    )


def holding(*policies):
    return Answer({"id": ID, "properties": {"tenantId": TENANT, "accessPolicies": list(policies)}})


def policy(*secrets, **more):
    return {"tenantId": TENANT, "objectId": THEIRS, "permissions": {"secrets": [*secrets]}, **more}


def give(script, *, is_role_based, tenant=TENANT, sleep=lambda seconds: None):
    """Whether anything was written."""
    with connect("t", resource_manager=script.url) as azure:
        grants = AzureGrants(azure.arm, sleep)
        return grants.allow(a_vault(is_role_based=is_role_based), THEIRS.upper(), tenant)


def allow(script, *, is_role_based, tenant=TENANT):
    """Ask for it, and give what was written: method, path and body; and for how long nobody did anything."""
    slept = []
    give(script, is_role_based=is_role_based, tenant=tenant, sleep=slept.append)
    return [(each.path.partition("?")[0], each.body) for each in script.asked if each.method != "GET"], slept


def test_the_role_is_assigned_on_the_vault_alone_and_read_back():
    with scripted(NOTHING, Answer({}, 201), assigned()) as script:
        written, _ = allow(script, is_role_based=True)
    assert written == [
        (
            f"{ID}/providers/Microsoft.Authorization/roleAssignments/bbf780e6-63f1-52d3-b66f-57aaa7d981fc",
            {
                "properties": {
                    "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}",
                    "principalId": THEIRS,
                    "principalType": "ServicePrincipal",
                }
            },
        )
    ]
    assert [each.method for each in script.asked] == ["GET", "PUT", "GET"]
    assert f"principalId%20eq%20%27{THEIRS}%27" in script.asked[0].path


def test_the_same_assignment_is_asked_for_every_time():
    with scripted(NOTHING, Answer({}, 201), assigned()) as once:
        first, _ = allow(once, is_role_based=True)
    with scripted(NOTHING, Answer({}, 201), assigned()) as again:
        second, _ = allow(again, is_role_based=True)
    assert first == second


@pytest.mark.parametrize("scope", [ID.upper(), f"{SUBSCRIPTION}/resourceGroups/RG", SUBSCRIPTION, "/"])
def test_a_role_that_is_there_or_inherited_is_left_as_it_is(scope):
    with scripted(assigned(scope)) as script:
        assert allow(script, is_role_based=True)[0] == []


@pytest.mark.parametrize(
    "other",
    [
        {"scope": f"{ID}/secrets/one"},
        {"scope": f"{ID}2"},
        {"scope": None},
        {"principal": "somebody-else"},
        {"role": "21090545-7ca7-4776-b22c-e363652d74d2"},
        {"condition": "@Resource[…] StringEquals 'x'"},
    ],
)
def test_what_does_not_let_it_read_the_whole_vault_is_not_enough(other):
    with scripted(assigned(**other), Answer({}, 201), assigned()) as script:
        assert len(allow(script, is_role_based=True)[0]) == 1


def test_one_that_somebody_else_assigned_meanwhile_is_as_good():
    exists = refusal(409, "RoleAssignmentExists", "The role assignment already exists.")
    with scripted(NOTHING, exists, assigned(f"{SUBSCRIPTION}/resourceGroups/rg")) as script:
        assert len(allow(script, is_role_based=True)[0]) == 1


def test_who_may_not_assign_learns_which_role_lets_him():
    said = "The client 'me' with object id 'me' does not have authorization to perform action "
    said += f"'Microsoft.Authorization/roleAssignments/write' over scope '{ID}' or the scope is invalid."
    with (
        scripted(NOTHING, refusal(403, "AuthorizationFailed", said)) as script,
        pytest.raises(PermissionMissing) as met,
    ):
        allow(script, is_role_based=True)
    assert "assign Role Based Access Control Administrator or User Access Administrator there" in str(met.value)


@pytest.mark.parametrize("is_role_based", [False, None])
def test_a_policy_gets_what_it_lacks_and_keeps_the_rest(is_role_based):
    before = policy("Set", "List", certificates=["get"])
    before["permissions"]["keys"] = ["wrapKey"]
    with scripted(holding(before), holding(before), Answer({}), holding(policy("set", "list", "get"))) as script:
        written, _ = allow(script, is_role_based=is_role_based)
    sent = {**before, "permissions": {"keys": ["wrapKey"], "secrets": ["Set", "List", "get"]}}
    assert written == [(f"{ID}/accessPolicies/add", {"properties": {"accessPolicies": [sent]}})]


@pytest.mark.parametrize("tenant", [TENANT, ""])
def test_an_identity_without_a_policy_gets_get_and_list_in_the_vaults_tenant(tenant):
    other = policy("get", "list", applicationId="on-behalf")
    with scripted(
        holding(other), holding(other), *([] if tenant else [holding(other)]), Answer({}), holding(policy("all"))
    ) as script:
        written, _ = allow(script, is_role_based=False, tenant=tenant)
    sent = {"objectId": THEIRS, "tenantId": TENANT, "permissions": {"secrets": ["get", "list"]}}
    assert written == [(f"{ID}/accessPolicies/add", {"properties": {"accessPolicies": [sent]}})]


@pytest.mark.parametrize("held", [("get", "list", "set"), ("Get", "List"), ("all",)])
def test_a_policy_that_is_enough_is_left_as_it_is(held):
    with scripted(holding(policy(*held))) as script:
        assert allow(script, is_role_based=False)[0] == []


def test_a_broken_connection_is_followed_by_a_look_and_not_by_a_guess():
    with scripted(holding(), holding(), Answer(status=0), holding(policy("get", "list"))) as script:
        written, slept = allow(script, is_role_based=False)
    assert len(written) == 1
    assert slept == []


def test_a_permission_that_azure_never_shows_is_an_error():
    made = {"roleAssignments/": Answer({}, 201)}
    with scripted(NOTHING, by=made) as script, pytest.raises(GrantUnsettled) as met:
        allow(script, is_role_based=True)
    assert str(met.value) == (
        "the permission to read the secrets of kv-a is not settled, and whether it was given is not known: Azure "
        "does not show it yet; run the same command again, it goes on where this one stopped"
    )
    assert len([each for each in script.asked if each.method == "PUT"]) == 1 + len(PAUSES)


EXISTS = refusal(409, "RoleAssignmentExists", "The role assignment already exists.")
BROKEN = Answer("<html>", 200, type="text/html")


@pytest.mark.parametrize(
    ("answers", "is_written"),
    [
        ((assigned(),), False),
        ((NOTHING, EXISTS, assigned()), False),
        ((NOTHING, Answer({}, 201), assigned()), True),
        ((NOTHING, Answer(status=0), NOTHING, EXISTS, assigned()), True),
    ],
)
def test_it_is_told_whether_it_was_us_who_gave_it(answers, is_written):
    with scripted(*answers) as script:
        assert give(script, is_role_based=True) is is_written


def test_a_look_that_fails_after_the_write_leaves_open_whether_it_was_given():
    with scripted(NOTHING, Answer({}, 201), BROKEN) as script, pytest.raises(GrantUnsettled) as met:
        give(script, is_role_based=True)
    assert met.value.may_have_happened


@pytest.mark.parametrize("answers", [(BROKEN,), (NOTHING, EXISTS, BROKEN)])
def test_a_look_that_fails_where_nothing_was_taken_is_what_it_is(answers):
    with scripted(*answers) as script, pytest.raises(AzureAnswer):
        give(script, is_role_based=True)


def test_a_write_that_is_refused_after_one_of_which_nobody_knows_leaves_that_open():
    denied = refusal(403, "AuthorizationFailed", "no")
    with scripted(NOTHING, Answer(status=0), NOTHING, denied) as script, pytest.raises(GrantUnsettled):
        give(script, is_role_based=True)


def test_a_permission_that_another_gave_and_azure_never_shows_is_none_that_we_gave():
    with scripted(NOTHING, by={"roleAssignments/": EXISTS}) as script, pytest.raises(GrantUnsettled) as met:
        give(script, is_role_based=True)
    assert not met.value.may_have_happened
