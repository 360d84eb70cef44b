"""The schema that editors use says what the program says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from netcfg.config import configuration, document
from netcfg.config import yaml as written
from netcfg.core.errors import BadConfiguration
from netcfg.sources import bundled
from tests.config.samples import WHOLE

SCHEMA = Path(__file__).parents[2] / "data" / "schemas" / "config.schema.json"


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def test_the_schema_that_ships_is_the_one_that_the_types_make(capsys: pytest.CaptureFixture[str]):
    document.main()
    assert SCHEMA.read_text("utf-8") == capsys.readouterr().out, "python -m netcfg.config.document writes it"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text("utf-8")))


def test_every_key_is_told_to_editors():
    def told(schema: dict) -> bool:
        return "description" in schema or "$ref" in schema

    schema = json.loads(SCHEMA.read_text("utf-8"))
    parts = [schema, *schema["$defs"].values()]
    assert [key for part in parts for key, each in part["properties"].items() if not told(each)] == []
    assert all("description" in each for each in schema["$defs"].values())


def test_the_schema_takes_a_file_with_every_key():
    validator().validate(written.parse(WHOLE, "f").plain)


@pytest.mark.parametrize(
    "text",
    [
        "organisation: x",
        "exclusive: 'yes'",
        "grace: -1",
        "ranges: all",
        "allow: [{cidr: 191.10.18.0/28}]",
        "allow: [{cidr: 191.10.18.0/28, reason: x, note: y}]",
        "vaults: []",
        "vaults: [{}]",
        "vaults: [{name: kv-a, id: kv-b}]",
        "vaults: [{select: {}}]",
        "vaults: [{select: {tag: {}}}]",
        "vaults: [{name: kv-a, ranges: table}]",
        "waivers: [{reason: x}]",
        "accept: x",
        "organization: []",
        "organization:",
    ],
)
def test_editor_and_program_refuse_the_same(text: str):
    assert not validator().is_valid(yaml.safe_load(text))
    with pytest.raises(BadConfiguration):
        configuration.parse(text, "f", bundled.atlas(), ())
