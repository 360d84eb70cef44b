"""The projects of an organization, over REST."""

from __future__ import annotations

from urllib.parse import quote

from netcfg.core.errors import DevOpsAnswer, NoSuchProject
from netcfg.core.linking.groups import Project
from netcfg.core.organization import parse_name
from netcfg.devops.answer import Question
from netcfg.devops.pages import Json, items, shown, text
from netcfg.devops.session import Session


class RestProjects:
    """Projects as Azure DevOps lists them, to whoever asks: those that he may not see are not in its list."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def every(self, organization: str) -> tuple[Project, ...]:
        """Those that the sign-in may see, by name; none at all is an answer too."""
        name = parse_name(organization, self._session.devops)
        question = projects_question(self._session, name)
        found = {each.id: each for each in (_project(name, one, question) for one in items(self._session, question))}
        return tuple(sorted(found.values()))

    def find(self, organization: str, project: str) -> Project:
        """The project of that name, whatever its case, or that id.

        It is looked for in the list: Azure DevOps would take a name in a path too, but a name may hold anything.
        """
        shown = self.every(organization)
        wanted = project.strip().casefold()
        for field in ("name", "id"):
            for each in shown:
                if getattr(each, field).casefold() == wanted:
                    return each
        raise NoSuchProject(parse_name(organization, self._session.devops), project, [each.name for each in shown])


def projects_question(session: Session, organization: str) -> Question:
    return Question(
        organization,
        f"{session.devops}/{organization}/_apis/projects",
        "the list of projects",
        "the scope 'Project and Team: Read', or to be a user of that organization",
    )


def id_of(project: Json, question: Question) -> str:
    """The id of a project, which becomes a part of a path."""
    id = text(project, "id", question)
    if id in (".", ".."):
        raise DevOpsAnswer(question.url, f"id = {shown(id)} in {question.subject}", "the id of a project")
    return id


def address(session: Session, project: Project, path: str) -> str:
    """The address of something of a project, which is named by its id: a name may hold what a path may not."""
    return f"{session.devops}/{project.organization}/{quote(project.id, safe='')}/_apis/{path}"


def _project(organization: str, found: Json, question: Question) -> Project:
    return Project(organization, text(found, "name", question), id_of(found, question))
