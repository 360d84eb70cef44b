"""A saved plan is read as it was written, or refused: whoever changes a byte of it, and whoever forges it whole."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from netcfg.core.errors import NetcfgError, SavedPlanRefused, SavedPlanUnreadable
from netcfg.core.saved import SavedPlan
from netcfg.core.target import Location
from netcfg.sandbox.server import serve
from netcfg.saved import plans
from netcfg.saved.intents import Meanings
from netcfg.sources import bundled
from netcfg.sources.carried import carry, unpack
from tests.cli.conftest import AGENTS, Program

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
EDITIONS = plans.Editions(carry, lambda document, where: unpack(document, bundled.atlas(), where))
MEANINGS = Meanings(bundled.atlas(), "https://dev.azure.com")

Json = dict[str, Any]


def parse(text: str) -> SavedPlan:
    return plans.parse(text, "plan.json", MEANINGS, EDITIONS)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("saved")
    with serve(world="contoso") as sandbox:
        netcfg = Program(sandbox, folder)
        words = ("--organization", "contoso", "--subnet", AGENTS, "--allow", "191.10.18.0/28=head office")
        guards = ("--accept", "default-deny=kv-*", "--accept", "service-endpoint=*")
        netcfg("plan", "kv-payments", "kv-orders", "kv-nowhere", *words, *guards, "--out", str(folder / "plan.json"))
    return (folder / "plan.json").read_text("ascii")


def signed(document: Json) -> str:
    """The document with a digest of its own, as a forger would make it."""
    return json.dumps({**document, "digest": plans.digest(document)})


def test_what_is_read_is_what_was_written(text: str):
    assert plans.write(parse(text), EDITIONS) == text


def test_it_conforms_to_its_schema(text: str):
    schema = json.loads((SCHEMAS / "saved-plan.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(json.loads(text))


def test_what_is_undetermined_keeps_what_chose_it(text: str):
    saved = parse(text)
    (missing,) = saved.missing
    chosen = replace(missing, what="the vaults of rg", is_selection=True, where=Location("netcfg.yaml", 7))
    document = {**saved.document, "undetermined": [{"vault": chosen.what, "reason": chosen.reason}]}
    again = parse(plans.write(replace(saved, missing=(chosen,), document=document), EDITIONS))
    (lost,) = again.lost
    assert (lost.vault, lost.is_selection, lost.where) == ("the vaults of rg", True, Location("netcfg.yaml", 7))


def test_how_the_file_is_laid_out_means_nothing(text: str):
    assert parse(json.dumps(json.loads(text), sort_keys=True)) == parse(text)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a document."""
    yield way
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(each, (*way, key))


def changed(document: Json, way: tuple[Any, ...], value: Any) -> Json:
    found: Any = {"root": copy.deepcopy(document)}
    holder, key = found, "root"
    for step in way:
        holder, key = holder[key], step
    holder[key] = value
    return dict(found["root"]) if isinstance(found["root"], dict) else found["root"]


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "*", "0.0.0.0/0", "Allow", "Deny", "\ud800", "../../x", "2026-13-01", "##vso[x]", "a" * 300]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "value", "x"]), st.text(max_size=3), max_size=2),
)


@settings(max_examples=20)
@given(data=st.data())
def test_a_changed_value_is_refused_without_a_new_digest(text: str, data: st.DataObject):
    document = json.loads(text)
    way = data.draw(st.sampled_from([each for each in places(document) if each]))
    forged = changed(document, way, data.draw(STRANGE))
    if json.dumps(forged, sort_keys=True) != json.dumps(document, sort_keys=True):
        with pytest.raises((SavedPlanRefused, SavedPlanUnreadable)):
            parse(json.dumps(forged))


@settings(max_examples=20)
@given(data=st.data())
def test_with_a_new_digest_it_means_what_it_says_or_is_refused(text: str, data: st.DataObject):
    document = json.loads(text)
    ways = [each for each in places(document) if each and each[0] not in ("digest", "editions")]
    forged = changed(document, data.draw(st.sampled_from(ways)), data.draw(STRANGE))
    try:
        found = parse(signed(forged))
    except NetcfgError:
        return
    again = json.loads(plans.write(found, EDITIONS))
    assert again | {"digest": None} == forged | {"digest": None}


def without(document: Json, way: tuple[str | int, ...]) -> Json:
    found = copy.deepcopy(document)
    holder: Any = found
    for step in way[:-1]:
        holder = holder[step]
    del holder[way[-1]]
    return found


@pytest.mark.parametrize(
    "way",
    [
        ("netcfg",), ("made",), ("against",), ("configuration",), ("relay",), ("acceptances",), ("editions",),
        ("plan",), ("undetermined",), ("undetermined", 0), ("plan", "vaults", 0, "notes"),
        ("vaults",), ("acceptancesNameVaults",), ("vaults", 0), ("vaults", 0, "before"), ("vaults", 0, "meant"),
        ("vaults", 0, "before", "networkAcls"), ("vaults", 0, "before", "tags"), ("vaults", 0, "before", "perimeter"),
        ("vaults", 0, "meant", "exclusive"), ("editions", 0, "sha256"), ("plan", "vaults"), ("plan", "vaults", 0),
        ("plan", "summary"), ("plan", "undetermined"), ("plan", "selected"), ("plan", "vaults", 0, "guards"),
    ],
)  # fmt: skip
def test_a_half_that_is_missing_is_refused(text: str, way: tuple[str | int, ...]):
    with pytest.raises(SavedPlanRefused):
        parse(signed(without(json.loads(text), way)))


@pytest.mark.parametrize("way", [(), ("vaults", 0), ("vaults", 0, "meant"), ("vaults", 0, "before"), ("against",)])
def test_a_field_that_nobody_knows_is_refused_and_named(text: str, way: tuple[str | int, ...]):
    with pytest.raises(SavedPlanRefused, match=r"surprise is unknown"):
        parse(signed(changed(json.loads(text), (*way, "surprise"), 1)))


def test_without_its_digest_it_is_refused(text: str):
    with pytest.raises(SavedPlanRefused, match="digest is missing"):
        parse(json.dumps(without(json.loads(text), ("digest",))))


def test_an_edition_that_was_changed_is_refused(text: str):
    document = json.loads(text)
    document["editions"][-1]["regions"]["westeurope"] = ["1.2.3.0/24"]
    with pytest.raises(SavedPlanRefused, match="its digest was made of"):
        parse(signed(document))


def test_a_summary_that_promises_less_is_refused(text: str):
    document = json.loads(text)
    document["plan"]["summary"]["changes"] = 0
    with pytest.raises(SavedPlanRefused, match="the summary is not that of the vaults"):
        parse(signed(document))


def test_a_guard_that_cannot_be_accepted_is_not_accepted_by_a_file(text: str):
    document = json.loads(text)
    document["acceptances"][0]["guard"] = "perimeter"
    with pytest.raises(SavedPlanRefused, match="perimeter"):
        parse(signed(document))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not JSON"),
        ("[]", "no JSON object"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        *((f'{{"a": {"[" * depth}{"]" * depth}}}', "nested too deeply") for depth in (100, 950, 965, 980)),
        ('{"kind": "plan", "version": 1}', "its kind is 'plan'"),
        ('{"kind": "saved-plan", "version": 2}', "its version is 2"),
        ('{"kind": "saved-plan", "version": true}', "its version is True"),
        ('{"kind": "saved-plan", "kind": "plan"}', "there twice"),
        ('{"kind": NaN}', "no number of JSON"),
        ('{"kind": ' + "9" * 5000 + "}", "is not JSON"),
    ],
)
def test_what_is_no_saved_plan_is_a_usage_error(content: str, reason: str):
    with pytest.raises(SavedPlanUnreadable, match=reason):
        parse(content)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path):
    file = tmp_path / "long.json"
    with file.open("wb") as stream:
        stream.truncate(plans.LONGEST + 1)
    with pytest.raises(SavedPlanUnreadable, match="longer than"):
        plans.read(str(file))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "nothing", "a\0b"):
        with pytest.raises(SavedPlanUnreadable):
            plans.read(str(tmp_path / name))


def test_bytes_beyond_ascii_are_not_read(tmp_path: Path):
    (tmp_path / "plan.json").write_bytes(b'{"kind": "saved-plan\xc3\xa9"}')
    with pytest.raises(SavedPlanUnreadable, match="ASCII"):
        plans.read(str(tmp_path / "plan.json"))


def test_a_reason_is_no_command_to_a_runner_or_a_terminal(text: str):
    document = json.loads(text)
    shell = "##vso[task.setvariable]\x1b[2J\x7f"
    document["vaults"][0]["meant"]["allow"][0]["reason"] = shell
    written = plans.write(parse(signed(document)), EDITIONS)
    assert not any(each in written for each in ("##", "\x1b", "\x7f"))
    assert parse(written).vaults[0].intent.allow[0].reason == shell
