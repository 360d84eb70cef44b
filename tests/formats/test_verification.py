"""A verification as text and as a document, whatever the vault and the DNS say."""

from __future__ import annotations

import json as parser

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from netcfg.core.proof import Proof
from netcfg.core.verdict import judge
from netcfg.core.verification import (
    Answer,
    Bearer,
    Failure,
    Fault,
    Lookup,
    Observation,
    Obstacle,
    Remedy,
    Resolution,
)
from netcfg.formats import json, verification
from netcfg.formats.page import Page
from tests.core.test_proof import CONNECTION
from tests.formats import generated
from tests.formats.test_json import conform, schema

ZONE = "privatelink.vaultcore.azure.net"


def seen(said: Answer | Failure | None, lookup: Lookup, **more: str) -> Observation:
    return Observation("kv-x", "kv-x.vault.azure.net", ZONE, lookup, said, bearer=Bearer("t-1", "o-1"), **more)


def test_the_schema_is_one_itself_and_lets_documents_grow():
    Draft202012Validator.check_schema(schema("verification"))
    assert "additionalProperties" not in parser.dumps(schema("verification"))


def test_a_name_that_is_hidden_as_text():
    found = judge(seen(None, Lookup(Resolution.HIDDEN, alias=f"kv-x.{ZONE}")))
    assert verification.text(found, Page(width=100)) == (
        "kv-x does not work from here: dns\n"
        "kv-x.vault.azure.net has no address here: the DNS of this network answers for the private zone\n"
        "privatelink.vaultcore.azure.net, to which the name points, and has no record for the vault\n"
        "\n"
        "  name      kv-x.vault.azure.net\n"
        "  resolves  not (hidden)\n"
        "\n"
        "next: give its private endpoint a record there, or let what has no record resolve publicly:\n"
        "  netcfg apply kv-x --private-endpoint SUBNET-ID\n"
        "  az network private-dns link vnet update --resource-group GROUP --zone-name privatelink.vaultcore.azure.net "
        "--name LINK --resolution-policy NxDomainRedirect\n"
    )


def test_what_cannot_be_determined_as_text():
    found = judge(seen(Failure(Fault.PROXY, "connection refused"), Lookup(Resolution.ABSENT), proxy="proxy.corp:3128"))
    text = verification.text(found, Page(width=100))
    assert text.startswith("kv-x undetermined from here: network\nthe proxy proxy.corp:3128 let no connection")
    assert "  through   the proxy proxy.corp:3128\n" in text
    assert text.endswith("note: the proxy resolves the name itself, so what it is here does not matter\n")


def test_addresses_are_in_one_order_whatever_the_look_up_was():
    there, back = (
        json.verification(judge(seen(Answer(503), Lookup(Resolution.PUBLIC, found))))
        for found in (("191.10.9.9", "2620:1ec:4::1", "191.10.10.1"), ("2620:1ec:4::1", "191.10.10.1", "191.10.9.9"))
    )
    assert there == back
    assert parser.loads(there)["addresses"] == ["191.10.9.9", "191.10.10.1", "2620:1ec:4::1"]


def test_every_command_stands_on_a_line_of_its_own_however_narrow_the_page_is():
    grant = f"az role assignment create --role 'Key Vault Secrets User' --scope /subscriptions/{'s' * 90}"
    found = Proof("kv-x", CONNECTION, True, Obstacle.PERMISSION, "it may not", Remedy("this gives it", (grant,)))
    assert f"\nnext: this gives it:\n  {grant}\n" in verification.proof_text(found, Page(width=40))
    document = parser.loads(json.proof(found))
    assert (document["fix"], document["commands"]) == (f"this gives it: {grant}", [grant])


@given(generated.proofs)
def test_every_document_of_azure_devops_conforms_and_no_runner_obeys_it(proof: Proof):
    conform(json.proof(proof), "verification")
    here = judge(seen(Answer(503), Lookup(Resolution.PUBLIC, ("191.10.9.9",))))
    conform(json.proof(proof, here), "verification")
    for text in (json.proof(proof), verification.proof_text(proof, Page())):
        assert "##" not in text
        assert "\x1b" not in text


def test_a_proof_that_lacks_what_azure_devops_told_does_not_conform():
    document = parser.loads(json.proof(Proof("kv-x", CONNECTION, True, None, "nothing is in the way")))
    del document["serviceConnection"]
    assert not Draft202012Validator(schema("verification")).is_valid(document)
    here = parser.loads(json.verification(judge(seen(Answer(503), Lookup(Resolution.PUBLIC)))))
    del here["resolution"]
    assert not Draft202012Validator(schema("verification")).is_valid(here)


HOSTILE = "##vso[task.setvariable variable=x]y \x1b[31m \u202e ::error::\n##[section]"


def test_no_runner_and_no_terminal_obeys_what_a_vault_says():
    found = judge(seen(Answer(403, "Forbidden", HOSTILE, HOSTILE), Lookup(Resolution.PUBLIC, ("191.10.9.9",))))
    for text in (json.verification(found), verification.text(found, Page())):
        assert "##" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text


@given(
    st.builds(
        Answer,
        status=st.sampled_from([200, 401, 403, 404, 500]),
        code=st.text(),
        inner=st.text(),
        message=st.text(),
        has_names=st.booleans(),
    )
)
def test_every_document_conforms(said: Answer):
    conform(json.verification(judge(seen(said, Lookup(Resolution.PUBLIC, ("191.10.9.9",))))), "verification")
