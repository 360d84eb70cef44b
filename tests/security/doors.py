"""Every way by which netcfg asks somebody, each as a function: what leaves this machine leaves through one of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from netcfg.azure import graph
from netcfg.azure.arm import ResourceManager
from netcfg.azure.credentials import EnvironmentCredential
from netcfg.devops.answer import Question, Write
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session
from netcfg.sources.addresses import Addresses
from netcfg.sources.fetch import ANYTHING, Fetcher
from tests import leaks

TOKEN = leaks.ENVIRONMENT["SYSTEM_ACCESSTOKEN"]
PAT = leaks.ENVIRONMENT["AZURE_DEVOPS_EXT_PAT"]


class Bearer:
    """Somebody whose tokens for everything are the same."""

    def get_token_info(self, *scopes: str, options: Any = None) -> Any:
        from azure.core.credentials import AccessTokenInfo

        return AccessTokenInfo(TOKEN, 1 << 40)


@dataclass(frozen=True)
class Door:
    """`ask` asks at an address, and `sends` tells whether a credential goes along."""

    name: str
    ask: Callable[[str], object]
    sends: bool = True


def _arm(url: str) -> ResourceManager:
    return ResourceManager(url, "scope", Bearer(), 5.0)


def _read(url: str) -> object:
    return _arm(url).get("/subscriptions/s-1/x", "v", "it")


def _write(url: str) -> object:
    arm = _arm(url)
    with arm.asking("it"):
        return arm.patch("/subscriptions/s-1/x", "v", {"properties": {}})


def _put(url: str) -> object:
    arm = _arm(url)
    with arm.asking("it"):
        return arm.put("/subscriptions/s-1/x", "v", "it", {"properties": {}}, {})


def _query(url: str) -> object:
    return list(graph.rows(_arm(url), "resources | project id | order by id asc"))


def _devops_ask(url: str) -> object:
    from netcfg.devops.answer import read_json

    session = Session(lambda: Credential.basic("the PAT", PAT), url, url)
    question = Question("contoso", f"{url}/contoso/_apis/projects", "the projects", "a scope")
    return read_json(session.ask(question, session.credential), question, session.credential)


def _devops_write(url: str) -> object:
    from netcfg.devops.answer import read_json

    session = Session(lambda: Credential.bearer("SYSTEM_ACCESSTOKEN", TOKEN), url, url)
    write = Write("contoso", f"{url}/contoso/_apis/groups/1", "the group", "a scope", body=b"{}")
    return read_json(session.write(write, session.credential), write, session.credential)


def _job(url: str) -> object:
    """The job's token, which Azure Pipelines takes for an assertion to sign in with; Entra ID is not asked here."""
    names = ("TENANT_ID", "CLIENT_ID", "SERVICE_CONNECTION_ID")
    environment = {f"AZURESUBSCRIPTION_{each}": "00000000-0000-4000-8000-0000000000a1" for each in names}
    environment |= {"SYSTEM_OIDCREQUESTURI": url, "SYSTEM_ACCESSTOKEN": TOKEN}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYSTEM_OIDCREQUESTURI", url)
        patch.setattr("azure.core.pipeline.policies.RetryPolicy.sleep", lambda *_: None)
        chosen: Any = EnvironmentCredential(environment)._choice()
        return chosen._get_oidc_token()


def _sign_in(url: str) -> object:
    """A managed identity in the form of App Service, whose secret goes along in a header of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        patch.setenv("IDENTITY_HEADER", TOKEN)
        return EnvironmentCredential(os.environ).get_token_info("https://vault.azure.net/.default")


def _publisher(url: str) -> object:
    return Fetcher(5.0).fetch(f"{url}/page", ANYTHING)


def _addresses(url: str) -> object:
    return Addresses([f"{url}/one", f"{url}/two"]).ask()


DOORS = (
    Door("Azure Resource Manager, a read", _read),
    Door("Azure Resource Manager, a write", _write),
    Door("Azure Resource Manager, an operation", _put),
    Door("Azure Resource Graph", _query),
    Door("Azure DevOps, a question", _devops_ask),
    Door("Azure DevOps, a write", _devops_write),
    Door("Azure Pipelines, the job's token", _job),
    Door("a publisher", _publisher, sends=False),
    Door("the address services", _addresses, sends=False),
)
MANAGED_IDENTITY = Door("a managed identity", _sign_in)
