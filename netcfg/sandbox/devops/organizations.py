"""An organization's geography, in the two ways that need a token; the third is the sign-in host, in `devops`.

Neither is documented. Both are what public clients call: terraform-provider-azuredevops the first,
PSRule.Rules.AzureDevOps and gh-gei the second.
"""

from __future__ import annotations

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops.door import View, Visit, page, refused
from netcfg.sandbox.ids import Document

_OVERVIEW = "ms.vss-admin-web.organization-admin-overview-data-provider"


def collection(visit: Visit) -> Answer:
    """One object; either of its two fields about the place may be absent."""
    place = visit.organization["collection"]
    if "refuses" in place:
        return _refusal(place["refuses"])
    return Answer(
        {
            "id": visit.organization["id"],
            "name": visit.organization["name"],
            "status": "enabled",
            "owner": visit.organization["owner"],
            "tenantId": visit.state["tenant"]["id"],
            "dateCreated": "2021-03-04T10:00:00Z",
            "lastUpdated": "2026-05-06T10:00:00Z",
            **place,
        }
    )


def contribution(visit: Visit) -> Answer:
    """Providers that were not asked for, or do not exist, are not in the answer."""
    if "refuses" in visit.organization["overview"]:
        return _refusal(visit.organization["overview"]["refuses"])
    asked = (visit.body or {}).get("contributionIds") or []
    found = {_OVERVIEW: _overview(visit)} if _OVERVIEW in asked else {}
    return Answer({"dataProviderSharedData": {}, "dataProviders": {"ms.vss-web.component-data": {}, **found}})


def settings(visit: Visit) -> Answer:
    """The page of the organization's settings, or what its own script asks for with `__rt=fps`."""
    if "refuses" in visit.organization["overview"]:
        return _refusal(visit.organization["overview"]["refuses"])
    if visit.request.query.get("__rt") != "fps":
        return page("Overview - Settings")
    user = {"displayName": "Owner", "uniqueName": f"owner@{visit.state['tenant']['domain']}"}
    data = {_OVERVIEW: _overview(visit), "ms.vss-web.page-data": {"user": user}}
    return Answer({"fps": {"dataProviders": {"data": data}}})


def _overview(visit: Visit) -> Document:
    return {
        "id": visit.organization["id"],
        "name": visit.organization["name"],
        "url": f"https://dev.azure.com/{visit.organization['name']}/",
        "description": "",
        "timeZone": {"id": "UTC", "displayName": "(UTC) Coordinated Universal Time"},
        **visit.organization["overview"],
    }


def _refusal(status: int) -> Answer:
    if status == 404:
        return refused(404, "VS800075", "the resource does not exist.", "CollectionDoesNotExistException")
    problem = "the user is not authorized to access this resource."
    return refused(status, "TF400813", problem, "UnauthorizedRequestException")


VIEWS = (
    View(
        "vssps.dev.azure.com", "GET", "/_apis/Organization/Collections/Me", "vso.profile", collection, is_preview=True
    ),
    View("dev.azure.com", "POST", "/_apis/Contribution/HierarchyQuery", "full", contribution, is_preview=True),
    View("dev.azure.com", "GET", "/_settings/organizationOverview", "full", settings),
)
