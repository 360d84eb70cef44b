"""Service tags: `Microsoft.Network/locations/serviceTags`, and the weekly file's tags, both from the world's editions.

The service may lag the file by up to four weeks, and says its change numbers as strings.
https://learn.microsoft.com/azure/virtual-network/service-tags-overview
"""

from __future__ import annotations

import json

from netcfg.sandbox import sabotage
from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import SUBSCRIPTION, Document
from netcfg.sandbox.publishing import editions

_PATH = SUBSCRIPTION + "/providers/Microsoft.Network/locations/{location}/serviceTags"
_FEATURES = ["API", "NSG", "UDR", "FW"]


def edition(state: Document, name: str, place: str) -> Document:
    """One edition as the weekly file has it: `AzureDevOps`, its regional tags, and tags of other services.

    `place` publishes it, and may add to it what no publisher should.
    """
    published = editions.service_tags(state["publishers"], name)
    published = sabotage.spoil_tags(sabotage.fault_of(state, place), published)
    regions = published["AzureDevOps"]["regions"]
    union = editions.in_order(prefix for each in regions.values() for prefix in each["prefixes"])
    devops = {"changeNumber": published["AzureDevOps"]["changeNumber"], "regionId": 0, "prefixes": union}
    values = [_tag("AzureDevOps", "", devops, "AzureDevOps", _FEATURES)]
    # A regional tag of Azure DevOps has no features, although the global one has (as published on 2026-06-20).
    values += [_tag(f"AzureDevOps.{name}", name.lower(), each, "AzureDevOps", None) for name, each in regions.items()]
    values += [
        _tag(name, name.partition(".")[2].lower(), each, each["systemService"], _FEATURES)
        for name, each in published.get("others", {}).items()
    ]
    values.sort(key=lambda each: str(each["name"]))
    return {"changeNumber": published["changeNumber"], "cloud": "Public", "values": values}


def list_tags(call: Call) -> Answer:
    """The location is a version's, no filter: all regions are in the answer."""
    published = edition(call.state, call.state["publishers"]["service"], "tag-service")
    body = {
        "name": "public",
        "id": f"{SUBSCRIPTION.format(**call.names)}/providers/Microsoft.Network/serviceTags/public",
        "type": "Microsoft.Network/serviceTags",
        "changeNumber": str(published["changeNumber"]),
        "cloud": "Public",
        "values": [_as_service(each) for each in published["values"]],
    }
    fault = sabotage.fault_of(call.state, "tag-service")
    return sabotage.serve(fault, call.request, json.dumps(body).encode(), Answer)


def _tag(name: str, region: str, each: Document, service: str, features: list[str] | None) -> Document:
    return {
        "name": name,
        "id": name,
        "properties": {
            "changeNumber": each["changeNumber"],
            "region": region,
            "regionId": each["regionId"],
            "platform": "Azure",
            "systemService": service,
            "addressPrefixes": each["prefixes"],
            "networkFeatures": features,
        },
    }


def _as_service(tag: Document) -> Document:
    shown = {key: tag["properties"][key] for key in ("region", "systemService", "addressPrefixes")}
    return {**tag, "properties": {"changeNumber": str(tag["properties"]["changeNumber"]), **shown}}


OPERATIONS = (Operation("GET", _PATH, "Microsoft.Network/locations/serviceTags/read", list_tags, SUBSCRIPTION),)
