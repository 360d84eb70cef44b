"""The agent pools of an organization: hosted by Microsoft, of a scale set, managed, and one's own.

Shapes are those of vsts-rest-api-specs 7.1. A managed pool is to be recognised by its name only; what it is lies in
Resource Manager.
"""

from __future__ import annotations

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops import View, Visit, named, paged
from netcfg.sandbox.ids import Document


def pools(visit: Visit) -> Answer:
    name = visit.request.query.get("poolName", "")
    return paged(visit, [_pool(each) for each in visit.organization["pools"] if named(each["name"], name)])


def elastic_pools(visit: Visit) -> Answer:
    return paged(visit, [_elastic_pool(each) for each in visit.organization["elasticPools"]])


def _pool(each: Document) -> Document:
    return {
        "id": each["id"],
        "name": each["name"],
        "isHosted": each.get("isHosted", False),
        "isLegacy": False,
        "poolType": "automation",
        "scope": "00000000-0000-4000-8000-000000000901",
        "size": each["size"],
        "options": each.get("options", "none"),
        "autoProvision": True,
        "autoUpdate": True,
    }


def _elastic_pool(each: Document) -> Document:
    """`azureId` is all that says which scale set it is."""
    return {
        "poolId": each["poolId"],
        "serviceEndpointId": each["connection"],
        "serviceEndpointScope": each["project"],
        "azureId": each["azureId"],
        "maxCapacity": 4,
        "desiredIdle": 1,
        "recycleAfterEachUse": True,
        "maxSavedNodeCount": 0,
        "osType": "linux",
        "state": "online",
        "offlineSince": None,
        "desiredSize": 1,
        "sizingAttempts": 0,
        "agentInteractiveUI": False,
        "timeToLiveMinutes": 30,
        "orchestrationType": "uniform",
    }


_TASKS = "/_apis/distributedtask"
VIEWS = (
    View("dev.azure.com", "GET", _TASKS + "/pools", "vso.agentpools", pools),
    View("dev.azure.com", "GET", _TASKS + "/elasticpools", "vso.agentpools", elastic_pools),
)
