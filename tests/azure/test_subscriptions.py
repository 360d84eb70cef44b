"""In which subscriptions not every vault is seen: trouble is told, and never an error of the run."""

from __future__ import annotations

import pytest

from netcfg.azure.connection import connect
from netcfg.azure.subscriptions import without_all_vaults
from netcfg.core.errors import AzureUnreachable, TokenRefused
from tests.azure.scripted import Answer, refusal, scripted

SEEN = Answer({"value": [{"subscriptionId": "s-1", "displayName": "platform"}]})
SOON = {"Retry-After": "0.01"}
PAGE = Answer("<html>a proxy's page</html>", type="text/html")


def blind(*answers: Answer) -> tuple[str, ...]:
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        return without_all_vaults(azure.arm)


def test_where_they_can_be_listed_nothing_is_said():
    assert blind(SEEN, Answer({"value": []})) == ()


def test_a_subscription_that_never_used_key_vault_has_no_vaults():
    words = "The subscription is not registered to use namespace 'Microsoft.KeyVault'."
    assert blind(SEEN, refusal(409, "MissingSubscriptionRegistration", words)) == ()


WRONG_TENANT = (
    "The access token is from the wrong issuer 'https://sts.windows.net/t-1/'. It must match the tenant "
    "'https://sts.windows.net/t-2/' associated with this subscription."
)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(403, "AuthorizationFailed", "No."),
        refusal(404, "SubscriptionNotFound", "The subscription 's-1' could not be found."),
        refusal(429, "TooManyRequests", "No.", SOON),
        refusal(503, "ServiceUnavailable", "No.", SOON),
        refusal(401, "InvalidAuthenticationToken", "No."),
        refusal(401, "InvalidAuthenticationTokenTenant", WRONG_TENANT),
        PAGE,
        Answer("[]"),
        Answer(status=0),
    ],
)
def test_trouble_with_one_subscription_is_told_by_its_name(trouble: Answer):
    assert blind(SEEN, trouble) == ("platform",)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(403, "AuthorizationFailed", "No."),
        refusal(404, "NotFound", "No."),
        refusal(429, "TooManyRequests", "No.", SOON),
        refusal(503, "ServiceUnavailable", "No.", SOON),
        PAGE,
    ],
)
def test_where_the_subscriptions_are_not_told_there_may_be_vaults_in_every_one(trouble: Answer):
    assert blind(trouble) == ("every subscription",)


def test_who_is_not_signed_in_learns_it():
    with pytest.raises(TokenRefused):
        blind(refusal(401, "InvalidAuthenticationToken", "No."))


def test_no_network_is_an_error():
    with connect("t", resource_manager="http://127.0.0.1:9") as azure, pytest.raises(AzureUnreachable):
        without_all_vaults(azure.arm)
