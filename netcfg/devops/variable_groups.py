"""The variable groups of an organization that take their values from a vault, over REST."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from netcfg.core.discovery import LinkedGroup
from netcfg.core.errors import DevOpsAnswer
from netcfg.devops.answer import Question
from netcfg.devops.organization import parse_name
from netcfg.devops.pages import Json, items, text
from netcfg.devops.session import Session

_LINKED = "azurekeyvault"

SIDE_BY_SIDE = 8


class RestVariableGroups:
    """Variable groups as Azure DevOps lists them, to whoever asks: those that he may not see are not in its lists."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def linked(self, organization: str) -> tuple[LinkedGroup, ...]:
        """The groups of every project that are linked to a vault."""
        name = parse_name(organization, self._session.devops)
        question = Question(
            name,
            f"{self._session.devops}/{name}/_apis/projects",
            "the projects",
            "the scope 'Project and Team: Read', or to be a user of that organization",
        )
        projects = [
            (text(each, "id", question), text(each, "name", question)) for each in items(self._session, question)
        ]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            found = pool.map(lambda each: self._linked_in(name, *each), projects)
            return tuple(sorted(group for groups in found for group in groups))

    def _linked_in(self, organization: str, id: str, project: str) -> list[LinkedGroup]:
        question = Question(
            organization,
            f"{self._session.devops}/{organization}/{quote(id, safe='')}/_apis/distributedtask/variablegroups",
            f"the variable groups of the project {project!r}",
            "the scope 'Variable Groups: Read', or to be a user of that project",
        )
        found = items(self._session, question)
        return [_group(each, project, question) for each in found if text(each, "type", question).lower() == _LINKED]


def _group(found: Json, project: str, question: Question) -> LinkedGroup:
    link: Any = found.get("providerData")
    if not isinstance(link, dict):
        raise DevOpsAnswer(question.url, "a linked group without its providerData", "the name of its vault")
    vault, connection = text(link, "vault", question), text(link, "serviceEndpointId", question)
    return LinkedGroup(vault, project, text(found, "name", question), connection)
