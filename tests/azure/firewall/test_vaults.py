import pytest

from netcfg.azure.connection import connect
from netcfg.azure.firewall import perimeters
from netcfg.azure.firewall.perimeters import parse_perimeter
from netcfg.azure.firewall.vaults import parse_vault_json
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    EndpointsMissing,
    LinkedPermissionMissing,
    PermissionMissing,
    PolicyForbids,
    ScopeLocked,
    UnknownValue,
    WriteUnsettled,
)
from netcfg.core.resources import parse_vault
from netcfg.core.rules import DefaultAction, IpRule, Perimeter, PublicAccess, VirtualNetworkRule
from netcfg.sandbox.server import serve
from tests.azure.scripted import Answer, refusal, scripted

ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-a"


def changed(sandbox, before):
    """The paths of the requests that were not reads, and where there was one."""
    return [(method, status) for method, _, status in sandbox.requests[before:] if method != "GET"]


def test_a_vault_is_read_with_what_holds_it_in_two_requests(sandbox, azure, vault_id):
    id = vault_id("kv-orders")
    vault = azure.vaults.read(id)
    assert vault.id == id
    assert vault.firewall.rule_set.default_action is DefaultAction.DENY
    assert {str(rule) for rule in vault.firewall.rule_set.ip_rules} >= {"191.10.20.7/32", "191.10.18.0/28"}
    perimeters = f"{id}/networkSecurityPerimeterConfigurations"
    paths = [path.lower() for _, path, _ in sandbox.requests]
    assert sorted(set(paths)) == sorted({id.text.lower(), perimeters.lower()})


@pytest.mark.parametrize(
    ("name", "perimeter"),
    [
        ("kv-payments", Perimeter.NONE),
        ("kv-learning", Perimeter.LEARNING),
        ("kv-enforced", Perimeter.ENFORCED),
        ("kv-nsp-unreadable", Perimeter.UNKNOWN),
    ],
)
def test_a_perimeter_is_none_only_when_azure_says_so(azure, vault_id, name, perimeter):
    assert azure.vaults.read(vault_id(name)).perimeter is perimeter


def test_a_fault_of_azures_own_says_nothing_about_the_perimeter():
    found = Answer({"id": ID, "properties": {}})
    with scripted(found) as script, connect("t", resource_manager=script.url) as azure:
        script.answers[:] = [refusal(500, "InternalServerError", "No.", {"Retry-After": "0.01"})]
        with pytest.raises(AzureRefused):
            perimeters.read(azure.arm, parse_vault(ID))


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_perimeter_that_cannot_be_read_is_unknown(status):
    assert perimeters.VERSION == "2026-04-01-preview"
    found = Answer({"id": ID, "properties": {}})
    with scripted(found) as script, connect("t", resource_manager=script.url) as azure:
        vault = parse_vault(ID)
        script.answers[:] = [refusal(status, "NoRegisteredProviderFound", "No.", {"Retry-After": "0.01"})]
        assert perimeters.read(azure.arm, vault) is Perimeter.UNKNOWN


def association(mode):
    return {"properties": {"resourceAssociation": {"name": "x", "accessMode": mode}}}


@pytest.mark.parametrize(
    ("modes", "perimeter"),
    [
        ([], Perimeter.NONE),
        (["Learning"], Perimeter.LEARNING),
        (["audit"], Perimeter.LEARNING),
        (["learning", "ENFORCED"], Perimeter.ENFORCED),
        (["Enforced", "Audit", "Learning"], Perimeter.ENFORCED),
    ],
)
def test_the_strictest_association_counts(modes, perimeter):
    assert parse_perimeter([association(mode) for mode in modes], "kv-a") is perimeter


def test_a_mode_that_nobody_knows_is_an_error():
    with pytest.raises(UnknownValue, match="accessMode of the perimeter of vault kv-a is 'Hardened'"):
        parse_perimeter([association("Enforced"), association("Hardened")], "kv-a")


@pytest.mark.parametrize("broken", [{}, {"properties": {}}, {"properties": {"resourceAssociation": []}}])
def test_an_association_without_a_mode_is_not_no_association(broken):
    with pytest.raises((AzureAnswer, UnknownValue)):
        parse_perimeter([broken], "kv-a")


def test_an_id_is_shown_as_azure_writes_it():
    asked = parse_vault(ID.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    vault = parse_vault_json({"id": ID, "properties": {}}, asked, Perimeter.NONE)
    assert (vault.id.text, vault.name) == (ID, "kv-a")
    assert parse_vault_json({"properties": {}}, asked, Perimeter.NONE).id.text == asked.text


@pytest.mark.parametrize("found", [{"id": ID}, {"id": ID, "properties": []}])
def test_a_vault_without_properties_is_not_an_open_vault(found):
    with pytest.raises(AzureAnswer):
        parse_vault_json(found, parse_vault(ID), Perimeter.NONE)


def test_what_was_written_is_what_is_read(sandbox, azure, vault_id):
    vault = azure.vaults.read(vault_id("kv-hidden"))
    after = vault.firewall.with_rules(
        default_action=DefaultAction.DENY, ip_rules=(IpRule("40.74.28.0/23"), IpRule("1.1.1.1"))
    )
    before = len(sandbox.requests)
    azure.vaults.write(vault, after)
    assert changed(sandbox, before) == [("PATCH", 200)]
    read = azure.vaults.read(vault.id)
    assert read.firewall == after
    assert read.firewall.public_access is PublicAccess.DISABLED


def test_every_vault_of_the_world_survives_being_written_as_it_was_read(sandbox, azure):
    for found in sandbox.state["vaults"].values():
        try:
            vault = azure.vaults.read(parse_vault(found["id"]))
            azure.vaults.write(vault, vault.firewall, ignore_missing_endpoint=True)
        except (LinkedPermissionMissing, PermissionMissing, PolicyForbids, ScopeLocked):
            continue
        shown = sandbox.state["vaults"][found["name"]]["properties"].get("networkAcls")
        assert shown == found["properties"].get("networkAcls")
        assert azure.vaults.read(vault.id).firewall == vault.firewall


def test_a_rule_may_come_before_its_endpoint_only_when_it_says_so(azure, vault_id, subnet_id):
    vault = azure.vaults.read(vault_id("kv-payments"))
    rule = VirtualNetworkRule(subnet_id("vnet-agents", "agents").text)
    after = vault.firewall.with_rules(virtual_network_rules=(rule,))
    with pytest.raises(EndpointsMissing, match="a rule names vnet-agents/agents without a service endpoint"):
        azure.vaults.write(vault, after)
    azure.vaults.write(vault, after, ignore_missing_endpoint=True)
    assert azure.vaults.read(vault.id).firewall == after


def test_a_locked_vault_is_not_a_conflict(azure, vault_id):
    vault = azure.vaults.read(vault_id("kv-locked"))
    with pytest.raises(ScopeLocked):
        azure.vaults.write(vault, vault.firewall)


@pytest.mark.parametrize(
    "fault", ["conflict", "throttle", "throttle-bare", "error", "drop-before", "drop-after", "truncate"]
)
def test_whatever_goes_wrong_a_write_is_sent_once_and_is_unsettled(fault):
    with serve(world="contoso") as calm:
        state = calm.state["vaults"]["kv-orders"]["id"]
        with connect(calm.token, resource_manager=calm.url) as azure:
            vault = azure.vaults.read(parse_vault(state))
    with (
        serve(world="contoso", faults=f"{fault}=1") as sandbox,
        connect(sandbox.token, resource_manager=sandbox.url) as azure,
    ):
        with pytest.raises(WriteUnsettled) as raised:
            azure.vaults.write(vault, vault.firewall)
        assert [method for method, _, _ in sandbox.requests] == ["PATCH"]
        assert (raised.value.wait is not None) == (fault == "throttle")


@pytest.mark.parametrize("fault", ["throttle=0.3", "error=0.3", "drop-before=0.3", "truncate=0.3"])
def test_reads_survive_a_bad_day(fault):
    with (
        serve(world="contoso", faults=fault, seed=2) as sandbox,
        connect(sandbox.token, resource_manager=sandbox.url) as azure,
    ):
        id = parse_vault(sandbox.state["vaults"]["kv-orders"]["id"])
        assert len(azure.vaults.read(id).firewall.rule_set.rules) == 4
