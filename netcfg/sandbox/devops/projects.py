"""The projects of an organization. Shapes are those of vsts-rest-api-specs 7.1."""

from __future__ import annotations

from collections.abc import Callable

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops.door import View, Visit, paged, refused
from netcfg.sandbox.ids import Document


def every(visit: Visit) -> Answer:
    return paged(visit, [_project(visit, each) for each in visit.organization["projects"]])


def one(visit: Visit) -> Answer:
    return within(visit, lambda found: Answer(_project(visit, found)))


def within(visit: Visit, show: Callable[[Document], Answer]) -> Answer:
    """What `show` makes of the project in the path, which may be named by its id."""
    wanted = visit.request.names["project"].lower()
    for each in visit.organization["projects"]:
        if wanted in (each["name"].lower(), each["id"].lower()):
            return show(each)
    problem = f"the project {visit.request.names['project']} does not exist, or you may not see it."
    return refused(404, "TF200016", problem, "ProjectDoesNotExistWithNameException")


def reference(project: Document, name: str, description: str = "") -> Document:
    """How a thing that a project has, or that is shared with it, refers to the project, and is called there."""
    inside = {"id": project["id"], "name": project["name"]}
    return {"name": name, "description": description, "projectReference": inside}


def _project(visit: Visit, each: Document) -> Document:
    return {
        "id": each["id"],
        "name": each["name"],
        "url": f"{visit.request.root}/dev.azure.com/{visit.organization['name']}/_apis/projects/{each['id']}",
        "state": "wellFormed",
        "revision": 11,
        "visibility": "private",
        "lastUpdateTime": "2026-05-06T10:00:00Z",
    }


VIEWS = (
    View("dev.azure.com", "GET", "/_apis/projects", "vso.project", every),
    View("dev.azure.com", "GET", "/_apis/projects/{project}", "vso.project", one),
)
