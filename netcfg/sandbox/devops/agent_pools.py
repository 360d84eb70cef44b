"""The agent pools of an organization: hosted by Microsoft, of a scale set, managed, and one's own.

Shapes are those of vsts-rest-api-specs 7.1. A managed pool is to be recognised by its name only; what it is lies in
Resource Manager.
"""

from __future__ import annotations

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.devops.door import View, Visit, named, paged, refused
from netcfg.sandbox.ids import Document


def pools(visit: Visit) -> Answer:
    name = visit.request.query.get("poolName", "")
    return paged(visit, [_pool(each) for each in visit.organization["pools"] if named(each["name"], name)])


def elastic_pools(visit: Visit) -> Answer:
    return paged(visit, [_elastic_pool(each) for each in visit.organization["elasticPools"]])


def agents(visit: Visit) -> Answer:
    """The machines that ever registered in a pool. Of where they are they say no more than their own name."""
    number = visit.request.names["pool"]
    pool = next((each for each in visit.organization["pools"] if str(each["id"]) == number), None)
    if pool is None:
        return refused(404, "VS800075", f"no agent pool has the id {number}.", "TaskAgentPoolNotFoundException")
    with_capabilities = visit.request.query.get("includeCapabilities", "").lower() == "true"
    return paged(visit, [_agent(each, with_capabilities) for each in pool.get("agents", [])])


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


def _agent(each: Document, with_capabilities: bool) -> Document:
    capabilities = {
        "Agent.Name": each["name"],
        "Agent.Version": "4.255.0",
        "Agent.ComputerName": each["computer"],
        "Agent.OS": "Linux",
        "COMPUTERNAME": each["computer"],
        **each.get("environment", {}),
    }
    return {
        "id": each["id"],
        "name": each["name"],
        "version": "4.255.0",
        "osDescription": "Linux 6.8.0-1021-azure",
        "enabled": each.get("enabled", True),
        "status": each.get("status", "online"),
        "provisioningState": "Provisioned",
        "maxParallelism": 1,
        **({"systemCapabilities": capabilities, "userCapabilities": {}} if with_capabilities else {}),
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
        "orchestrationType": each.get("orchestration", "uniform"),
    }


_TASKS = "/_apis/distributedtask"
VIEWS = (
    View("dev.azure.com", "GET", _TASKS + "/pools", "vso.agentpools", pools),
    View("dev.azure.com", "GET", _TASKS + "/pools/{pool}/agents", "vso.agentpools", agents),
    View("dev.azure.com", "GET", _TASKS + "/elasticpools", "vso.agentpools", elastic_pools),
)
