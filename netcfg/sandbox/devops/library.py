"""The variable groups of an organization, as its projects see them.

Shapes are those of vsts-rest-api-specs 7.1.
"""

from __future__ import annotations

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops import projects
from netcfg.sandbox.devops.door import View, Visit, named, refused
from netcfg.sandbox.ids import Document

PATH = "/_apis/distributedtask/variablegroups"
_ORDERS = {"": -1, "iddescending": -1, "idascending": 1}


def variable_groups(visit: Visit) -> Answer:
    """All groups of a project, or those of one name (`groupName`) or of some ids (`groupIds`).

    The newest comes first, unless `queryOrder` says otherwise.
    """
    query = visit.request.query
    name, wanted = query.get("groupName", ""), _listed(query.get("groupIds", ""))

    def seen(project: Document) -> Answer:
        found = [shown(each, project) for each in visit.organization["variableGroups"] if _is_in(each, project)]
        return _page(
            visit, [each for each in found if named(each["name"], name) and (not wanted or str(each["id"]) in wanted)]
        )

    return projects.within(visit, seen)


def variable_group(visit: Visit) -> Answer:
    """A group that does not exist, or is of another project, is answered with null, not with 404."""

    def seen(project: Document) -> Answer:
        group = find(visit, visit.request.names["group"])
        return Answer(shown(group, project) if group and _is_in(group, project) else "null")

    return projects.within(visit, seen)


def find(visit: Visit, id: str) -> Document | None:
    """The group of that id, whichever project has it."""
    return next((each for each in visit.organization["variableGroups"] if str(each["id"]) == id), None)


def shown(group: Document, project: Document) -> Document:
    """The group as that project sees it, by the name that it has there."""
    references = group["variableGroupProjectReferences"]
    mine = next(each for each in references if each["projectReference"]["id"] == project["id"])
    return {**group, "name": mine["name"], "description": mine["description"], "isShared": len(references) > 1}


def project_ids(group: Document) -> list[str]:
    """The projects that have the group."""
    return [each["projectReference"]["id"] for each in group["variableGroupProjectReferences"]]


def _is_in(group: Document, project: Document) -> bool:
    return project["id"] in project_ids(group)


def _page(visit: Visit, groups: list[Document]) -> Answer:
    """A page is as small as the world wants it. The token is the id with which the next one begins, so that a group
    that is deleted meanwhile shifts nothing."""
    query = visit.request.query
    sign = _ORDERS.get(query.get("queryOrder", "").lower())
    if sign is None:
        return _bad_argument("queryOrder")
    try:
        size = int(query.get("$top") or visit.state["settings"]["pageSize"])
        first = int(query.get("continuationToken") or 0)
    except ValueError:
        return _bad_argument("$top or continuationToken")
    left = sorted(groups, key=lambda each: sign * int(each["id"]))
    left = [each for each in left if not first or sign * int(each["id"]) >= sign * first]
    more = {"x-ms-continuationtoken": str(left[size]["id"])} if left[size:] else {}
    return Answer({"count": len(left[:size]), "value": left[:size]}, headers=more)


def _listed(text: str) -> set[str]:
    return {each.strip() for each in text.split(",")} - {""}


def _bad_argument(name: str) -> Answer:
    problem = f"The value of the query parameter {name} is none that is understood."
    return refused(400, "", problem, "ArgumentException")


VIEWS = (
    View("dev.azure.com", "GET", "/{project}" + PATH, "vso.variablegroups_read", variable_groups),
    View("dev.azure.com", "GET", "/{project}" + PATH + "/{group}", "vso.variablegroups_read", variable_group),
)
