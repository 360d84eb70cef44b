"""The Service Tag Discovery API through the unmodified SDK, against the sandbox."""

from __future__ import annotations

import json

import pytest

from netcfg.azure.connection import connect
from netcfg.core.errors import BadIdentifier, NetcfgError
from netcfg.sandbox.server import serve

PRODUCTION = "/subscriptions/00000000-0000-4000-8000-000000000001"


def test_the_answer_comes_whole_and_may_lag_the_weekly_file():
    with serve(world="contoso") as sandbox, connect(sandbox.token, resource_manager=sandbox.url) as azure:
        document = json.loads(azure.service_tags(PRODUCTION))
    (tag,) = (each for each in document["values"] if each["name"] == "AzureDevOps")
    assert document["type"] == "Microsoft.Network/serviceTags"
    assert tag["properties"]["changeNumber"] == "12"


@pytest.mark.parametrize("text", ["/subscriptions/", f"{PRODUCTION}/resourceGroups/x", "/subscriptions/\x00", "x"])
def test_what_is_no_subscription_is_asked_of_nobody(text: str):
    with serve(world="contoso") as sandbox, connect(sandbox.token, resource_manager=sandbox.url) as azure:
        with pytest.raises(BadIdentifier):
            azure.service_tags(text)
        assert sandbox.requests == []


def test_a_subscription_that_cannot_be_read_is_an_error():
    with serve(world="contoso") as sandbox:
        azure = connect(sandbox.token, resource_manager=sandbox.url)
        with azure, pytest.raises(NetcfgError, match="subscription"):
            azure.service_tags("/subscriptions/00000000-0000-4000-8000-0000000000ff")


@pytest.mark.parametrize("fault", ["garbage", "nested", "truncated", "wrong-type", "redirect-elsewhere", "not-found"])
def test_a_service_that_misbehaves_is_an_error_and_no_traceback(fault: str):
    with serve(world="contoso") as sandbox:
        with sandbox.edit() as state:
            state["publishers"]["faults"] = {"tag-service": fault}
        azure = connect(sandbox.token, resource_manager=sandbox.url)
        with azure, pytest.raises(NetcfgError, match="service tags"):
            azure.service_tags(PRODUCTION)
