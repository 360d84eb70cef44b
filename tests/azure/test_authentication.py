"""Subscriptions of other tenants: learned from what Azure says, and from nothing else."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.credentials import AccessTokenInfo

from netcfg.azure.arm import ResourceManager
from netcfg.azure.authentication import is_home
from netcfg.azure.connection import connect
from netcfg.azure.credentials import FOREVER, ConstantToken
from netcfg.core.errors import LedElsewhere, OtherTenantNamed, SignInFailed, TokenRefused, WrongTenant
from netcfg.core.resources import parse_subnet, parse_vault
from netcfg.core.rules import VirtualNetworkRule
from netcfg.sandbox.server import serve
from tests.azure.scripted import Answer, refusal, scripted

HOME, THERE = "00000000-0000-4000-8000-000000000010", "00000000-0000-4000-8000-000000000020"
OTHER = "00000000-0000-4000-8000-000000000030"
PATH = "/subscriptions/S-2/resourceGroups/rg/providers/x"
WORKS = Answer({"it": "works"})


def token(tenant):
    payload = base64.urlsafe_b64encode(json.dumps({"tid": tenant}).encode()).decode().rstrip("=")
    return f"head.{payload}.signature"


def wrong(tenant=THERE, code="InvalidAuthenticationTokenTenant", where="https://login.microsoftonline.com"):
    message = (
        f"The access token is from the wrong issuer 'https://sts.windows.net/{HOME}/'. It must match the tenant "
        f"'https://sts.windows.net/{tenant}/' associated with this subscription. Please use the authority (URL)."
    )
    challenge = f'Bearer authorization_uri="{where}/{tenant}", error="invalid_token", error_description="{message}"'
    return refusal(401, code, message, {"WWW-Authenticate": challenge})


class Guest:
    """Somebody who is at home in one tenant and known in others, and how often tokens were asked for."""

    def __init__(self, *tenants, lifetime=FOREVER):
        self.tenants = tenants
        self.lifetime = lifetime
        self.asked = []

    def get_token_info(self, *scopes, options=None):
        tenant = (options or {}).get("tenant_id")
        self.asked.append(tenant)
        if tenant and tenant not in self.tenants:
            raise SignInFailed("Guest", f"nobody is known in {tenant}")
        return AccessTokenInfo(token(tenant or HOME), self.lifetime)


def arm(script, credential, told=None):
    return ResourceManager(script.url, "scope", credential, 5.0, (told if told is not None else []).append)


def bearers(script):
    return [each.headers["Authorization"] for each in script.asked]


def test_the_tenant_that_azure_names_is_signed_in_to_and_remembered():
    guest, told = Guest(THERE), []
    with scripted(wrong(), WORKS) as script:
        shared = arm(script, guest, told)
        assert shared.get(PATH, "v", "it") == {"it": "works"}
        assert shared.get(PATH.lower() + "/again", "v", "it") == {"it": "works"}
        assert shared.get("/subscriptions/S-1/x", "v", "it") == {"it": "works"}
        home, there = f"Bearer {token(HOME)}", f"Bearer {token(THERE)}"
        assert bearers(script) == [home, there, there, home]
    assert guest.asked == [None, THERE]
    assert told == [f"Azure: tenant {THERE} for subscription s-2"]


def test_a_tenant_may_be_named_by_its_domain():
    guest = Guest("partner.example")
    with scripted(wrong("partner.example"), WORKS) as script:
        assert arm(script, guest).get(PATH, "v", "it") == {"it": "works"}
    assert guest.asked == [None, "partner.example"]


@pytest.mark.parametrize(
    "answer",
    [
        wrong(code="InvalidAuthenticationToken"),
        wrong(code="ExpiredAuthenticationToken"),
        wrong("common"),
        wrong("organizations"),
        wrong("a b"),
        wrong("..%2f"),
        wrong("-"),
        refusal(401, "InvalidAuthenticationTokenTenant", "wrong"),
        refusal(401, "InvalidAuthenticationTokenTenant", "wrong", {"WWW-Authenticate": "Basic realm=x"}),
        refusal(401, "InvalidAuthenticationTokenTenant", "wrong", {"WWW-Authenticate": "Bearer authorization_uri="}),
    ],
)
def test_nothing_else_is_a_reason_to_sign_in_elsewhere(answer):
    guest = Guest(THERE, "common", "organizations")
    with scripted(answer) as script:
        with pytest.raises(TokenRefused):
            arm(script, guest).get(PATH, "v", "it")
        assert len(script.asked) == 1
    assert guest.asked == [None]


def test_a_request_about_no_subscription_has_no_tenant_to_learn():
    guest = Guest(THERE)
    with scripted(wrong()) as script, pytest.raises(WrongTenant):
        arm(script, guest).get("/tenants/x", "v", "it")
    assert guest.asked == [None]


def test_only_the_tenant_is_taken_from_the_challenge():
    """Where to sign in is the cloud's; who sends a challenge must not choose."""
    with scripted(WORKS) as elsewhere, scripted(wrong(where=elsewhere.url), WORKS) as script:
        arm(script, Guest(THERE)).get(PATH, "v", "it")
        assert elsewhere.asked == []


def test_it_is_tried_once():
    guest = Guest(THERE)
    with scripted(wrong()) as script:
        with pytest.raises(WrongTenant) as raised:
            arm(script, guest).get(PATH, "v", "it")
        assert len(script.asked) == 2
    assert guest.asked == [None, THERE]
    assert str(raised.value) == (
        f"it belongs to tenant {THERE}, and the sign-in is to tenant {HOME}; "
        f"run 'az login --tenant {THERE}' as somebody who is known there too"
    )


def test_two_tenants_that_name_each_other_are_no_endless_loop():
    with scripted(wrong(THERE), wrong(OTHER), wrong(THERE)) as script:
        with pytest.raises(WrongTenant):
            arm(script, Guest(THERE, OTHER)).get(PATH, "v", "it")
        assert len(script.asked) == 2


def test_a_tenant_that_does_not_know_us_is_told_with_both_and_not_asked_again():
    guest = Guest()
    with scripted(wrong()) as script:
        shared = arm(script, guest)
        for _ in range(2):
            with pytest.raises(WrongTenant) as raised:
                shared.get(PATH, "v", "it")
    assert guest.asked == [None, THERE]
    assert str(raised.value) == (
        f"subscription s-2 belongs to tenant {THERE}, and the sign-in is to tenant {HOME} (the sign-in to Azure with "
        f"Guest failed: nobody is known in {THERE}; mend that credential, or take another with 'az login'); "
        f"run 'az login --tenant {THERE}' as somebody who is known there too"
    )


def test_a_managed_identity_gives_its_own_token_whatever_it_is_asked_for():
    with scripted(wrong()) as script:
        with pytest.raises(WrongTenant, match=rf"\(the credential has tokens of {HOME} only\)"):
            arm(script, ConstantToken(token(HOME), lambda tenant: token(HOME))).get(PATH, "v", "it")
        assert len(script.asked) == 1


def test_a_constant_token_is_of_one_tenant():
    with scripted(wrong()) as script, pytest.raises(WrongTenant, match="it is of one tenant"):
        arm(script, ConstantToken(token(HOME))).get(PATH, "v", "it")


def test_many_threads_learn_it_once():
    guest, told = Guest(THERE), []
    with scripted(wrong()) as script, ThreadPoolExecutor(8) as pool:
        shared = arm(script, guest, told)
        lock, next_answer = threading.Lock(), script.next

        def judge(asked):
            with lock:
                next_answer(asked)
                return WORKS if asked.headers["Authorization"] == f"Bearer {token(THERE)}" else wrong()

        script.next = judge
        assert list(pool.map(lambda n: shared.get(f"{PATH}/{n}", "v", "it"), range(24))) == [{"it": "works"}] * 24
    assert guest.asked == [None, THERE]
    assert len(told) == 1


def test_a_token_that_ends_is_renewed_and_one_that_is_refused_is_dropped():
    guest = Guest(lifetime=0)
    with scripted(WORKS) as script:
        shared = arm(script, guest)
        shared.get(PATH, "v", "it")
        shared.get(PATH, "v", "it")
    assert guest.asked == [None, None]
    guest = Guest()
    no = refusal(401, "ExpiredAuthenticationToken", "Expired.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    with scripted(no, WORKS) as script:
        shared = arm(script, guest)
        with pytest.raises(TokenRefused):
            shared.get(PATH, "v", "it")
        shared.get(PATH, "v", "it")
    assert guest.asked == [None, None]


def test_claims_that_azure_asks_for_are_given():
    asked = []

    class Claimed(Guest):
        def get_token_info(self, *scopes, options=None):
            asked.append(dict(options or {}))
            return super().get_token_info(*scopes, options=options)

    claims = base64.urlsafe_b64encode(b'{"it": 1}').decode()
    no = refusal(401, "X", "More.", {"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'})
    with scripted(no, WORKS) as script:
        assert arm(script, Claimed()).get(PATH, "v", "it") == {"it": "works"}
    assert asked == [{}, {"claims": '{"it": 1}'}]


@pytest.mark.parametrize(
    ("next_link", "place"),
    [
        ("http://management.azure.com/next", "management.azure.com"),
        ("https://somebody:secret@elsewhere.example/next", "elsewhere.example"),
        ("https://127.0.0.1:1/next", "127.0.0.1:1"),
        ("http://127.0.0.1:1/next", "127.0.0.1:1"),
        ("http://127.0.0.1:port/next", "127.0.0.1:port"),
    ],
)
def test_a_page_elsewhere_gets_no_token(next_link, place):
    with scripted(Answer({"value": [], "nextLink": next_link})) as script:
        with pytest.raises(LedElsewhere) as error:
            list(arm(script, Guest()).items(PATH, "v", "it"))
        assert f"leads to {place}, and a token goes to the former only" in str(error.value)
        assert len(script.asked) == 1


def test_an_operation_elsewhere_gets_no_token():
    with scripted(Answer({}, 202, {"Azure-AsyncOperation": "https://elsewhere.example/operations/1"})) as script:
        with pytest.raises(LedElsewhere):
            arm(script, Guest()).put(PATH, "v", "it", {}, {})
        assert [each.method for each in script.asked] == ["PUT"]


@pytest.mark.parametrize(
    ("url", "home", "is_it"),
    [
        ("https://management.azure.com/x", "https://management.azure.com", True),
        ("https://MANAGEMENT.azure.com:443/x", "https://management.azure.com", True),
        ("https://westeurope.management.azure.com/x", "https://management.azure.com", True),
        ("https://evilmanagement.azure.com/x", "https://management.azure.com", False),
        ("https://management.azure.com.evil.example/x", "https://management.azure.com", False),
        ("https://westeurope.management.azure.com:444/x", "https://management.azure.com", False),
        ("http://westeurope.management.azure.com/x", "https://management.azure.com", False),
        ("//management.azure.com/x", "https://management.azure.com", False),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080", True),
        ("https://a.127.0.0.1:443/x", "http://127.0.0.1:8080", False),
    ],
)
def test_home_is_resource_manager_and_the_hosts_below_it(url, home, is_it):
    assert is_home(url, home) is is_it


# --- auxiliary tokens ---------------------------------------------------------------------------------------------

VAULT = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-a"


def patched(script, guest, *subscriptions, learn=()):
    """A PATCH of a vault whose rules name those subscriptions, after a look at each of `learn`."""
    shared = arm(script, guest)
    for each in learn:
        shared.get(f"/subscriptions/{each}/x", "v", "it")
    rules = [{"id": f"/subscriptions/{each}/resourceGroups/rg/providers/x"} for each in subscriptions]
    body = {"properties": {"networkAcls": {"virtualNetworkRules": rules}}}
    shared.patch(VAULT, "v", body)
    return script.asked[-1].headers


def test_a_write_that_names_another_tenant_carries_its_token_too():
    with scripted(wrong(), WORKS) as script:
        headers = patched(script, Guest(THERE), "S-2", "s-1", "s-9", learn=["s-2"])
    assert headers["Authorization"] == f"Bearer {token(HOME)}"
    assert headers["x-ms-authorization-auxiliary"] == f"Bearer {token(THERE)}"


def test_a_write_that_names_none_carries_none():
    with scripted(wrong(), WORKS) as script:
        headers = patched(script, Guest(THERE), "s-1", "s-9", learn=["s-2"])
    assert "x-ms-authorization-auxiliary" not in headers


def test_no_more_than_three_are_carried():
    tenants = [f"00000000-0000-4000-8000-00000000009{n}" for n in range(4)]
    answers = [each for tenant in tenants for each in (wrong(tenant), WORKS)]
    with scripted(*answers, WORKS) as script:
        names = [f"t-{n}" for n in range(4)]
        headers = patched(script, Guest(*tenants), *names, learn=names)
    assert headers["x-ms-authorization-auxiliary"] == ", ".join(f"Bearer {token(each)}" for each in tenants[:3])


def test_a_read_carries_none():
    with scripted(wrong(), WORKS) as script:
        arm(script, Guest(THERE)).get(PATH, "v", "it")
        assert all("x-ms-authorization-auxiliary" not in each.headers for each in script.asked)


PARTNER = (
    "/subscriptions/00000000-0000-4000-8000-000000000004/resourceGroups/rg-partner/providers/Microsoft.Network/"
    "virtualNetworks/vnet-partner/subnets/runners"
)


def test_against_the_sandbox_a_vault_admits_a_subnet_of_the_partner():
    with (
        serve(world="agents") as sandbox,
        connect(ConstantToken(sandbox.token, sandbox.token_for), resource_manager=sandbox.url) as azure,
    ):
        subnet = parse_subnet(PARTNER)
        azure.subnets.enable_endpoint(subnet)
        assert azure.subnets.read([subnet])[0].has_endpoint
        vault = azure.vaults.read(parse_vault(sandbox.state["vaults"]["kv-orders"]["id"]))
        azure.vaults.write(vault, vault.firewall.with_rules(virtual_network_rules=(VirtualNetworkRule(subnet.text),)))
        rules = sandbox.state["vaults"]["kv-orders"]["properties"]["networkAcls"]["virtualNetworkRules"]
        assert rules == [{"id": subnet.text}]


def test_against_the_sandbox_a_rule_of_a_tenant_that_was_never_asked_is_refused():
    with (
        serve(world="agents") as sandbox,
        connect(ConstantToken(sandbox.token, sandbox.token_for), resource_manager=sandbox.url) as azure,
    ):
        vault = azure.vaults.read(parse_vault(sandbox.state["vaults"]["kv-orders"]["id"]))
        after = vault.firewall.with_rules(virtual_network_rules=(VirtualNetworkRule(PARTNER),))
        with pytest.raises(OtherTenantNamed, match="sign in as somebody who is known in both tenants"):
            azure.vaults.write(vault, after)
