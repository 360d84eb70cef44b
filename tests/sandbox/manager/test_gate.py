"""What Resource Manager refuses before a provider is asked, word for word."""

import pytest

from netcfg.sandbox.manager.allowance import Allowance
from netcfg.sandbox.server import serve
from tests.sandbox.small import GROUP, SUBSCRIPTION, VAULT, Client, rules, world

PRODUCTION = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/"
GUARDED = f"{PRODUCTION}rg-guarded/providers/Microsoft.KeyVault/vaults/"


def test_nobody_is_let_in_without_a_token(client: Client):
    client.session.headers.pop("Authorization")
    refused = client.get(VAULT + "kv-open")
    message = "Authentication failed. The 'Authorization' header is missing."
    assert client.error(refused) == (401, "AuthenticationFailed", message)
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert "Bearer" in refused.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.make-believe", "e30.e30.make-believe"])
def test_a_strange_token_is_refused(client: Client, token):
    client.session.headers["Authorization"] = f"Bearer {token}"
    assert client.error(client.get(VAULT + "kv-open"))[:2] == (401, "InvalidAuthenticationToken")


def test_an_api_version_is_needed(client: Client):
    refused = client.session.get(client.sandbox.url + VAULT + "kv-open")
    message = "The api-version query parameter (?api-version=) is required for all requests."
    assert client.error(refused) == (400, "MissingApiVersionParameter", message)


def test_an_api_version_is_a_date(client: Client):
    assert client.error(client.get(f"{VAULT}kv-open?api-version=7.1"))[:2] == (400, "InvalidApiVersionParameter")


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        (
            VAULT + "kv-gone",
            "ResourceNotFound",
            (
                "The Resource 'Microsoft.KeyVault/vaults/kv-gone' under resource group 'rg' was not found. "
                "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        ),
        (
            (VAULT + "kv-open").replace("/rg/", "/gone/"),
            "ResourceGroupNotFound",
            "Resource group 'gone' could not be found.",
        ),
        (
            (VAULT + "kv-open").replace("0001/", "0009/"),
            "SubscriptionNotFound",
            "The subscription '00000000-0000-4000-8000-000000000009' could not be found.",
        ),
        (
            f"{GROUP}/providers/Microsoft.Web/sites/some",
            "ResourceNotFound",
            (
                "The Resource 'Microsoft.Web/sites/some' under resource group 'rg' was not found. "
                "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        ),
    ],
)
def test_what_is_not_there(client: Client, path, code, message):
    refused = client.get(path)
    assert client.error(refused) == (404, code, message)
    assert refused.headers["x-ms-failure-cause"] == "gateway"


def test_a_body_that_is_no_json(client: Client):
    refused = client.session.patch(f"{client.sandbox.url}{VAULT}kv-open?api-version=2026-02-01", data="{")
    assert client.error(refused)[:2] == (400, "InvalidRequestContent")


def test_no_permission_to_write(owner: Client):
    assert owner.get(GUARDED + "kv-readonly").status_code == 200
    refused = owner.call("PATCH", GUARDED + "kv-readonly", rules("191.10.21.0/24"))
    assert owner.error(refused) == (
        403,
        "AuthorizationFailed",
        (
            "The client '00000000-0000-4000-8000-0000000000a1' with object id '00000000-0000-4000-8000-0000000000b1' "
            "does not have authorization to perform action 'Microsoft.KeyVault/vaults/write' over scope "
            f"'{GUARDED}kv-readonly' or the scope is invalid. If access was recently granted, please refresh your "
            "credentials."
        ),
    )


def test_no_permission_to_read_is_an_error_when_asked_and_silence_in_lists(owner: Client):
    assert owner.error(owner.get(GUARDED + "kv-secret"))[:2] == (403, "AuthorizationFailed")
    listed = owner.get(f"{PRODUCTION}rg-guarded/providers/Microsoft.KeyVault/vaults").json()["value"]
    assert [each["name"] for each in listed] == ["kv-locked", "kv-nojoin", "kv-policy", "kv-readonly"]
    subscriptions = owner.get("/subscriptions").json()["value"]
    assert [each["displayName"] for each in subscriptions] == ["production", "platform"]
    refused = owner.get("/subscriptions/00000000-0000-4000-8000-000000000003/providers/Microsoft.KeyVault/vaults")
    assert owner.error(refused)[:2] == (403, "AuthorizationFailed")


def test_a_subnet_that_may_not_be_joined(owner: Client):
    subnet = f"{PRODUCTION}rg-network/providers/Microsoft.Network/virtualNetworks/vnet-agents/subnets/restricted"
    status, code, message = owner.error(owner.call("PATCH", GUARDED + "kv-nojoin", rules(subnets=[subnet])))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert "'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action'" in message
    assert subnet.lower() in message


def test_a_lock(owner: Client):
    refused = owner.call("PATCH", GUARDED + "kv-locked", rules("191.10.21.0/24"))
    assert owner.error(refused) == (
        409,
        "ScopeLocked",
        (
            f"The scope '{GUARDED}kv-locked' cannot perform write operation because following scope(s) are locked: "
            f"'{GUARDED}kv-locked'. Please remove the lock and try again."
        ),
    )
    assert "cannot perform delete operation" in owner.error(owner.call("DELETE", GUARDED + "kv-locked"))[2]


def test_a_policy(owner: Client):
    refused = owner.call("PATCH", GUARDED + "kv-policy", rules("191.10.21.0/24"))
    status, code, message = owner.error(refused)
    assert (status, code) == (403, "RequestDisallowedByPolicy")
    assert message.startswith(
        "Resource 'kv-policy' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\":"
    )
    (info,) = refused.json()["error"]["additionalInfo"]
    assert info["type"] == "PolicyViolation"
    assert info["info"]["policyDefinitionDisplayName"] == "Deny changes of vaults"
    assert info["info"]["policyAssignmentScope"] == SUBSCRIPTION


def test_answers_say_what_is_left_of_the_allowance(client: Client):
    read = client.get(VAULT + "kv-open").headers
    assert read["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert read["x-ms-ratelimit-remaining-subscription-global-reads"] == "3749"
    write = client.patch("kv-open", {}).headers
    assert write["x-ms-ratelimit-remaining-subscription-writes"] == "199"
    assert write["x-ms-ratelimit-remaining-subscription-global-writes"] == "2999"


def test_resource_graph_has_a_quota_of_its_own():
    now = 0.0
    allowance = Allowance(lambda: now)
    assert [allowance.query().headers["x-ms-user-quota-remaining"] for _ in range(14)][-1] == "1"
    now = 3.5
    last, beyond, other = allowance.query(), allowance.query(), allowance.query("somebody else")
    assert last.headers == {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:02"}
    assert (last.wait, beyond.wait, other.wait) == (0, 1.5, 0)
    now = 5.0
    assert allowance.query().headers == {
        "x-ms-user-quota-remaining": "14",
        "x-ms-user-quota-resets-after": "00:00:05",
    }


def test_the_allowance_counts_down_and_fills_up_again():
    now = 0.0
    allowance = Allowance(lambda: now)
    name = "x-ms-ratelimit-remaining-subscription-reads"
    assert [allowance.take("GET", "one").headers[name] for _ in range(3)] == ["249", "248", "247"]
    assert allowance.take("GET", "two").headers[name] == "249"
    assert allowance.take("GET", "one", "somebody else").headers[name] == "249"
    now = 1.0
    assert allowance.take("GET", "one").headers[name] == "249"
    assert min(int(allowance.take("GET", "one").headers[name]) for _ in range(300)) == 0


def test_who_is_refused_takes_nothing_and_is_told_when_there_is_something_again():
    now = 0.0
    allowance = Allowance(lambda: now)
    small = {"writes": (2, 4)}
    assert [allowance.take("PATCH", "one", "me", small).wait for _ in range(4)] == [0, 0, 0.25, 0.25]
    now = 0.25
    assert [allowance.take("PATCH", "one", "me", small).wait for _ in range(2)] == [0, 0.25]


def test_a_subscription_as_a_whole_has_fifteen_times_as_much():
    allowance = Allowance(lambda: 0.0)
    callers = [str(number) for number in range(16)]
    assert [allowance.take("GET", "one", each, {"reads": (1, 1)}).wait for each in callers] == [0] * 15 + [1 / 15]


def test_answers_have_ids(client: Client):
    one, other = (client.get(VAULT + "kv-open").headers for _ in range(2))
    assert one["x-ms-request-id"] != other["x-ms-request-id"]
    assert (
        client.get(VAULT + "kv-open", **{"x-ms-correlation-request-id": "mine"}).headers["x-ms-correlation-request-id"]
        == "mine"
    )


def test_resources_are_looked_up_by_type_and_name_without_properties(client: Client):
    wanted = "$filter=resourceType eq 'Microsoft.KeyVault/vaults' and name eq 'KV-OPEN'"
    (found,) = client.get(f"{SUBSCRIPTION}/resources?{wanted}").json()["value"]
    assert found == {
        "id": VAULT + "kv-open",
        "name": "kv-open",
        "type": "Microsoft.KeyVault/vaults",
        "location": "westeurope",
        "tags": {},
    }


def test_tenants_and_groups(client: Client):
    assert client.get("/tenants").json()["value"][0]["tenantId"] == world()["tenant"]["id"]
    assert client.get(f"{SUBSCRIPTION}/resourceGroups").json()["value"][0]["name"] == "rg"
    assert client.get(GROUP.replace("/rg", "/RG")).json()["location"] == "westeurope"
    assert client.get(SUBSCRIPTION).json()["displayName"] == "one"


def test_a_resource_that_the_world_only_shows(owner: Client):
    shown = owner.get(f"{PRODUCTION}rg-network/providers/Microsoft.Network/natGateways/nat-agents").json()
    address = f"{PRODUCTION}rg-network/providers/Microsoft.Network/publicIPAddresses/pip-agents"
    assert shown["properties"]["publicIpAddresses"] == [{"id": address}]


def test_a_colleague_has_permissions_of_their_own(contoso):
    from netcfg.sandbox.manager import login

    state = contoso.state
    token = login.token(state, state["principals"]["colleague"])
    client = Client(contoso, token)
    with client.session:
        assert client.call("PATCH", GUARDED + "kv-readonly", {}).status_code == 200
        expired = login.token(state, state["principals"]["colleague"], expires=1)
        client.session.headers["Authorization"] = f"Bearer {expired}"
        assert client.error(client.get(GUARDED + "kv-readonly"))[0] == 401


def test_nothing_is_at_other_paths(client: Client):
    assert client.error(client.get("/nowhere"))[:2] == (404, "NotFound")


def test_a_denied_group_hides_its_vaults():
    me = world()["principals"][0] | {"denials": [{"scope": GROUP, "action": "Microsoft.KeyVault/*/read"}]}
    with serve(world(principals=[me])) as sandbox, Client(sandbox).session as session:
        client = Client(sandbox)
        client.session = session
        assert client.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults").json() == {"value": []}
