"""`netcfg explain`, whole: what a message means without asking anybody, and who gets in, judged as a plan judges."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import BUILDS, SCALE_SET, Program, vault_id
from tests.core.messages.test_diagnosis import FIREWALL, MESSAGES, SCREEN, relayed
from tests.formats.test_json import conform

OURS = """\
kv-payments · refused by the firewall
the firewall of kv-payments refuses Azure DevOps, which it sees as 40.74.28.0; whether permissions
are missing, too, shows later

  said        ForbiddenByFirewall
  known from  MicrosoftDocs/azure-devops-docs#8581
  seen as     40.74.28.0
  address     40.74.28.0 is inbound: Azure DevOps calls from it for Europe · westeurope

next: netcfg --sandbox --data-dir {folder} apply kv-payments --organization ORG

note: ORG is an organization that lives in Europe; another one's ranges do not hold this address
"""


def commands(ran) -> list[str]:
    """The next steps, without what calls the program."""
    return [each.partition(" --data-dir ")[2].partition(" ")[2] or each for each in ran.document["next"]]


# --- an error message ---------------------------------------------------------------------------------------------


def test_a_proxied_refusal_is_explained_to_the_end(netcfg: Program):
    ran = netcfg("explain", "--error", relayed(FIREWALL))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == OURS.format(folder=netcfg.folder)


def test_nobody_is_asked_what_a_message_means(netcfg: Program):
    netcfg("explain", "--error", relayed(FIREWALL))
    assert netcfg.sandbox.requests == []


def test_every_message_has_a_document(netcfg: Program):
    for text, cause in MESSAGES.values():
        ran = netcfg("explain", "--error", "-", "--format", "json", answer=text)
        document = conform(ran.out, "explanation")
        assert (ran.status, document["recognised"], document["cause"]) == (0, True, cause.value)


def test_a_message_that_nobody_knows_is_status_1_and_still_a_document(netcfg: Program):
    ran = netcfg("explain", "--error", "hello", "--format", "json")
    document = conform(ran.out, "explanation")
    assert (ran.status, document["recognised"], document["cause"]) == (1, False, "unknown")
    assert ran.err == "netcfg: the message was not recognised, so nothing is known of its cause\n"
    assert commands(ran) == ["verify VAULT --through-devops --organization ORG", "verify VAULT --from-here"]


def test_the_screen_that_always_says_the_same_leads_to_who_can_tell(netcfg: Program):
    ran = netcfg("explain", "--error", SCREEN, "--format", "json")
    assert ran.document["cause"] == "hidden"
    assert commands(ran)[0] == "verify VAULT --through-devops --organization ORG"


@pytest.mark.parametrize(
    "text",
    [
        "npm ERR! 403 Forbidden - GET https://registry.npmjs.org/left-pad",
        "##[section]Starting: AzureKeyVault https://kv-prod.vault.azure.net/\nError: getaddrinfo ENOTFOUND example.com",
    ],
)
def test_the_refusal_of_somebody_else_is_status_1(netcfg: Program, text: str):
    assert netcfg("explain", "--error", text).status == 1


@pytest.mark.parametrize(
    ("address", "steps"),
    [
        ("150.171.22.5 from unknown subnet", ["ranges who 150.171.22.5"]),
        ("40.74.28.0 from unknown subnet", ["apply kv-payments --organization ORG"]),
        (
            "191.10.60.9 from unknown subnet",
            [
                "ranges refresh",
                "apply kv-payments --organization ORG",
                "apply kv-payments --organization ORG --allow '191.10.60.9/32=REASON'",
            ],
        ),
        (
            f"10.20.1.4 from {BUILDS}",
            [f"apply kv-payments --organization ORG --subnet {BUILDS.lower()}"],
        ),
        ("10.20.1.4 from unknown subnet", ["apply kv-payments --organization ORG --subnet RESOURCE-GROUP/VNET/SUBNET"]),
    ],
)
def test_the_command_is_the_one_for_that_address(netcfg: Program, address: str, steps: list[str]):
    text = relayed(FIREWALL.replace("40.74.28.0 from unknown subnet", address))
    assert commands(netcfg("explain", "--error", text, "--format", "json")) == steps


def test_a_caller_that_is_not_azure_devops_is_declared_with_a_warning(netcfg: Program):
    ran = netcfg("explain", "--error", FIREWALL.replace("40.74.28.0", "191.10.60.9"), "--format", "json")
    assert commands(ran) == ["apply kv-payments --organization ORG --allow '191.10.60.9/32=REASON'"]
    assert ran.document["notes"] == [
        "nobody promises that the caller keeps this address, so --allow may help for a while only"
    ]


def test_an_address_that_the_vault_did_not_name_itself_beside_is_let_in_by_no_rule(netcfg: Program):
    text = "Client address is not authorized. Client address: 191.10.60.9 from https://kv-payments.vault.azure.net/"
    ran = netcfg("explain", "--error", text, "--format", "json")
    assert ran.document["clientAddress"] == "191.10.60.9"
    assert commands(ran) == ["ranges who 191.10.60.9", "apply kv-payments --organization ORG"]
    assert ran.document["notes"] == []


def test_of_an_endless_log_the_first_part_is_read_and_that_is_said(netcfg: Program):
    ran = netcfg("explain", "--error", "-", answer=FIREWALL + "x" * (1 << 20))
    assert ran.status == 0
    assert ran.err == "netcfg: warning: only the first MiB was read; give the part of the log that holds the error\n"


@pytest.mark.parametrize(
    "words", [("kv-orders",), ("--organization", "contoso"), ("--config", "x.yaml"), ("--subnet", "a/b/c")]
)
def test_a_text_and_a_vault_are_two_questions(netcfg: Program, words: tuple[str, ...]):
    ran = netcfg("explain", "--error", "x", *words)
    assert (ran.status, ran.out) == (2, "")
    assert "exclude each other" in ran.err


@pytest.mark.parametrize("words", [(), ("kv-orders",)])
def test_nothing_to_explain_is_a_usage_error(netcfg: Program, words: tuple[str, ...]):
    ran = netcfg("explain", *words)
    assert (ran.status, ran.out) == (2, "")
    assert "give VAULT and ADDRESS" in ran.err


# --- an address ---------------------------------------------------------------------------------------------------

INSIDE = """\
kv-orders · 40.74.28.9 does not get in; with the plan it gets in
no rule names it, and the default action is Deny
with the plan: 40.74.28.0/23 admits it

+ 40.74.28.0/23  Azure DevOps · Europe · westeurope  table + tag
                 40.74.28.17/32 covers only a part of it

40.74.28.9 is inbound: Azure DevOps calls from it for Europe · westeurope

next: netcfg --sandbox --data-dir {folder} apply kv-orders --organization contoso

note: bypass lets trusted Azure services in from anywhere; Azure DevOps is none of them
"""


def asked(netcfg: Program, *words: str):
    ran = netcfg("explain", *words, "--format", "json")
    assert (ran.status, ran.err) == (0, "")
    return conform(ran.out, "explanation")


def test_an_address_is_explained_as_a_plan_would_show_it(netcfg: Program):
    ran = netcfg("explain", "kv-orders", "40.74.28.9", "--organization", "contoso")
    assert ran.out == INSIDE.format(folder=netcfg.folder)
    assert (ran.status, ran.err) == (0, "")


def test_nothing_is_written(netcfg: Program):
    netcfg("explain", "kv-payments", "40.74.28.9", "--organization", "contoso")
    assert netcfg.writes == []


JUDGED = [
    ("kv-ready", "40.74.28.9", ("in", "rules"), ("in", "rules")),
    ("kv-ready", "8.8.8.8", ("out", "rules"), ("out", "rules")),
    ("kv-orders", "40.74.28.0/23", ("partly", "rules"), ("in", "rules")),
    ("kv-orders", "191.10.18.4", ("in", "rules"), ("in", "rules")),
    ("kv-orders", "2620:1ec:4::1", ("out", "rules"), ("out", "rules")),
    ("kv-ready", "10.1.2.3", ("out", "rules"), ("out", "rules")),
    ("kv-orders", "10.1.2.3", ("unknown", "rules"), ("unknown", "rules")),
    ("kv-payments", "8.8.8.8", ("in", "default-action"), ("out", "rules")),
    ("kv-payments", "40.74.28.9", ("in", "default-action"), ("in", "rules")),
    ("kv-disabled", "191.10.20.7", ("out", "public-access"), ("out", "public-access")),
    ("kv-enforced", "191.10.20.7", ("unknown", "perimeter"), ("unknown", "perimeter")),
    ("kv-perimeter", "191.10.20.7", ("unknown", "perimeter"), ("unknown", "perimeter")),
    ("kv-nsp-unreadable", "191.10.20.7", ("unknown", "perimeter"), ("unknown", "perimeter")),
    ("kv-learning", "191.10.20.7", ("in", "rules"), ("in", "rules")),
    ("kv-learning", "191.10.30.4", ("unknown", "perimeter"), ("unknown", "perimeter")),  # its own rule names it
    ("kv-learning", "40.74.28.9", ("unknown", "perimeter"), ("in", "rules")),
    ("kv-wide", "40.74.28.9", ("in", "rules"), ("in", "rules")),
]


def test_who_decides_now_and_with_the_plan(netcfg: Program):
    for vault, address, now, planned in JUDGED:
        document = asked(netcfg, vault, address, "--geography", "EU")
        assert (document["now"]["verdict"], document["now"]["by"]) == now, vault
        assert (document["planned"]["verdict"], document["planned"]["by"]) == planned, vault


def test_a_perimeter_that_learns_may_admit_alone_where_public_access_is_off(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["vaults"]["kv-learning"]["properties"]["publicNetworkAccess"] = "Disabled"
    ran = netcfg("explain", "kv-learning", "191.10.20.7", "--geography", "EU", "--format", "json")
    assert (ran.document["now"]["verdict"], ran.document["now"]["by"]) == ("unknown", "perimeter")
    assert "public access is Disabled" in ran.document["now"]["message"]
    assert commands(ran) == ["apply kv-learning --geography EU --public-access enabled"]


def test_an_organization_is_only_spoken_of_where_a_command_names_one(netcfg: Program):
    notes = asked(netcfg, "kv-hidden", "40.74.28.4", "--organization", "contoso")["notes"]
    assert not any("ORG " in each for each in notes)
    document = asked(netcfg, "kv-orders", "20.42.5.9", "--organization", "contoso")
    assert document["next"][0].endswith(" --organization ORG")
    assert document["notes"][0] == ("it is published for United States: ORG would be an organization that lives there")


def test_what_a_plan_does_not_change_is_said_in_words_that_fit(netcfg: Program):
    ran = netcfg("explain", "kv-orders", "10.1.2.3", "--geography", "EU")
    assert ran.out.startswith(
        "kv-orders · 10.1.2.3 may get in or not, which cannot be told from here, with or without the plan\n"
    )
    assert (
        "8.8.8.8 does not get in, with the plan neither\n"
        in netcfg("explain", "kv-ready", "8.8.8.8", "--geography", "EU").out
    )


def test_a_plan_that_is_applied_admits_what_was_promised(netcfg: Program):
    before = asked(netcfg, "kv-orders", "40.74.28.0/23", "--organization", "contoso")
    netcfg("apply", "kv-orders", "--organization", "contoso", "--yes")
    after = asked(netcfg, "kv-orders", "40.74.28.0/23", "--organization", "contoso")
    assert after["now"] == after["planned"] == before["planned"]
    assert after["next"] == []


def test_every_rule_that_names_it_is_told_the_broadest_first(netcfg: Program):
    document = asked(netcfg, "kv-wide", "40.74.28.9", "--geography", "EU")
    rules = [(each["value"], each["standing"], each["change"], each["whole"]) for each in document["rules"]]
    assert rules == [("0.0.0.0/2", "foreign", None, True), ("40.74.28.0/23", "published", "add", True)]
    assert "0.0.0.0/2 is so broad" in document["notes"][-1]


def test_a_rule_for_a_part_of_a_range_says_so(netcfg: Program):
    document = asked(netcfg, "kv-orders", "40.74.28.0/23", "--organization", "contoso")
    assert [(each["value"], each["whole"]) for each in document["rules"]] == [
        ("40.74.28.0/23", True),
        ("40.74.28.17/32", False),
    ]


def test_without_an_organization_what_is_there_is_still_told(netcfg: Program):
    document = asked(netcfg, "kv-us", "51.104.26.7")
    assert (document["now"]["verdict"], document["planned"]) == ("in", None)
    assert [(each["value"], each["standing"], each["geography"]) for each in document["rules"]] == [
        ("51.104.26.0/24", "published", "UK")
    ]
    assert "no organization and no geography was given" in document["notes"][0]


def test_a_vault_too_full_for_every_geography_is_told_all_the_same(netcfg: Program):
    assert asked(netcfg, "kv-full", "8.8.8.8")["now"]["verdict"] == "out"


def test_what_a_plan_takes_out_is_told(netcfg: Program):
    document = asked(netcfg, "kv-orders", "191.10.20.7", "--geography", "EU", "--remove", "191.10.20.7")
    assert (document["now"]["verdict"], document["planned"]["verdict"]) == ("in", "out")
    assert [each["change"] for each in document["rules"]] == ["remove"]


def test_a_refused_plan_promises_nothing_yet(netcfg: Program):
    document = asked(netcfg, "kv-payments", "8.8.8.8", "--organization", "contoso")
    assert document["refusedBy"] == ["default-deny"]
    assert document["notes"] == ["that plan is refused by default-deny until it is accepted"]


def test_the_configuration_says_for_whom_the_vault_is(netcfg: Program, tmp_path):
    file = tmp_path / "some.yaml"
    file.write_text("geography: EU\nallow: [{cidr: 8.8.8.8/32, reason: a resolver}]\nvaults: [{name: kv-ready}]\n")
    ran = netcfg("explain", "kv-ready", "8.8.8.8", "--config", str(file), "--format", "json")
    assert ran.document["planned"]["verdict"] == "in"
    assert commands(ran) == [f"apply kv-ready --config {file}"]


# --- a subnet -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subnet", [SCALE_SET, "rg-network/vnet-agents/scale-set"])
def test_a_subnet_with_rule_and_endpoint_gets_in(netcfg: Program, subnet: str):
    document = asked(netcfg, "kv-orders", subnet, "--geography", "EU")
    assert (document["now"]["verdict"], document["subnet"], document["address"]) == ("in", SCALE_SET.lower(), None)
    assert [(each["kind"], each["standing"]) for each in document["rules"]] == [("virtual-network-rule", "foreign")]


def test_a_subnet_that_the_plan_lets_in(netcfg: Program):
    words = ("kv-orders", "rg-network/vnet-agents/agents", "--geography", "EU")
    document = asked(netcfg, *words, "--subnet", "rg-network/vnet-agents/agents")
    assert (document["now"]["verdict"], document["planned"]["verdict"]) == ("unknown", "in")
    assert "no service endpoint" in document["now"]["message"]
    document = asked(netcfg, *words)
    assert (document["now"]["verdict"], document["planned"]["verdict"]) == ("unknown", "unknown")
    assert document["next"][0].endswith("/subnets/agents")


def test_a_subnet_that_is_not_there_is_an_error(netcfg: Program):
    ran = netcfg("explain", "kv-orders", "rg-network/vnet-agents/nowhere", "--geography", "EU")
    assert (ran.status, ran.out) == (1, "")
    assert "nowhere" in ran.err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("kv-orders", "hello"), 2),
        (("kv-orders", "/subscriptions/x"), 2),
        (("kv_orders", "8.8.8.8"), 2),
        (("kv-nothing", "8.8.8.8"), 1),
        (("kv-secret", "8.8.8.8"), 1),
        (("kv-full", "8.8.8.8", "--geography", "US"), 1),
        (("kv-orders", "8.8.8.8", "--geography", "Mars"), 2),
    ],
)
def test_errors_are_those_of_a_plan(netcfg: Program, words: tuple[str, ...], status: int):
    ran = netcfg("explain", *words)
    assert (ran.status, ran.out) == (status, "")
    assert ran.err.startswith("netcfg: ")


def test_a_vault_is_meant_by_its_id_too(netcfg: Program):
    assert asked(netcfg, vault_id("kv-ready"), "40.74.28.9", "--geography", "EU")["name"] == "kv-ready"


def test_two_runs_print_the_same_bytes(netcfg: Program):
    words = ("explain", "kv-wide", "0.0.0.0/1", "--geography", "EU", "--format", "json")
    assert json.loads(netcfg(*words).out) == json.loads(netcfg(*words).out)
