"""The projects of an organization, with their variable groups and service connections.

Shapes are those of vsts-rest-api-specs 7.1; what a group linked to a vault holds is what Terraform's provider writes.
"""

from __future__ import annotations

from collections.abc import Callable

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops.door import View, Visit, named, paged, refused
from netcfg.sandbox.ids import Document


def projects(visit: Visit) -> Answer:
    return paged(visit, [_project(visit, each) for each in visit.organization["projects"]])


def project(visit: Visit) -> Answer:
    return _in_project(visit, lambda found: Answer(_project(visit, found)))


def variable_groups(visit: Visit) -> Answer:
    """All groups of a project, or those of one name (`groupName`) or of some ids (`groupIds`)."""
    name = visit.request.query.get("groupName", "")
    wanted = {each.strip() for each in visit.request.query.get("groupIds", "").split(",")} - {""}

    def shown(found: Document) -> Answer:
        groups = [each for each in found.get("variableGroups", []) if named(each["name"], name)]
        return paged(visit, [_group(found, each) for each in groups if not wanted or str(each["id"]) in wanted])

    return _in_project(visit, shown)


def variable_group(visit: Visit) -> Answer:
    """A group that does not exist is answered with null, not with 404."""

    def shown(found: Document) -> Answer:
        wanted = visit.request.names["group"]
        groups = [_group(found, each) for each in found.get("variableGroups", []) if str(each["id"]) == wanted]
        return Answer(groups[0] if groups else "null")

    return _in_project(visit, shown)


def connections(visit: Visit) -> Answer:
    wanted = {each.strip().lower() for each in visit.request.query.get("endpointNames", "").split(",")} - {""}

    def shown(found: Document) -> Answer:
        all_of_them = [_connection(visit, found, each) for each in found.get("serviceConnections", [])]
        return paged(visit, [each for each in all_of_them if not wanted or each["name"].lower() in wanted])

    return _in_project(visit, shown)


def _in_project(visit: Visit, show: Callable[[Document], Answer]) -> Answer:
    """What `show` makes of the project in the path, which may be named by its id."""
    wanted = visit.request.names["project"]
    for each in visit.organization["projects"]:
        if wanted.lower() in (each["name"].lower(), each["id"].lower()):
            return show(each)
    problem = f"the project {wanted} does not exist, or you may not see it."
    return refused(404, "TF200016", problem, "ProjectDoesNotExistWithNameException")


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


def _group(project: Document, each: Document) -> Document:
    """A linked group has names, and null for each value; its vault is a bare name, without subscription or id."""
    plain = {name: {"value": value} for name, value in each.get("variables", {}).items()}
    return {
        "id": each["id"],
        "name": each["name"],
        "description": each.get("description", ""),
        "type": "Vsts",
        "variables": plain,
        "createdOn": "2026-02-03T08:00:00Z",
        "modifiedOn": "2026-06-01T08:00:00Z",
        "isShared": False,
        "variableGroupProjectReferences": [_reference(project, each)],
        **(_link(each) if "vault" in each else {}),
    }


def _link(each: Document) -> Document:
    mapped = {"value": None, "isSecret": True, "enabled": True, "contentType": ""}
    return {
        "type": "AzureKeyVault",
        "variables": dict.fromkeys(each["secrets"], mapped),
        "providerData": {
            "serviceEndpointId": each["connection"],
            "vault": each["vault"],
            "lastRefreshedOn": "2026-06-01T08:00:00Z",
        },
    }


def _connection(visit: Visit, project: Document, each: Document) -> Document:
    shown = {
        "id": each["id"],
        "name": each["name"],
        "type": each.get("type", "azurerm"),
        "url": each.get("url", "https://management.azure.com/"),
        "description": "",
        "isShared": False,
        "isReady": True,
        "owner": "library",
        "serviceEndpointProjectReferences": [_reference(project, each)],
    }
    if shown["type"] != "azurerm":
        return {**shown, "authorization": {"scheme": "Token", "parameters": {}}, "data": {}}
    return {**shown, **_azure(visit, each)}


def _azure(visit: Visit, each: Document) -> Document:
    parameters = {"tenantid": visit.state["tenant"]["id"], "serviceprincipalid": each["servicePrincipal"]}
    return {
        "authorization": {"scheme": "WorkloadIdentityFederation", "parameters": parameters},
        "data": {
            "environment": "AzureCloud",
            "scopeLevel": "Subscription",
            "subscriptionId": each["subscription"],
            "subscriptionName": visit.state["subscriptions"][each["subscription"]]["name"],
            "creationMode": "Automatic",
        },
    }


def _reference(project: Document, each: Document) -> Document:
    inside = {"id": project["id"], "name": project["name"]}
    return {"name": each["name"], "description": "", "projectReference": inside}


_GROUPS = "/{project}/_apis/distributedtask/variablegroups"
_CONNECTIONS = "/{project}/_apis/serviceendpoint/endpoints"
VIEWS = (
    View("dev.azure.com", "GET", "/_apis/projects", "vso.project", projects),
    View("dev.azure.com", "GET", "/_apis/projects/{project}", "vso.project", project),
    View("dev.azure.com", "GET", _GROUPS, "vso.variablegroups_read", variable_groups),
    View("dev.azure.com", "GET", _GROUPS + "/{group}", "vso.variablegroups_read", variable_group),
    View("dev.azure.com", "GET", _CONNECTIONS, "vso.serviceendpoint", connections),
)
