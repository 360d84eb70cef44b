"""Every document is what its schema describes, no more and no less, and holds every name unharmed."""

import json as parser
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker

from netcfg.core.outcome import Ending
from netcfg.formats import json
from tests.formats import builders, fleets, generated, reports

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"


def schema(kind: str) -> Any:
    return parser.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))


def strict(part: Any) -> Any:
    """The schema without room to grow: what is written and not described is then an error."""
    if isinstance(part, list):
        return [strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {"additionalProperties": False} if part.get("type") == "object" and "properties" in part else {}
    return {name: strict(each) for name, each in part.items()} | closed


def conform(document: str, kind: str) -> Any:
    read = parser.loads(document)
    for described in (schema(kind), strict(schema(kind))):
        Draft202012Validator(described, format_checker=FormatChecker()).validate(read)
    return read


@pytest.mark.parametrize("kind", ["plan", "result", "geography", "ranges", "report", "groups"])
def test_a_schema_is_one_itself_and_lets_documents_grow(kind: str):
    Draft202012Validator.check_schema(schema(kind))
    assert "additionalProperties" not in parser.dumps(schema(kind))


@pytest.mark.parametrize("kind", ["result", "geography", "ranges", "edition", "report"])
def test_schemas_mean_the_same_by_the_same_word(kind: str):
    ours, plans = schema(kind)["$defs"], schema("plan")["$defs"]
    assert {name: plans[name] for name in ours} == ours


def test_every_property_of_a_schema_is_described():
    def undescribed(part: Any, path: str) -> list[str]:
        if isinstance(part, list):
            return [found for each in part for found in undescribed(each, path)]
        if not isinstance(part, dict):
            return []
        bare = [path] if part.get("type") in ("object", "array") and "description" not in part else []
        return bare + [found for name, each in part.items() for found in undescribed(each, f"{path}/{name}")]

    kinds = ("plan", "result", "geography", "ranges", "report", "groups")
    assert [found for kind in kinds for found in undescribed(schema(kind), kind)] == []


@pytest.mark.parametrize("made", [builders.opened, builders.shared, builders.several, builders.perimeter])
def test_a_plan(made, kept):
    document = "".join(json.plan(made()))
    conform(document, "plan")
    assert document == kept


def test_a_result(kept):
    endings = (Ending.REFUSED, Ending.UNCHANGED, Ending.FAILED)
    document = "".join(json.result(builders.applied(builders.several(), *endings, error="kv-audit is locked")))
    conform(document, "result")
    assert document == kept


def test_a_geography(kept):
    document = json.geography([builders.organization(), builders.organization("Adventure")])
    conform(document, "geography")
    assert document == kept


def test_ranges(kept):
    document = json.ranges(builders.resolution(builders.EUROPE, builders.CANADA))
    conform(document, "ranges")
    assert document == kept


def test_the_example_of_the_contract_conforms():
    change = {"action": "add", "kind": "ip-rule", "value": "40.74.28.0/23", "standing": "published"}
    published = {"publishedBy": ["table", "service-tag"], "geography": "EU", "region": "westeurope", "reason": "…"}
    acls = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
    firewall = {"publicNetworkAccess": "Enabled", "networkAcls": acls}
    place = {"id": "EU", "name": "Europe", "evidence": "collections-me"}
    table = {"publisher": "table", "edition": "2026-02-10", "sha256": "0" * 64, "confirmed": "2026-11-20"}
    tag = {
        "publisher": "service-tag",
        "edition": "2026-06-20",
        "changeNumber": 13,
        "sha256": "0" * 64,
        "confirmed": "2026-11-20",
    }
    vault = {
        "id": "/subscriptions/…",
        "name": "kv-payments",
        "geographies": ["EU"],
        "before": firewall,
        "after": firewall,
        "changes": [
            change | published,
            {"action": "set", "kind": "default-action", "value": "Deny", "was": "Allow"},
            {"action": "add", "kind": "virtual-network-rule", "value": "/subscriptions/…", "standing": "declared"},
            {"action": "add", "kind": "service-endpoint", "value": "Microsoft.KeyVault", "subnet": "/subscriptions/…"},
        ],
        "kept": [{"kind": "ip-rule", "value": "191.10.20.7/32", "standing": "foreign"}],
        "guards": [{"id": "default-deny", "accepted": False, "message": "…"}],
        "notes": ["…"],
    }
    document = {
        "version": 1,
        "kind": "plan",
        "organizations": [{"name": "contoso", "geography": place}],
        "ranges": {"policy": "union", "editions": [table, tag]},
        "vaults": [vault],
        "undetermined": [{"vault": "…", "reason": "…"}],
        "summary": {"vaults": 1, "changes": 4, "refused": True},
    }
    conform(parser.dumps(document), "plan")


@given(generated.results())
@settings(max_examples=60)
def test_any_plan_and_any_result_conform(result):
    conform("".join(json.plan(result.planned)), "plan")
    conform("".join(json.result(result)), "result")
    conform(json.geography(result.planned.organizations), "geography")


@given(generated.resolutions())
@settings(max_examples=30)
def test_any_ranges_conform(resolution):
    conform(json.ranges(resolution), "ranges")


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_a_name_arrives_as_it_was(name: str):
    found = conform("".join(json.plan(builders.hostile(name))), "plan")
    assert found["organizations"][0]["name"] == name
    assert found["undetermined"] == [{"vault": name, "reason": name}]


def test_a_document_is_ascii_and_ends_its_last_line():
    document = "".join(json.plan(builders.hostile("köln\x7f\x9b##vso[x]")))
    assert document.isascii()
    assert "\x7f" not in document
    assert document.endswith("}\n")


def test_a_fleet_is_written_vault_by_vault():
    done = fleets.applied(fleets.indexed(fleets.fleet(200)), is_interrupted=True)
    for pieces in (json.plan(done.planned), json.result(done), json.report(reports.many(200))):
        assert max(map(len, pieces)) < 8_000


def test_pieces_make_the_document_that_they_are_pieces_of():
    done = fleets.applied(fleets.fleet(12))
    for pieces in (json.plan(done.planned), json.result(done), json.report(reports.report())):
        document = "".join(pieces)
        assert parser.dumps(parser.loads(document), indent=2) + "\n" == document


def test_what_an_index_shows_is_told_from_what_resource_manager_shows():
    found = conform("".join(json.plan(fleets.indexed(builders.opened()))), "plan")
    assert found["selected"] == ["40 subscriptions are visible; others cannot be known"]
    assert [each["state"] for each in found["vaults"]] == ["resource-graph"]
    assert [each["state"] for each in conform("".join(json.plan(builders.opened())), "plan")["vaults"]] == [
        "resource-manager"
    ]


def test_a_vault_that_was_changed_and_is_not_done_says_so_and_no_other_does():
    endings = (Ending.REFUSED, Ending.FAILED, Ending.FAILED)
    ended = builders.applied(builders.several(), *endings, error="kv-audit is locked")
    *others, last = ended.outcomes
    found = conform("".join(json.result(replace(ended, outcomes=(*others, replace(last, touched=True))))), "result")
    touched = {each["name"]: each.get("touched") for each in found["vaults"]}
    assert touched.pop(last.plan.vault.name) is True
    assert list(touched.values()) == [None, None]


def test_an_interrupted_apply_is_told_from_one_that_went_to_its_end():
    found = conform("".join(json.result(fleets.applied(fleets.fleet(), is_interrupted=True))), "result")
    assert found["summary"]["interrupted"] is True
    assert found["summary"]["outcomes"] == {
        "done": 18, "unchanged": 10, "refused": 3, "stale": 1, "failed": 4, "not-reached": 4
    }  # fmt: skip
    assert "interrupted" not in parser.loads("".join(json.result(fleets.applied(fleets.fleet()))))["summary"]
