"""What is said of a relay in two places, and that names of one organization or project never count in another."""

from __future__ import annotations

import pytest

from netcfg.core.linking.relay import NO_RELAY, Relay

WHOLE = Relay("contoso", "payments", "azure-prod", "orders", ("app-*",))


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (NO_RELAY, WHOLE),
        (WHOLE, WHOLE),
        (Relay("Contoso"), Relay("Contoso", "payments", "azure-prod", "orders", ("app-*",))),
        (Relay(connection="azure-test"), Relay("contoso", "payments", "azure-test", "orders", ("app-*",))),
        (Relay("tailspin"), Relay("tailspin")),
        (Relay("tailspin", "payments"), Relay("tailspin", "payments")),
        (Relay(project="sales"), Relay("contoso", "sales")),
        (Relay(project="Payments"), Relay("contoso", "Payments", "azure-prod", "orders", ("app-*",))),
    ],
)
def test_what_is_said_there_counts_for_its_own_place_only(said: Relay, whole: Relay):
    assert said.over(WHOLE) == whole
