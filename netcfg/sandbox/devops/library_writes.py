"""Variable groups made, replaced and deleted: requests to the organization, which name the projects in the body.

What Azure DevOps Services refuses, and how, was found out by clients that tried it there and wrote it down: hardly an
error has a number, and an empty group, a name taken, a second project and a project that the group is not in are each
refused in another way. There is no ETag: who writes last has written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from netcfg.sandbox import clock
from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops import library
from netcfg.sandbox.devops.connections import usable
from netcfg.sandbox.devops.door import View, Visit, refused
from netcfg.sandbox.devops.projects import reference
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import login

_LINKED = "azurekeyvault"
_NO_PROJECT = "00000000-0000-0000-0000-000000000000"


class _Refused(Exception):
    """Azure DevOps says no, and nothing is changed."""

    def __init__(self, status: int, problem: str, kind: str, number: str = "") -> None:
        super().__init__(problem)
        self.answer = refused(status, number, problem, kind)


def add(visit: Visit) -> Answer:
    """Make a group in one project: sharing one with others is not allowed there, and the refusal is a 500."""
    sent = _parameters(visit)
    references = _references(visit, sent)
    if len(references) > 1:
        raise _Refused(500, "Sharing of variable group is not allowed.", "InvalidRequestException")
    _check_connection(visit, sent, references)
    _check_names(visit, references, None)
    groups = visit.organization["variableGroups"]
    who, now = _who(visit), _now(visit.state)
    made = {
        "id": max((each["id"] for each in groups), default=0) + 1,
        **_content(sent, references),
        "createdBy": who,
        "createdOn": now,
        "modifiedBy": who,
        "modifiedOn": now,
    }
    groups.append(made)
    return _shown(made)


def replace(visit: Visit) -> Answer:
    """Put what is sent in the place of what is there: a variable that is left out is gone, and so is the description.

    A project that is left out loses the group, which is not known, so chosen. The connection is looked for only where
    it is another one than before: a group whose connection is gone can still be refreshed.
    """
    group = _group(visit)
    sent = _parameters(visit)
    references = _references(visit, sent)
    _check_parts(group, (each["projectReference"]["id"] for each in references))
    if _link(sent) != _link(group):
        _check_connection(visit, sent, references)
    _check_names(visit, references, group)
    content = _content(sent, references)
    made = {key: group[key] for key in ("createdBy", "createdOn")}
    group_id = group["id"]
    group.clear()
    group.update({"id": group_id, **content, **made, "modifiedBy": _who(visit), "modifiedOn": _now(visit.state)})
    return _shown(group)


def delete(visit: Visit) -> Answer:
    """Take the group out of the projects named in `projectIds`; it is gone for ever with the last of them."""
    group = _group(visit)
    named = [each.strip().lower() for each in visit.request.query.get("projectIds", "").split(",") if each.strip()]
    if not named:
        raise _Refused(400, "Atleast one project is required for deletion.", "InvalidRequestException")
    _check_parts(group, named)
    references = group["variableGroupProjectReferences"]
    references[:] = [each for each in references if each["projectReference"]["id"] not in named]
    if not references:
        visit.organization["variableGroups"].remove(group)
    return Answer(status=204)


def _parameters(visit: Visit) -> Document:
    """The body, in which at least the variables are what they should be."""
    sent = visit.body
    if not isinstance(sent, dict):
        raise _argument("Value cannot be null.\r\nParameter name: variableGroupParameters", "ArgumentNullException")
    variables = sent.get("variables")
    if not isinstance(variables, dict) or not variables:
        raise _argument("Variable group must have at least one variable defined.")
    if not all(name.strip() and isinstance(each, dict) for name, each in variables.items()):
        raise _argument("Variable name or value is not valid for variable group.")
    if not _is_text(sent.get("name")):
        raise _argument("Value cannot be null.\r\nParameter name: group.Name", "ArgumentNullException")
    return sent


def _references(visit: Visit, sent: Document) -> list[Document]:
    """The projects of the group: by id, and with the name that it is to have in each."""
    written = sent.get("variableGroupProjectReferences")
    if not isinstance(written, list) or not written:
        raise _Refused(400, "Atleast one variable group project reference is required.", "InvalidRequestException")
    return [_reference(visit, each) for each in written]


def _reference(visit: Visit, written: Any) -> Document:
    if not isinstance(written, dict) or not _is_text(written.get("name")):
        raise _argument("Project information name is not valid for variable group.")
    place = written.get("projectReference")
    named = (place.get("id") if isinstance(place, dict) else None) or _NO_PROJECT
    project = next((each for each in visit.organization["projects"] if each["id"] == str(named).lower()), None)
    if project is None:
        problem = (
            f"The project with id 'vstfs:///Classification/TeamProject/{named}' does not exist, or you do not have "
            "permission to access it."
        )
        raise _Refused(404, problem, "ProjectDoesNotExistException", "VS800075")
    return reference(project, written["name"], written.get("description") or "")


def _check_connection(visit: Visit, sent: Document, references: list[Document]) -> None:
    """A linked group names a vault, and a connection that each of its projects may use. Whether the vault exists, or
    the connection may read it, nobody asks here."""
    if str(sent.get("type")).lower() != _LINKED:
        return
    link = sent.get("providerData")
    if not isinstance(link, dict) or not _is_text(link.get("vault")) or not _is_text(link.get("serviceEndpointId")):
        raise _argument("Provider data is not valid for a variable group of type AzureKeyVault.")
    for each in references:
        project, wanted = each["projectReference"], str(link["serviceEndpointId"]).lower()
        if all(one["id"] != wanted for one in usable(visit.organization, project["id"])):
            problem = f"Service connection {wanted} is not one of project {project['name']}, nor shared with it."
            raise _argument(problem, "InvalidRequestException")


def _check_names(visit: Visit, references: list[Document], group: Document | None) -> None:
    """No two groups of a project have one name, whatever its case: databases of Azure DevOps compare so, and that it
    holds for groups too is inferred."""
    taken = {
        (each["projectReference"]["id"], each["name"].lower())
        for other in visit.organization["variableGroups"]
        for each in other["variableGroupProjectReferences"]
        if other is not group
    }
    for each in references:
        if (each["projectReference"]["id"], each["name"].lower()) in taken:
            raise _Refused(409, f"Variable group '{each['name']}' already exists.", "VariableGroupExistsException")


def _check_parts(group: Document, projects: Iterable[str]) -> None:
    mine = library.project_ids(group)
    for each in projects:
        if each not in mine:
            raise _argument(f"Variable group is not part of project {each}.")


def _content(sent: Document, references: list[Document]) -> Document:
    link = {"providerData": sent["providerData"]} if sent.get("providerData") is not None else {}
    return {
        "name": sent["name"],
        "description": sent.get("description") or "",
        "type": sent.get("type") or "Vsts",
        "variables": _variables(sent["variables"]),
        "variableGroupProjectReferences": references,
        **link,
    }


def _variables(sent: Document) -> Document:
    """Names are compared without their case, and the last one of them counts. The value of a secret is never shown, so
    the sandbox need not keep it; what it does not know of a variable is kept."""
    kept: Document = {}
    spelt: dict[str, str] = {}
    for name, each in sent.items():
        key = spelt.setdefault(name.lower(), name)
        kept[key] = {**each, "value": None} if each.get("isSecret") else {"value": None, **each}
    return kept


def _link(group: Document) -> tuple[str, str]:
    """What has to be there for the group to be linked: its type and connection."""
    return str(group.get("type")).lower(), str((group.get("providerData") or {}).get("serviceEndpointId")).lower()


def _group(visit: Visit) -> Document:
    found = library.find(visit, visit.request.names["group"])
    if found is None:
        problem = f"No variable group found with identifier {visit.request.names['group']}."
        raise _Refused(404, problem, "VariableGroupNotFoundException")
    return found


def _shown(group: Document) -> Answer:
    return Answer({**group, "isShared": len(group["variableGroupProjectReferences"]) > 1})


def _who(visit: Visit) -> Document:
    """Somebody of the tenant, or whom a personal token stands for: the owner."""
    principal = login.principal_of(visit.state, visit.request.headers.get("authorization"))
    if principal is not None:
        return {"id": principal["objectId"], "displayName": principal["name"], "uniqueName": principal["appId"]}
    unique = f"owner@{visit.state['tenant']['domain']}"
    return {"id": visit.organization["owner"], "displayName": "Owner", "uniqueName": unique}


def _now(state: Document) -> str:
    """The moment of a write as SQL Server has it: three hundred of them make a second, and ends in noughts are cut."""
    clock.tick(state)
    morning = datetime.fromisoformat(state["today"]).replace(hour=9)
    second, part = divmod(state["writes"], 300)
    fraction = f".{round(part * 10_000_000 / 300):07}".rstrip("0").rstrip(".")
    return f"{(morning + timedelta(seconds=second)).isoformat()}{fraction}Z"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _argument(problem: str, kind: str = "ArgumentException") -> _Refused:
    return _Refused(400, problem, kind)


def _or_refused(change: Callable[[Visit], Answer]) -> Callable[[Visit], Answer]:
    def changed(visit: Visit) -> Answer:
        try:
            return change(visit)
        except _Refused as refusal:
            return refusal.answer

    return changed


_MANAGE = "vso.variablegroups_manage"
VIEWS = (
    View("dev.azure.com", "POST", library.PATH, _MANAGE, _or_refused(add), changes=True),
    View("dev.azure.com", "PUT", library.PATH + "/{group}", _MANAGE, _or_refused(replace), changes=True),
    View("dev.azure.com", "DELETE", library.PATH + "/{group}", _MANAGE, _or_refused(delete), changes=True),
)
