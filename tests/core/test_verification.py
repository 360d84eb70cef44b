"""What a look proves, body by body; and that nothing proves a vault open but what must."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.resources import Vault, VaultId
from netcfg.core.rules import (
    DefaultAction,
    Firewall,
    IpRule,
    NetworkRuleSet,
    Perimeter,
    PublicAccess,
    VirtualNetworkRule,
)
from netcfg.core.verdict import client_of, judge
from netcfg.core.verification import (
    Answer,
    Bearer,
    Client,
    Failure,
    Fault,
    Hope,
    Known,
    Lookup,
    Observation,
    Obstacle,
    Resolution,
)

ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-x"
SUBNET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/agents"
OID = "00000000-0000-4000-8000-0000000000b1"
PUBLIC = Lookup(Resolution.PUBLIC, ("191.10.120.10",))
PRIVATE = Lookup(Resolution.PRIVATE, ("10.60.1.10",))


def seen(said: Answer | Failure | None, lookup: Lookup = PUBLIC, proxy: str = "") -> Observation:
    address = lookup.addresses[0] if lookup.addresses and not proxy else ""
    zone = "privatelink.vaultcore.azure.net"
    return Observation("kv-x", "kv-x.vault.azure.net", zone, lookup, said, address=address, proxy=proxy)


def refusal(message: str, inner: str = "", code: str = "Forbidden") -> Answer:
    return Answer(403, code, inner, message)


def known(
    *rules: IpRule | VirtualNetworkRule,
    access: PublicAccess = PublicAccess.ENABLED,
    action: DefaultAction = DefaultAction.DENY,
    perimeter: Perimeter = Perimeter.NONE,
    endpoints: tuple[tuple[str, str], ...] = (),
) -> Known:
    acls = NetworkRuleSet(
        default_action=action,
        ip_rules=tuple(each for each in rules if isinstance(each, IpRule)),
        virtual_network_rules=tuple(each for each in rules if isinstance(each, VirtualNetworkRule)),
    )
    connections = tuple(
        Connection(PieceId(f"{ID}/p/{name}"), piece(name), Approval(state)) for name, state in endpoints
    )
    return Known(Vault(VaultId(ID, "s", "rg", "kv-x"), Firewall(access, acls), perimeter, connections))


def piece(name: str) -> PieceId:
    return PieceId(f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/{name}")


FIREWALL = refusal(
    "Client address is not authorized and caller is not a trusted service.\r\nClient address: 191.10.60.9 from unknown "
    "subnet\r\nVault: kv-x;location=westeurope",
    "ForbiddenByFirewall",
)
NSP = (
    "Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because "
    "bypass is set to None Client address: 191.10.60.9"
)
CLOSED = (
    "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n"
    "Caller: appid=a;oid=b;iss=c\r\nVault: kv-x;location=westeurope"
)
RBAC = (
    "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
    f"definitions were changed recently, please observe propagation time.\r\nCaller: appid=a;oid={OID};iss=c\r\n"
    f"Action: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action'\r\nResource: '{ID.lower()}'\r\n"
)
POLICY = (
    f"The user, group or application 'appid=a;oid={OID};numgroups=2;iss=c' does not have secrets list permission on "
    "key vault 'kv-x;location=westeurope'. For help resolving this issue, please see https://go.example/"
)


@pytest.mark.parametrize(
    ("said", "obstacle", "is_open", "status"),
    [
        (Answer(200, has_names=True), None, True, 0),
        (FIREWALL, Obstacle.FIREWALL, False, 4),
        (refusal("Client address is not authorized and caller is not a trusted service"), Obstacle.FIREWALL, False, 4),
        (refusal("Client address isn't authorized and caller isn't a trusted service"), Obstacle.FIREWALL, False, 4),
        (refusal("Client address isn’t authorized and caller isn’t a trusted service"), Obstacle.FIREWALL, False, 4),
        (refusal("Client address (1.2.3.4) is not authorized and caller is not a …"), Obstacle.FIREWALL, False, 4),
        (refusal("nobody has seen this text", "ForbiddenByFirewall"), Obstacle.FIREWALL, False, 4),
        (refusal(CLOSED, "ForbiddenByConnection"), Obstacle.PUBLIC_ACCESS, False, 4),
        (refusal(CLOSED), Obstacle.PUBLIC_ACCESS, False, 4),
        (refusal("nobody has seen this text", "ForbiddenByConnection"), Obstacle.PUBLIC_ACCESS, False, 4),
        (refusal(NSP), Obstacle.PERIMETER, False, 4),
        (refusal(NSP, "ForbiddenByNsp"), Obstacle.PERIMETER, False, 4),
        (refusal(NSP, "ForbiddenByFirewall"), Obstacle.PERIMETER, False, 4),
        (refusal(RBAC, "ForbiddenByRbac"), Obstacle.PERMISSION, True, 4),
        (refusal(RBAC), Obstacle.PERMISSION, None, 4),
        (refusal(POLICY, "ForbiddenByPolicy"), Obstacle.PERMISSION, True, 4),
        (refusal(POLICY, "AccessDenied"), Obstacle.PERMISSION, None, 4),
        (refusal(POLICY), Obstacle.PERMISSION, None, 4),
        (Answer(404, "VaultNotFound"), Obstacle.NO_VAULT, False, 4),
        (Answer(401, "Unauthorized", message="AKV10032: Invalid issuer."), Obstacle.SIGN_IN, None, 1),
        (Answer(401, "Unauthorized", is_authenticated=False), Obstacle.ANSWER, None, 1),
        (refusal("Access to this page is blocked by your company"), Obstacle.ANSWER, None, 1),
        (refusal("Operation get is not allowed", "ForbiddenByWhatIsNew"), Obstacle.ANSWER, None, 1),
        (Answer(200, message="no JSON"), Obstacle.ANSWER, None, 1),
        (Answer(200, has_names=True, is_authenticated=False), Obstacle.ANSWER, None, 1),
        (Answer(302), Obstacle.ANSWER, None, 1),
        (Answer(404, "NotFound"), Obstacle.ANSWER, None, 1),
        (Answer(429, "Throttled"), Obstacle.ANSWER, None, 1),
        (Answer(503), Obstacle.ANSWER, None, 1),
        (Failure(Fault.UNTRUSTED, "self-signed certificate"), Obstacle.TLS, False, 4),
        (Failure(Fault.WRONG_HOST, "hostname mismatch"), Obstacle.TLS, False, 4),
        (Failure(Fault.OUTDATED, "certificate has expired"), Obstacle.TLS, False, 4),
        (Failure(Fault.NO_TLS, "wrong version number"), Obstacle.TLS, False, 4),
        (Failure(Fault.SIGN_IN, "nobody is signed in"), Obstacle.SIGN_IN, None, 1),
        (Failure(Fault.PROXY, "it said no"), Obstacle.NETWORK, None, 1),
        (Failure(Fault.CONNECTION, "connection refused"), Obstacle.NETWORK, None, 1),
    ],
)
def test_each_answer_means_one_thing(said, obstacle, is_open, status):
    found = judge(seen(said))
    assert (found.obstacle, found.open, found.status) == (obstacle, is_open, status)
    assert bool(found.fix) == (obstacle is not None)


@pytest.mark.parametrize(
    ("lookup", "obstacle", "is_open", "status"),
    [
        (Lookup(Resolution.HIDDEN, alias="kv-x.privatelink.vaultcore.azure.net"), Obstacle.DNS, False, 4),
        (Lookup(Resolution.ABSENT), Obstacle.NO_VAULT, False, 4),
        (Lookup(Resolution.FAILED, reason="no DNS server answered in time"), Obstacle.DNS, None, 1),
    ],
)
def test_a_name_without_an_address_is_told_apart(lookup, obstacle, is_open, status):
    found = judge(seen(None, lookup))
    assert (found.obstacle, found.open, found.status) == (obstacle, is_open, status)


@pytest.mark.parametrize(
    ("lookup", "proxy", "said"),
    [
        (PUBLIC, "", "shows its secret names to this machine, at 191.10.120.10"),
        (PRIVATE, "", "shows its secret names to this machine, by the private endpoint at 10.60.1.10"),
        (PRIVATE, "proxy.corp:3128", "shows its secret names to this machine, through the proxy proxy.corp:3128"),
        (Lookup(Resolution.PRIVATE, ("127.0.0.1",)), "", "shows its secret names to this machine, at 127.0.0.1"),
        (Lookup(Resolution.PRIVATE, ("fd00::9",)), "", "by the private endpoint at fd00::9"),
        (Lookup(Resolution.PRIVATE, ("172.31.255.9",)), "", "by the private endpoint at 172.31.255.9"),
        (Lookup(Resolution.PRIVATE, ("198.18.0.77",)), "", "shows its secret names to this machine, at 198.18.0.77"),
        (Lookup(Resolution.PRIVATE, ("100.64.0.9",)), "", "shows its secret names to this machine, at 100.64.0.9"),
        (Lookup(Resolution.PRIVATE, ("169.254.3.4",)), "", "shows its secret names to this machine, at 169.254.3.4"),
    ],
)
def test_the_way_is_told(lookup, proxy, said):
    assert judge(seen(Answer(200, has_names=True), lookup, proxy)).message.endswith(said)


@pytest.mark.parametrize("said", [Answer(200, has_names=True), FIREWALL, Failure(Fault.CONNECTION, "refused")])
@pytest.mark.parametrize("address", ["198.18.0.77", "198.19.255.254", "100.64.0.9", "100.127.1.1", "240.0.0.1"])
def test_an_address_that_somebody_in_between_made_up_is_no_private_endpoint(address, said):
    found = judge(seen(said, Lookup(Resolution.PRIVATE, (address,))))
    assert "by the private endpoint" not in found.message
    assert "whether the endpoint is approved" not in (found.fix or "")
    (note,) = found.notes
    assert note == (
        f"kv-x.vault.azure.net resolves to {address}, which is an address of a local network or proxy and neither the "
        "vault's public one nor one that private endpoints usually have"
    )


@pytest.mark.parametrize("address", ["191.10.120.10", "10.60.1.10", "fd00::9"])
def test_a_vault_s_own_addresses_need_no_note(address):
    resolution = PUBLIC if address == "191.10.120.10" else Lookup(Resolution.PRIVATE, (address,))
    assert judge(seen(Answer(200, has_names=True), resolution)).notes == ()


def test_nobody_is_in_between_where_a_proxy_resolves_the_name():
    found = judge(seen(Answer(200, has_names=True), Lookup(Resolution.PRIVATE, ("198.18.0.77",)), "proxy.corp:3128"))
    assert found.notes == ("the proxy resolves the name itself, so what it is here does not matter",)


@pytest.mark.parametrize(
    ("message", "client"),
    [
        (FIREWALL.message, Client("191.10.60.9")),
        (NSP, Client("191.10.60.9")),
        ("Client address (191.10.60.9) is not authorized", Client("191.10.60.9")),
        (f"… Client address: 10.20.1.4 from {SUBNET}\r\nVault: …", Client("10.20.1.4", SUBNET)),
        (f"… Client address: 10.20.1.4 from subnet {SUBNET}, …", Client("10.20.1.4", SUBNET)),
        ("Client address: 2620:1ec:4::1 from unknown subnet", Client("2620:1ec:4::1")),
        ("Client address: 191.10.60.9.", Client("191.10.60.9")),
        ("Client address: 999.10.60.9", Client()),
        ("Client address is not authorized", Client()),
        ("", Client()),
    ],
)
def test_the_address_that_the_vault_saw_is_heard(message, client):
    assert client_of(message) == client


def fix(found_in: str, shown: Known | None = None) -> str:
    return judge(seen(refusal(found_in, "ForbiddenByFirewall")), shown).fix or ""


def test_the_next_step_is_the_command_for_that_machine():
    found = fix(f"Client address: 10.20.1.4 from {SUBNET}")
    assert found == f"let its subnet in: netcfg apply kv-x --organization ORG --subnet {SUBNET}"
    assert fix("Client address: 191.10.60.9 from unknown subnet") == (
        "let its address in, or on an agent the subnet of this machine, whose id is ID: netcfg apply kv-x "
        "--organization ORG --allow '191.10.60.9/32=REASON'; netcfg apply kv-x --organization ORG --subnet ID"
    )


@pytest.mark.parametrize("address", ["10.20.1.4", "2620:1ec:4::1", "nobody"])
def test_no_rule_is_proposed_for_an_address_that_none_can_admit(address):
    assert "--allow" not in fix(f"Client address: {address} from unknown subnet")


@pytest.mark.parametrize(
    ("said", "shown", "commands"),
    [
        (FIREWALL, None, ["apply kv-x --organization ORG --allow", "apply kv-x --organization ORG --subnet"]),
        (refusal(f"Client address: 10.20.1.4 from {SUBNET}", "ForbiddenByFirewall"), None, ["apply kv-x"]),
        (FIREWALL, known(IpRule("191.10.60.9")), ["verify kv-x --from-here", "apply kv-x", "apply kv-x"]),
        (refusal(CLOSED), None, ["apply kv-x", "apply kv-x --organization ORG --public-access enabled"]),
        (None, None, ["apply kv-x --private-endpoint"]),
    ],
)
def test_every_command_to_paste_goes_where_this_one_went(said, shown, commands):
    """Each begins with the program and its root options, and none without."""
    look = seen(said, PUBLIC if said else Lookup(Resolution.HIDDEN))
    first, *others = (judge(look, shown, "netcfg --cloud usgov").fix or "").split("netcfg")[1:]
    assert len([first, *others]) == len(commands)
    assert all(each.startswith(f" --cloud usgov {more}") for each, more in zip([first, *others], commands, strict=True))


def test_a_subnet_s_name_cannot_end_the_command():
    found = fix("Client address: 10.20.1.4 from /subscriptions/s/$(id)/subnets/`id`")
    assert found == (
        "let its subnet in: netcfg apply kv-x --organization ORG --subnet '/subscriptions/s/$(id)/subnets/`id`'"
    )


def test_a_private_endpoint_that_is_there_is_named():
    shown = known(access=PublicAccess.DISABLED, endpoints=(("pe-old", "Rejected"), ("pe-x", "Approved")))
    found = judge(seen(refusal(CLOSED, "ForbiddenByConnection")), shown)
    assert found.fix == (
        "link this machine's network to the private DNS zone privatelink.vaultcore.azure.net, where the private "
        "endpoint pe-x is to be found"
    )


def test_the_missing_role_is_given_with_one_command():
    found = judge(seen(refusal(RBAC, "ForbiddenByRbac")))
    assert found.fix == (
        "this gives it, effective within ten minutes: az role assignment create --role 'Key Vault Secrets User' "
        f"--assignee-object-id {OID} --scope {ID.lower()}"
    )
    assert judge(seen(refusal(RBAC, "ForbiddenByRbac")), known()).fix == found.fix.replace(ID.lower(), ID)


@pytest.mark.parametrize("inner", ["ForbiddenByPolicy", "AccessDenied", ""])
def test_the_missing_access_policy_is_given_with_one_command(inner):
    assert judge(seen(refusal(POLICY, inner))).fix == (
        "this gives it, effective within ten minutes; az keyvault set-policy replaces the list that the identity has, "
        "so name what is in it already too: az keyvault set-policy --name kv-x "
        f"--object-id {OID} --secret-permissions get list"
    )


def test_whom_the_refusal_does_not_name_the_token_names():
    look = Observation("kv-x", "h", "z", PUBLIC, refusal("no", "ForbiddenByPolicy"), bearer=Bearer("t", "o-1"))
    assert "--object-id o-1" in (judge(look).fix or "")


# Whether waiting can help


@pytest.mark.parametrize(
    ("shown", "hope"),
    [
        (None, Hope.PERHAPS),
        (known(), Hope.NONE),
        (known(IpRule("191.10.60.0/24")), Hope.CHANGE),
        (known(IpRule("191.10.61.0/24")), Hope.NONE),
        (known(VirtualNetworkRule(SUBNET)), Hope.CHANGE),  # the endpoint may not be effective yet
        (known(action=DefaultAction.ALLOW), Hope.CHANGE),
        (known(IpRule("191.10.60.9"), access=PublicAccess.DISABLED), Hope.NONE),
        (known(IpRule("191.10.60.9"), perimeter=Perimeter.ENFORCED), Hope.NONE),
        (known(IpRule("not a range")), Hope.NONE),
    ],
)
def test_a_firewall_is_waited_for_where_azure_shows_no_reason_for_the_refusal(shown, hope):
    found = judge(seen(FIREWALL), shown)
    assert found.hope is hope
    assert ("although Azure shows" in found.message) == (shown is not None and hope is Hope.CHANGE)


@pytest.mark.parametrize(
    ("rule", "hope"), [(SUBNET.upper(), Hope.CHANGE), (SUBNET.replace("agents", "builds"), Hope.NONE)]
)
def test_a_subnet_that_was_seen_needs_its_own_rule(rule, hope):
    said = refusal(f"Client address: 10.20.1.4 from {SUBNET}", "ForbiddenByFirewall")
    assert judge(seen(said), known(VirtualNetworkRule(rule))).hope is hope


@pytest.mark.parametrize(("access", "hope"), [(PublicAccess.ENABLED, Hope.CHANGE), (PublicAccess.DISABLED, Hope.NONE)])
def test_public_access_is_waited_for_where_azure_shows_it_on(access, hope):
    assert judge(seen(refusal(CLOSED)), known(access=access)).hope is hope


def test_a_perimeter_that_only_learns_is_told_as_the_firewall_that_would_do():
    assert judge(seen(refusal(NSP)), known(perimeter=Perimeter.LEARNING)).obstacle is Obstacle.FIREWALL
    for held in (Perimeter.ENFORCED, Perimeter.UNKNOWN):
        assert judge(seen(refusal(NSP)), known(perimeter=held)).obstacle is Obstacle.PERIMETER
    secured = known(access=PublicAccess.SECURED_BY_PERIMETER, perimeter=Perimeter.LEARNING)
    assert judge(seen(refusal(NSP)), secured).obstacle is Obstacle.PERIMETER


def test_a_vault_that_azure_has_and_the_dns_has_not_is_a_fault_of_the_dns():
    found = judge(seen(None, Lookup(Resolution.ABSENT)), known())
    assert found.obstacle is Obstacle.DNS
    assert (
        found.message
        == f"the DNS of this network says that kv-x.vault.azure.net does not exist, and yet Azure has {ID}"
    )


def test_a_pending_endpoint_explains_a_connection_that_does_not_come_about():
    look = seen(Failure(Fault.CONNECTION, "nothing came within 10 seconds"), PRIVATE)
    assert "Azure shows pe-x (Pending)" in (judge(look, known(endpoints=(("pe-x", "Pending"),))).fix or "")


# The laws

INNERS = ["ForbiddenByFirewall", "ForbiddenByConnection", "ForbiddenByRbac", "ForbiddenByPolicy", "AccessDenied", ""]
TEXTS = st.one_of(st.text(), st.sampled_from([FIREWALL.message, NSP, CLOSED, RBAC, POLICY]))
answers = st.builds(
    Answer,
    status=st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 407, 429, 500, 503]),
    code=st.sampled_from(["", "Forbidden", "VaultNotFound", "Unauthorized"]) | st.text(),
    inner=st.sampled_from([*INNERS, *map(str.lower, INNERS), *map(str.upper, INNERS)]) | st.text(),
    message=TEXTS,
    has_names=st.booleans(),
    is_authenticated=st.booleans(),
    wait=st.none() | st.floats(0, 1e6),
)
failures = st.builds(Failure, fault=st.sampled_from(Fault), reason=st.text())
lookups = st.one_of(
    st.builds(Lookup, st.sampled_from([Resolution.HIDDEN, Resolution.ABSENT, Resolution.FAILED]), reason=st.text()),
    st.sampled_from([PUBLIC, PRIVATE]),
)
knowns = st.one_of(
    st.none(),
    st.builds(
        known,
        st.sampled_from([IpRule("191.10.60.9"), IpRule("junk"), VirtualNetworkRule(SUBNET)]),
        access=st.sampled_from(PublicAccess),
        action=st.sampled_from(DefaultAction),
        perimeter=st.sampled_from(Perimeter),
        endpoints=st.lists(st.tuples(st.text(), st.sampled_from(["Approved", "Pending"]))).map(tuple),
    ),
)


@given(st.one_of(answers, failures, st.none()), lookups, knowns)
def test_open_comes_from_names_read_with_a_token_or_the_two_codes_that_follow_the_firewall(said, lookup, shown):
    found = judge(seen(said, lookup), shown)
    if found.open:
        assert isinstance(said, Answer)
        assert said.is_authenticated
        assert (said.status == 200 and said.has_names) or (
            said.status == 403 and said.inner in ("ForbiddenByRbac", "ForbiddenByPolicy")
        )
    assert (found.status == 0) == (found.obstacle is None)
    assert found.obstacle is not None or found.open


@given(answers, knowns)
def test_what_azure_shows_never_opens_a_vault_nor_closes_one(said, shown):
    assert judge(seen(said), shown).open == judge(seen(said)).open


@given(st.one_of(answers, failures), knowns)
def test_every_obstacle_has_a_next_step_and_no_wait_without_hope(said, shown):
    found = judge(seen(said), shown)
    assert bool(found.fix) == (found.obstacle is not None)
    if found.obstacle in (None, Obstacle.PERMISSION, Obstacle.TLS, Obstacle.NO_VAULT, Obstacle.SIGN_IN):
        assert found.hope is Hope.NONE
