"""Azure DevOps asking a vault: the service-endpoint proxy, by which the library page itself reads vaults.

`POST {project}/_apis/serviceendpoint/endpointproxy?endpointId=…` is documented; the data sources that it knows are in
the service connection type `azurerm`. It answers HTTP 200 whatever the vault said, which is in the body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from netcfg.core.errors import ConnectionGone, DevOpsAnswer, NotRelayed
from netcfg.core.linking.groups import ServiceConnection
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.core.resources import parse_vault
from netcfg.devops.answer import Answer, Question, read_json, said
from netcfg.devops.pages import Leafing, versioned
from netcfg.devops.projects import address
from netcfg.devops.secret_page import parse_page
from netcfg.devops.session import Session

_LIST = "AzureKeyVaultListSecretsTestConnection"
_GET = "AzureKeyVaultGetSecretTestConnection"
_SECRETS = "AzureKeyVaultSecrets"
_MORE = "AzureKeyVaultSecretsWithSkipToken"

_UNUSED = 306  # which .NET begins with, where nobody ever answered; Python does not know it

_NEEDED = (
    "the scope 'Service Connections: Read & query', or to be a user of that project with the role User on the service "
    "connection"
)

# Azure DevOps signs in to Azure and waits for the vault before it answers, and who gives up before it does never learns
# the reason. For how long is not documented; with the usual minute this makes the 100 seconds of .NET's HttpClient.
_PATIENCE = 40.0


class RestProxy:
    """A vault as Azure DevOps sees it by a service connection; fulfils `Proxy`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def may_list(self, connection: ServiceConnection, vault: str) -> Relayed:
        """What the vault says to a look at the name of one secret."""
        return self._ask(connection, vault, _LIST)[0]

    def may_get(self, connection: ServiceConnection, vault: str) -> Relayed:
        """What it says to a look at a secret that is not there. Were it there after all, its value would be the answer,
        which is dropped."""
        return replace(self._ask(connection, vault, _GET)[0], page="")

    def secrets(self, connection: ServiceConnection, vault: str) -> tuple[Secret, ...] | Relayed:
        """All secrets of the vault by name, over all pages; a refusal anywhere is what comes back, never a part."""
        found: dict[str, Secret] = {}
        leaf, token = Leafing(), ""
        while True:
            more = {"SkipToken": _escaped(token)} if token else {}
            relayed, question = self._ask(connection, vault, _MORE if token else _SECRETS, more)
            if not relayed.is_ok:
                return relayed
            page, token = parse_page(relayed.page, _named(vault), question)
            if page and found.keys() >= page.keys():
                raise DevOpsAnswer(question.url, "a page that was there before as the next one", "the page after it")
            found.update(page)
            if not token:
                return tuple(sorted(found.values(), key=lambda each: (each.key, each.name)))
            leaf.turn(token, question.url, is_empty=not page)

    def _ask(
        self, connection: ServiceConnection, vault: str, source: str, more: Mapping[str, str] | None = None
    ) -> tuple[Relayed, Question]:
        question = self._question(connection, vault, source, more or {})
        credential = self._session.credential
        answer = self._session.ask(question, credential)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ConnectionGone(connection.name, connection.project.name, said(answer), request_id=answer.request_id)
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise NotRelayed(
                connection.name, connection.project.name, vault, said(answer), request_id=answer.request_id
            )
        return _relayed(read_json(answer, question, credential), question, answer), question

    def _question(self, connection: ServiceConnection, vault: str, source: str, more: Mapping[str, str]) -> Question:
        parameters = {"KeyVaultName": _named(vault), **more}
        path = f"serviceendpoint/endpointproxy?endpointId={quote(connection.id, safe='')}"
        asked = {
            "dataSourceDetails": {"dataSourceName": source, "parameters": parameters},
            "resultTransformationDetails": {},
        }
        return Question(
            connection.project.organization,
            versioned(address(self._session, connection.project, path)),
            f"the vault {vault} through the service connection {connection.name!r} of the project "
            f"{connection.project.name!r}",
            _NEEDED,
            {"Content-Type": "application/json"},
            json.dumps(asked).encode(),
            _PATIENCE,
        )


def _named(vault: str) -> str:
    """The name of the vault, and nothing else: Azure DevOps puts it into the address that it signs in to, so it must
    not be able to lead elsewhere, and a variable group may hold anything as its vault."""
    named = parse_vault(vault)
    return named if isinstance(named, str) else named.name


def _escaped(token: str) -> str:
    """The token as it stands in an address: Azure DevOps pastes it into the one that it asks the vault at as it is, and
    the base64 of a token has `+` and `=`, which would be read otherwise there."""
    return quote(token, safe="")


def _relayed(document: object, question: Question, answer: Answer) -> Relayed:
    status = _status(document.get("statusCode")) if isinstance(document, dict) else ""
    if not isinstance(document, dict) or not status:
        raise DevOpsAnswer(question.url, "no statusCode", f"what was said by {question.subject}")
    message, activity = document.get("errorMessage"), document.get("activityId")
    return Relayed(
        status,
        message if isinstance(message, str) else "",
        _first(document.get("result")),
        answer.request_id or (activity if isinstance(activity, str) else None),
    )


def _status(code: object) -> str:
    """The status by its name, as in `notFound`, also where an older version writes its number."""
    if isinstance(code, int) and not isinstance(code, bool):
        if code == _UNUSED:
            return "unused"
        if code not in list(HTTPStatus):
            return str(code)
        first, *others = HTTPStatus(code).name.lower().split("_")
        return first + "".join(each.capitalize() for each in others)
    return code if isinstance(code, str) else ""


def _first(result: object) -> str:
    """What the vault said: the only text of a list, or a text by itself, as older versions wrote it."""
    if isinstance(result, list):
        result = result[0] if len(result) == 1 else None
    return result if isinstance(result, str) else ""
