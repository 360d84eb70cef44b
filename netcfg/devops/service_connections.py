"""The service connections of a project, over REST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netcfg.core.errors import (
    AmbiguousConnection,
    ConnectionDisabled,
    ConnectionNotReady,
    DevOpsAnswer,
    NoSuchConnection,
    WrongConnection,
)
from netcfg.core.linking.groups import Project, ServiceConnection
from netcfg.devops.answer import Question
from netcfg.devops.pages import Json, items, shown, text
from netcfg.devops.projects import address
from netcfg.devops.session import Session

_SCOPE = "the scope 'Service Connections: Read'"
_NEEDED = f"{_SCOPE}, or to be a user of that project"


class RestServiceConnections:
    """Service connections as Azure DevOps lists them to whoever asks: those that he may not see are not in its list."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def every(self, project: Project) -> tuple[ServiceConnection, ...]:
        """All that the project may use, by name, whatever their type.

        Those that failed are only listed when somebody asks for them, and would be missing without a word.
        """
        question = Question(
            project.organization,
            address(self._session, project, "serviceendpoint/endpoints?includeFailed=true"),
            f"the list of service connections of the project {project.name!r}",
            _NEEDED,
        )
        found = {
            each.id: each for each in (_connection(one, project, question) for one in items(self._session, question))
        }
        return tuple(sorted(found.values(), key=lambda each: (each.name.casefold(), each.name, each.id)))

    def find(self, project: Project, connection: str) -> ServiceConnection:
        """The connection to Azure of that name, whatever its case, or that id, if it can be used."""
        every = self.every(project)
        found = _meant(every, connection, project)
        if found is None:
            names = [each.name for each in every if each.is_azure]
            raise NoSuchConnection(project.name, connection, names, _SCOPE)
        if not found.is_azure:
            raise WrongConnection(found.name, found.type)
        if found.is_disabled:
            raise ConnectionDisabled(found.name, project.name)
        if not found.is_ready:
            raise ConnectionNotReady(found.name, project.name, found.trouble)
        return found


def _meant(every: Sequence[ServiceConnection], wanted: str, project: Project) -> ServiceConnection | None:
    """The one of that name, spelt so before spelt otherwise, else the one of that id."""
    for key in (str, str.casefold):
        found = [each for each in every if key(each.name) == key(wanted)]
        if len(found) > 1:
            raise AmbiguousConnection(project.name, wanted, [each.id for each in found])
        if found:
            return found[0]
    return next((each for each in every if each.id.casefold() == wanted.strip().casefold()), None)


def _connection(found: Json, project: Project, question: Question) -> ServiceConnection:
    authorization = _object(found, "authorization", question)
    parameters = _object(authorization, "parameters", question)
    data = _object(found, "data", question)
    return ServiceConnection(
        id=text(found, "id", question),
        name=text(found, "name", question),
        project=project,
        type=text(found, "type", question),
        scheme=_told(authorization, "scheme"),
        tenant=_told(parameters, "tenantid"),
        client=_told(parameters, "serviceprincipalid"),
        object_id=_told(data, "spnObjectId"),
        subscription=_told(data, "subscriptionId"),
        environment=_told(data, "environment"),
        is_shared=_flag(found, "isShared", question, unsaid=False),
        is_ready=_flag(found, "isReady", question, unsaid=True),
        is_disabled=_flag(found, "isDisabled", question, unsaid=False),
        trouble=_trouble(found.get("operationStatus")),
    )


def _object(found: Json, field: str, question: Question) -> Json:
    """What is in `field`, where it is something: some types of connection leave it out, or write null."""
    value = found.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DevOpsAnswer(question.url, f"{field} of another kind in {question.subject}", "an object")
    return value


def _told(found: Json, field: str) -> str:
    """A text that need not be there, by a key whose case differs from scheme to scheme."""
    value = next((each for key, each in found.items() if key.casefold() == field.casefold()), None)
    return value if isinstance(value, str) else ""


def _flag(found: Json, field: str, question: Question, *, unsaid: bool) -> bool:
    value = found.get(field)
    if value is None:
        return unsaid
    if not isinstance(value, bool):
        raise DevOpsAnswer(question.url, f"{field} = {shown(value)} in {question.subject}", "true or false")
    return value


def _trouble(status: Any) -> str:
    """What Azure DevOps says is wrong; of a connection that is well it says `Ready`, and sometimes how that came."""
    if not isinstance(status, dict) or _told(status, "state").casefold() in ("", "ready"):
        return ""
    return " ".join((_told(status, "statusMessage") or _told(status, "state")).split())
