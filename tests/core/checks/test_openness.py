"""Whether the firewall is asked at all."""

from __future__ import annotations

import pytest

from netcfg.core.checks import register
from netcfg.core.checks.check import Case
from netcfg.core.errors import PerimeterUnread, RulesUnseen
from netcfg.core.rules import Perimeter, PublicAccess
from tests.core.checks.cases import APPLY, EVERYTHING, found, rules, seen
from tests.formats.builders import vault

EXPLAIN = "netcfg check --explain"
DENY = (
    "az keyvault update --default-action Deny --name kv-payments --resource-group rg-payments "
    "--subscription 11111111-1111-1111-1111-111111111111"
)
OPEN = vault(ip_rules=EVERYTHING, is_open=True)
DISABLED = vault(ip_rules=EVERYTHING, public_access=PublicAccess.DISABLED)


def test_an_open_vault_is_an_error_that_apply_mends():
    assert found("default-action-allow", OPEN) == [
        ("error", "default action", "every network gets in, and rules do nothing: the default action is Allow", APPLY)
    ]


def test_a_vault_that_was_said_to_stay_open_is_a_warning():
    assert rules(OPEN, keep_default_action=True) == [("warning", "default-action-allow", "default action")]


def test_allow_behind_public_access_that_is_off_is_a_note_for_the_azure_cli():
    of = vault(ip_rules=EVERYTHING, is_open=True, public_access=PublicAccess.DISABLED)
    message = (
        "the default action is Allow: it means nothing while public access is Disabled, and lets every network in "
        "afterwards"
    )
    assert found("default-action-allow", of) == [("note", "default action", message, DENY)]


def test_public_access_that_is_off_is_an_error_until_somebody_says_what_is_meant():
    assert [(each[0], each[3]) for each in found("public-access-disabled", DISABLED)] == [
        ("error", f"{APPLY} --public-access enabled")
    ]
    assert [each[3] for each in found("public-access-disabled", DISABLED, public_access=PublicAccess.ENABLED)] == [
        APPLY
    ]
    assert rules(DISABLED, public_access=PublicAccess.DISABLED) == []


def test_where_nobody_said_what_is_meant_every_fix_of_a_rule_says_so_and_drops_what_contradicts():
    of = vault(ip_rules=(*EVERYTHING, "191.10.20.7"), public_access=PublicAccess.DISABLED)
    assert [each[3] for each in found("foreign-rule", of)] == [
        f"{APPLY} --public-access enabled --remove 191.10.20.7/32"
    ]
    keeping = seen(of, keep_default_action=True)
    typed = Case(keeping, ("apply", "kv-payments", "--keep-default-action", "--geography", "EU"))
    assert typed.apply.about(of) == f"{APPLY} --public-access enabled"
    in_a_file = Case(keeping, ("apply", "kv-payments"))
    assert in_a_file.apply.about(of) == "netcfg check --explain public-access-disabled"


def test_rules_that_azure_did_not_show_are_not_said_to_be_missing():
    hidden = vault(is_open=True, public_access=PublicAccess.DISABLED)
    assert rules(hidden) == [("error", "public-access-disabled", "public access")]
    assert [type(each) for each in register.doubts(seen(hidden))] == [RulesUnseen]
    assert list(register.doubts(seen(hidden, public_access=PublicAccess.DISABLED))) == []


def test_public_access_that_was_meant_to_be_off_is_an_error():
    assert found("public-access-enabled", vault(ip_rules=EVERYTHING), public_access=PublicAccess.DISABLED) == [
        (
            "error",
            "public access",
            "the public network still leads here: public access is Enabled, and was meant to be Disabled",
            APPLY,
        )
    ]


@pytest.mark.parametrize(
    ("perimeter", "public_access", "severity"),
    [
        (Perimeter.ENFORCED, PublicAccess.ENABLED, "error"),
        (Perimeter.NONE, PublicAccess.SECURED_BY_PERIMETER, "error"),
        (Perimeter.LEARNING, PublicAccess.ENABLED, "warning"),
    ],
)
def test_a_perimeter_is_an_error_where_it_decides_and_a_warning_where_it_may(perimeter, public_access, severity):
    of = vault(ip_rules=EVERYTHING, perimeter=perimeter, public_access=public_access)
    assert rules(of) == [(severity, "secured-by-perimeter", "network security perimeter")]


def test_a_perimeter_is_an_error_too_where_public_access_was_to_be_off():
    """Whom it lets in over the public network is not read, so that nobody comes that way is no promise kept."""
    of = vault(ip_rules=EVERYTHING, perimeter=Perimeter.ENFORCED)
    assert rules(of, public_access=PublicAccess.DISABLED) == [
        ("error", "secured-by-perimeter", "network security perimeter")
    ]


def test_nothing_is_said_of_rules_that_a_perimeter_leaves_unasked():
    of = vault(ip_rules=("191.10.20.7", "0.0.0.0/2"), perimeter=Perimeter.ENFORCED)
    assert rules(of) == [("error", "secured-by-perimeter", "network security perimeter")]


def test_public_access_does_not_matter_where_a_perimeter_decides():
    of = vault(perimeter=Perimeter.ENFORCED, public_access=PublicAccess.DISABLED)
    assert rules(of, public_access=PublicAccess.ENABLED) == [
        ("error", "secured-by-perimeter", "network security perimeter")
    ]


def test_a_perimeter_that_may_not_be_read_leaves_the_vault_undetermined():
    of = vault(ip_rules=EVERYTHING, perimeter=Perimeter.UNKNOWN)
    assert rules(of) == []
    assert [type(each) for each in register.doubts(seen(of))] == [PerimeterUnread]
