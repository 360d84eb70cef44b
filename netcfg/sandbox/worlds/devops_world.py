"""The organizations of a world: what is not said of them, and their variable groups as Azure DevOps would show them.

What a group linked to a vault holds is what Terraform's provider writes: null for each value.
"""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.sandbox.devops import endpoint_proxy
from netcfg.sandbox.devops.projects import reference
from netcfg.sandbox.ids import Document

_MAPPED: Document = {"value": None, "isSecret": True, "enabled": True, "contentType": ""}
_WRITTEN = ("about", "id", "name", "description", "type", "vault", "connection", "secrets", "variables", "sharedWith")


def lay(each: Document, domain: str) -> Document:
    """An organization keeps the variable groups of its projects itself: one may be shared. Who does not say from where
    its requests come (`leaves`) is in Western Europe; `domain` is its owner's."""
    defaults: Document = {"collection": {"refuses": 403}, "overview": {"refuses": 403}, "badToken": "redirect"}
    empty: Document = {"tokens": {}, "projects": [], "pools": [], "elasticPools": []}
    leaves = each.get("leaves", "40.74.28.9")
    organization: Document = {**defaults, **empty, **each, "leaves": [leaves] if isinstance(leaves, str) else leaves}
    owner = {"id": each.get("owner", ""), "displayName": "Owner", "uniqueName": f"owner@{domain}"}
    groups = [_group(organization, owner, *found) for found in _written(organization)]
    projects = [{key: one[key] for key in one if key != "variableGroups"} for one in organization["projects"]]
    endpoint_proxy.check(organization)
    return {**organization, "projects": projects, "variableGroups": groups}


def _written(organization: Document) -> Iterator[tuple[Document, Document]]:
    for project in organization["projects"]:
        for each in project.get("variableGroups", []):
            yield project, each


def _group(organization: Document, owner: Document, project: Document, each: Document) -> Document:
    """What is written besides is taken as it is: another type with its own `providerData`, `modifiedOn`, …"""
    described = each.get("description", "")
    shared = [_shared(organization, one, each) for one in each.get("sharedWith", [])]
    return {
        "id": each["id"],
        "name": each["name"],
        "description": described,
        "type": each.get("type", "AzureKeyVault" if "vault" in each else "Vsts"),
        "variables": dict(_variables(each)),
        "createdBy": owner,
        "createdOn": "2026-02-03T08:00:00.4366667Z",
        "modifiedBy": owner,
        "modifiedOn": "2026-06-01T08:00:00.9433333Z",
        "variableGroupProjectReferences": [reference(project, each["name"], described), *shared],
        **({"providerData": _link(each)} if "vault" in each else {}),
        **{key: value for key, value in each.items() if key not in _WRITTEN},
    }


def _variables(each: Document) -> Iterator[tuple[str, Document]]:
    """A secret is a name, or an object with what its mapping has instead of or besides the usual; a variable is its
    value, or an object that is taken as it is."""
    for secret in each.get("secrets", []):
        written = {"name": secret} if isinstance(secret, str) else secret
        yield written["name"], _MAPPED | {key: value for key, value in written.items() if key != "name"}
    for name, value in each.get("variables", {}).items():
        yield name, value if isinstance(value, dict) else {"value": value}


def _link(each: Document) -> Document:
    """A vault is a bare name here, without subscription or id."""
    return {
        "serviceEndpointId": each["connection"],
        "vault": each["vault"],
        "lastRefreshedOn": "2026-06-01T08:00:00Z",
    }


def _shared(organization: Document, wanted: str | Document, each: Document) -> Document:
    """A project that the group is shared with, by its name; it may have another name there."""
    there: Document = {"project": wanted} if isinstance(wanted, str) else wanted
    project = next((one for one in organization["projects"] if one["name"] == there["project"]), None)
    if project is None:
        raise ValueError(f"the group {each['name']!r} is shared with {there['project']!r}, which is no project here")
    return reference(project, str(there.get("name", each["name"])), each.get("description", ""))
