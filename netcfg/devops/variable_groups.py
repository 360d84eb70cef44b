"""The variable groups of an organization, over REST: those linked to a vault, and that there are others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http import HTTPStatus
from typing import Any

from netcfg.core.discovery import ClosedProject, Library, LinkedGroup
from netcfg.core.errors import DevOpsAnswer, DevOpsUnsettled, GroupNotLinked, NetcfgError, VariableGroupGone
from netcfg.core.linking.groups import LINKED, Mapping, Project, ServiceConnection, VariableGroup
from netcfg.core.organization import parse_name
from netcfg.devops.answer import Question, Write, read_json
from netcfg.devops.linked_group import changed_group, new_group, parse_group, parse_link
from netcfg.devops.pages import items, text, versioned
from netcfg.devops.projects import address, id_of, projects_question
from netcfg.devops.session import Session

_PATH = "distributedtask/variablegroups"
_NEEDED = "the scope 'Variable Groups: Read', or to be a user of that project"
_MANAGE = "the scope 'Variable Groups: Read, create, & manage'"

SIDE_BY_SIDE = 8


class RestVariableGroups:
    """Variable groups as Azure DevOps lists them, to whoever asks: those that he may not see are not in its lists."""

    def __init__(self, session: Session, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now

    def linked(self, organization: str) -> Library:
        """The groups of every project that are linked to a vault. Where no project can be read, that is an error."""
        name = parse_name(organization, self._session.devops)
        question = projects_question(self._session, name)
        listed = items(self._session, question)
        projects = [Project(name, text(each, "name", question), id_of(each, question)) for each in listed]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            found = list(pool.map(self._look_into, projects))
        closed = [each for each in found if isinstance(each, ClosedProject)]
        if closed and len(closed) == len(found):
            raise closed[0].error
        groups = {group for each in found if not isinstance(each, ClosedProject) for group in each}
        return Library(tuple(sorted(groups)), tuple(sorted(closed, key=lambda each: each.name)), not projects)

    def every(self, project: Project) -> tuple[VariableGroup, ...]:
        """All groups that the project shows, by name and id; of those that are not linked only what they are called."""
        question = self._list(project)
        groups = (parse_group(each, project, question) for each in items(self._session, question))
        found = {each.id: each for each in groups}
        return tuple(sorted(found.values(), key=lambda each: (each.name.casefold(), each.name, each.id)))

    def read(self, group: VariableGroup) -> VariableGroup:
        """The group as it is now; one that is gone is an error."""
        project = group.project
        question = Question(
            project.organization,
            versioned(address(self._session, project, f"{_PATH}/{group.id}")),
            f"the variable group {group.name!r} of the project {project.name!r}",
            _NEEDED,
        )
        credential = self._session.credential
        answer = self._session.ask(question, credential)
        gone = VariableGroupGone(group.name, group.id, project.name)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise gone
        found = read_json(answer, question, credential)
        if found is None:  # which is how Azure DevOps Services says it, with status 200
            raise gone
        return _parsed(found, project, question, group.id)

    def create(
        self, project: Project, name: str, vault: str, connection: ServiceConnection, mappings: Sequence[Mapping]
    ) -> VariableGroup:
        """Make a group that is linked to the vault, and give it back as Azure DevOps shows it. Tried once."""
        write = Write(
            project.organization,
            self._everywhere(project),
            f"the new variable group {name!r} of the project {project.name!r}",
            f"{_MANAGE}, and the role Creator in that project's library",
            {"Content-Type": "application/json"},
            new_group(project, name, vault, connection, mappings, self._now()),
            method="POST",
        )
        return self._written(write, project)

    def update(self, group: VariableGroup, mappings: Sequence[Mapping]) -> VariableGroup:
        """Give the group, as just read, these mappings; all else of it is sent back as it was found. Tried once."""
        if not group.is_linked:
            raise GroupNotLinked(group.name, group.type)
        project = group.project
        write = Write(
            project.organization,
            self._everywhere(project, f"/{group.id}"),
            f"the variable group {group.name!r} of the project {project.name!r}",
            f"{_MANAGE}, and the role Administrator of that group",
            {"Content-Type": "application/json"},
            changed_group(group, mappings, self._now()),
        )
        return self._written(write, project, group.id)

    def _written(self, write: Write, project: Project, id: int | None = None) -> VariableGroup:
        credential = self._session.credential
        answer = self._session.write(write, credential)
        try:
            return _parsed(read_json(answer, write, credential), project, write, id)
        except DevOpsAnswer as error:
            reason = "Azure DevOps answered with something else than the group"
            raise DevOpsUnsettled(write.subject, reason, request_id=answer.request_id) from error

    def _everywhere(self, project: Project, path: str = "") -> str:
        """The address of a write, which names no project: those that have the group are in what is sent."""
        return versioned(f"{self._session.devops}/{project.organization}/_apis/{_PATH}{path}")

    def _list(self, project: Project) -> Question:
        return Question(
            project.organization,
            address(self._session, project, _PATH),
            f"the list of variable groups of the project {project.name!r}",
            _NEEDED,
        )

    def _look_into(self, project: Project) -> list[LinkedGroup] | ClosedProject:
        try:
            return self._linked_in(project)
        except NetcfgError as error:
            return ClosedProject(project.name, error)

    def _linked_in(self, project: Project) -> list[LinkedGroup]:
        question, groups = self._list(project), []
        for each in items(self._session, question):
            if text(each, "type", question).lower() == LINKED.lower():
                vault, connection = parse_link(each, question)
                groups.append(LinkedGroup(vault, project.name, text(each, "name", question), connection))
        return groups


def _parsed(found: Any, project: Project, question: Question, id: int | None) -> VariableGroup:
    """The one group that was asked for."""
    if not isinstance(found, dict):
        raise DevOpsAnswer(question.url, "no object", question.subject)
    group = parse_group(found, project, question)
    if id is not None and group.id != id:
        raise DevOpsAnswer(question.url, f"the variable group {group.id}", f"the variable group {id}")
    return group
