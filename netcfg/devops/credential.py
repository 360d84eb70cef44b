"""The credential for Azure DevOps: a personal access token, a pipeline job's token, or one of Microsoft Entra."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netcfg.core.errors import BadToken, NoDevOpsCredential

_PAT = "AZURE_DEVOPS_EXT_PAT"
_JOB = "SYSTEM_ACCESSTOKEN"
_SHORTEST = 8  # characters; what is shorter is no secret, and may be a part of anything


@dataclass(frozen=True)
class Credential:
    """What is sent to Azure DevOps, and what messages call it, as in `the PAT in AZURE_DEVOPS_EXT_PAT`."""

    name: str
    authorization: str = field(repr=False)

    def hidden_in(self, content: bytes) -> bytes:
        """`content` without the credential: some proxies repeat a request where they refuse it."""
        scheme, _, sent = self.authorization.encode().partition(b" ")
        secret = base64.b64decode(sent).lstrip(b":") if scheme == b"Basic" else sent
        for each in (sent, secret):
            content = content.replace(each, "…".encode()) if len(each) >= _SHORTEST else content
        return content

    @staticmethod
    def basic(name: str, token: str) -> Credential:
        """A personal access token, which is the password of a user without a name."""
        checked = _checked(name, token)
        return Credential(name, "Basic " + base64.b64encode(f":{checked}".encode()).decode())

    @staticmethod
    def bearer(name: str, token: str) -> Credential:
        """A token that Microsoft Entra or the pipeline gave."""
        return Credential(name, f"Bearer {_checked(name, token)}")


def find_credential(environment: Mapping[str, str], entra: Callable[[], Credential] | None) -> Credential:
    """The first of the two variables that is set, else what `entra` gives, which is not asked otherwise.

    `entra` is `None` where there is nobody to ask, and raises `NoDevOpsCredential` when nobody is signed in.
    """
    if pat := environment.get(_PAT, "").strip():
        return Credential.basic(f"the PAT in {_PAT}", pat)
    if token := environment.get(_JOB, "").strip():
        return Credential.bearer(_JOB, token)
    if entra is None:
        raise NoDevOpsCredential(f"neither {_PAT} nor {_JOB} is set")
    return entra()


def _checked(name: str, token: str) -> str:
    """The token, if it can be a header: http.client would refuse it with an error that quotes it."""
    if not re.fullmatch(r"[!-~]+", token):
        raise BadToken(name)
    return token
