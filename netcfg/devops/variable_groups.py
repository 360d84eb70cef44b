"""The variable groups of an organization that take their values from a vault, over REST."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from netcfg.core.discovery import ClosedProject, Library, LinkedGroup
from netcfg.core.errors import DevOpsAnswer, NetcfgError
from netcfg.core.organization import parse_name
from netcfg.devops.answer import Question
from netcfg.devops.pages import Json, items, shown, text
from netcfg.devops.session import Session

_LINKED = "azurekeyvault"

SIDE_BY_SIDE = 8


class RestVariableGroups:
    """Variable groups as Azure DevOps lists them, to whoever asks: those that he may not see are not in its lists."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def linked(self, organization: str) -> Library:
        """The groups of every project that are linked to a vault. Where no project can be read, that is an error."""
        name = parse_name(organization, self._session.devops)
        question = Question(
            name,
            f"{self._session.devops}/{name}/_apis/projects",
            "the list of projects",
            "the scope 'Project and Team: Read', or to be a user of that organization",
        )
        projects = [(_id(each, question), text(each, "name", question)) for each in items(self._session, question)]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            found = list(pool.map(lambda each: self._look_into(name, *each), projects))
        closed = [each for each in found if isinstance(each, ClosedProject)]
        if closed and len(closed) == len(found):
            raise closed[0].error
        groups = {group for each in found if not isinstance(each, ClosedProject) for group in each}
        return Library(tuple(sorted(groups)), tuple(sorted(closed, key=lambda each: each.name)), not projects)

    def _look_into(self, organization: str, id: str, project: str) -> list[LinkedGroup] | ClosedProject:
        try:
            return self._linked_in(organization, id, project)
        except NetcfgError as error:
            return ClosedProject(project, error)

    def _linked_in(self, organization: str, id: str, project: str) -> list[LinkedGroup]:
        question = Question(
            organization,
            f"{self._session.devops}/{organization}/{quote(id, safe='')}/_apis/distributedtask/variablegroups",
            f"the list of variable groups of the project {project!r}",
            "the scope 'Variable Groups: Read', or to be a user of that project",
        )
        found = items(self._session, question)
        return [_group(each, project, question) for each in found if text(each, "type", question).lower() == _LINKED]


def _id(project: Json, question: Question) -> str:
    """The id of a project, which becomes a part of a path."""
    id = text(project, "id", question)
    if id in (".", ".."):
        raise DevOpsAnswer(question.url, f"id = {shown(id)} in {question.subject}", "the id of a project")
    return id


def _group(found: Json, project: str, question: Question) -> LinkedGroup:
    link: Any = found.get("providerData")
    if not isinstance(link, dict):
        what = f"providerData = {shown(link)} of a linked group in {question.subject}"
        raise DevOpsAnswer(question.url, what, "the name of its vault")
    vault, connection = text(link, "vault", question), text(link, "serviceEndpointId", question)
    return LinkedGroup(vault, project, text(found, "name", question), connection)
