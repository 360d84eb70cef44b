"""The service connections of projects: to Azure in each of its schemes, and to other places.

Shapes are those of vsts-rest-api-specs 7.1. A world writes them tersely; `sharedWith` names the projects that may use
one beside its own.
"""

from __future__ import annotations

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops import projects
from netcfg.sandbox.devops.door import View, Visit, paged
from netcfg.sandbox.ids import Document

WORKLOAD = "WorkloadIdentityFederation"
MANAGED = "ManagedServiceIdentity"
AZURE = "azurerm"

# Where the vaults of a connection's cloud are.
SUFFIXES = {
    "AzureCloud": "vault.azure.net",
    "AzureUSGovernment": "vault.usgovcloudapi.net",
    "AzureChinaCloud": "vault.azure.cn",
}
_MANAGERS = {
    "AzureCloud": "https://management.azure.com/",
    "AzureUSGovernment": "https://management.usgovcloudapi.net/",
    "AzureChinaCloud": "https://management.chinacloudapi.cn/",
}


def connections(visit: Visit) -> Answer:
    """All connections that the project may use, or those of some names (`endpointNames`), of one `type` or scheme."""
    query = visit.request.query
    names, ids = _listed(query.get("endpointNames", "")), _listed(query.get("endpointIds", ""))
    schemes, kind = _listed(query.get("authSchemes", "")), query.get("type", "").lower()

    def seen(project: Document) -> Answer:
        found = [shown(visit, each) for each in usable(visit.organization, project["id"])]
        return paged(
            visit,
            [
                each
                for each in found
                if (not names or each["name"].lower() in names)
                and (not ids or each["id"] in ids)
                and kind in ("", each["type"].lower())
                and (not schemes or each["authorization"]["scheme"].lower() in schemes)
            ],
        )

    return projects.within(visit, seen)


def connection(visit: Visit) -> Answer:
    """One that does not exist is answered with null, as a group is: that it is so is inferred."""

    def seen(project: Document) -> Answer:
        wanted = visit.request.names["connection"].lower()
        found = [each for each in usable(visit.organization, project["id"]) if each["id"] == wanted]
        return Answer(shown(visit, found[0]) if found else "null")

    return projects.within(visit, seen)


def usable(organization: Document, project_id: str) -> list[Document]:
    """The connections that a project may use, as they are written: its own, and those that others share with it."""
    names = [each["name"] for each in organization["projects"] if each["id"] == project_id]
    return [
        {**each, "home": home}
        for home in organization["projects"]
        for each in home.get("serviceConnections", [])
        if home["id"] == project_id or names[0] in each.get("sharedWith", [])
    ]


def scheme(each: Document) -> str:
    """How it signs in."""
    return str(each.get("scheme", WORKLOAD if kind(each) == AZURE else "Token"))


def kind(each: Document) -> str:
    return str(each.get("type", AZURE))


def environment(each: Document) -> str:
    """The cloud that it signs in to."""
    return str(each.get("environment", "AzureCloud"))


def tenant(each: Document, state: Document) -> str:
    """The tenant in which it signs in: the home tenant unless it says otherwise."""
    return str(each.get("tenant", state["tenant"]["id"]))


def shown(visit: Visit, each: Document) -> Document:
    """A connection as it is told: secrets are null. One that is not ready says why in `operationStatus`."""
    others = [one for one in visit.organization["projects"] if one["name"] in each.get("sharedWith", [])]
    parts = [projects.reference(one, each["name"], each.get("description", "")) for one in (each["home"], *others)]
    document = {
        "id": each["id"],
        "name": each["name"],
        "type": kind(each),
        "url": each.get("url", _MANAGERS[environment(each)]),
        "description": each.get("description", ""),
        "isShared": len(parts) > 1,
        "isReady": each.get("isReady", True),
        "isOutdated": False,
        "owner": "library",
        "serviceEndpointProjectReferences": parts,
        "authorization": {"scheme": scheme(each), "parameters": {}},
        "data": {},
        **({"operationStatus": each["operationStatus"]} if "operationStatus" in each else {}),
        **({"isDisabled": True} if each.get("isDisabled") else {}),
    }
    return document | _azure(visit, each) if kind(each) == AZURE else document


def _azure(visit: Visit, each: Document) -> Document:
    """Of a connection that was made by hand nobody but Azure knows which object its identity is."""
    parameters: Document = {"tenantid": tenant(each, visit.state)}
    if "servicePrincipal" in each:
        parameters["serviceprincipalid"] = each["servicePrincipal"]
    if scheme(each) == "ServicePrincipal":
        parameters |= {"authenticationType": "spnKey", "serviceprincipalkey": None}
    if scheme(each) == WORKLOAD:
        parameters |= {
            "workloadIdentityFederationIssuer": issuer(visit.organization),
            "workloadIdentityFederationSubject": subject(visit.organization, each),
        }
    subscription = visit.state["subscriptions"].get(each.get("subscription", ""), {"name": ""})
    data = {
        "environment": environment(each),
        "scopeLevel": "Subscription",
        "subscriptionId": each.get("subscription", ""),
        "subscriptionName": subscription["name"],
        "creationMode": "Automatic" if "objectId" in each else "Manual",
        **({"spnObjectId": each["objectId"]} if "objectId" in each else {}),
    }
    return {"authorization": {"scheme": scheme(each), "parameters": parameters}, "data": data}


def issuer(organization: Document) -> str:
    """Who signs for the organization's connections."""
    return f"https://vstoken.dev.azure.com/{organization['id']}"


def subject(organization: Document, each: Document) -> str:
    """What a token of the connection says that it is, which the application has to expect letter by letter."""
    return f"sc://{organization['name']}/{each['home']['name']}/{each['name']}"


def _listed(text: str) -> set[str]:
    return {each.strip().lower() for each in text.split(",")} - {""}


_PATH = "/{project}/_apis/serviceendpoint/endpoints"
VIEWS = (
    View("dev.azure.com", "GET", _PATH, "vso.serviceendpoint", connections),
    View("dev.azure.com", "GET", _PATH + "/{connection}", "vso.serviceendpoint", connection),
)
