"""`netcfg geography`: every witness, and every way in which Azure DevOps does not answer."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Program

SCHEMA = Path(__file__).parents[2] / "data" / "schemas" / "geography.schema.json"


@pytest.mark.parametrize(
    ("organization", "expected"),
    [
        ("contoso", "contoso → Europe (EU)\n  collections-me  preferredGeography 'Europe'  Europe\n"),
        ("fabrikam", "fabrikam → United States (US)\n  organization-overview  geography 'United States'"),
        ("northwind", "northwind → United Kingdom (UK)\n  sign-in-host"),
    ],
)
def test_each_witness_is_heard_and_named(netcfg: Program, organization: str, expected: str):
    ran = netcfg("geography", organization)
    assert ran.out.startswith(expected)
    assert ran.status == 0


def test_a_hint_says_that_it_is_one(netcfg: Program):
    assert "inferred" in netcfg("geography", "northwind").out


def test_an_address_is_understood_as_an_organization(netcfg: Program):
    assert netcfg("geography", "https://contoso.visualstudio.com").out.startswith("contoso → Europe (EU)")


def test_the_document_conforms_to_its_schema(netcfg: Program):
    ran = netcfg("geography", "contoso", "--format", "json")
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(ran.document)


@pytest.mark.parametrize(
    ("organization", "said"), [("wingtip", "'XYZ'"), ("nobody-has-this", "no organization 'nobody-has-this'")]
)
def test_what_is_not_known_is_an_error_that_quotes_it(netcfg: Program, organization: str, said: str):
    ran = netcfg("geography", organization)
    assert ran.status == 1
    assert said in ran.err
    assert ran.out == ""
