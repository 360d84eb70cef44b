"""Service tags: `Microsoft.Network/locations/serviceTags`, and the weekly file's tags, both from the world's editions.

The service may lag the file by up to four weeks, and says its change numbers as strings.
https://learn.microsoft.com/azure/virtual-network/service-tags-overview
"""

from __future__ import annotations

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import SUBSCRIPTION, Document

_PATH = SUBSCRIPTION + "/providers/Microsoft.Network/locations/{location}/serviceTags"
_FEATURES = ["API", "NSG", "UDR", "FW"]


def edition(state: Document, name: str) -> Document:
    """One edition as the weekly file has it: `AzureDevOps`, its regional tags, and tags of other services."""
    published = state["publishers"]["serviceTags"][name]
    regions = published["AzureDevOps"]["regions"]
    union = sorted({prefix for each in regions.values() for prefix in each["prefixes"]}, key=_order)
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
    published = edition(call.state, call.state["publishers"]["service"])
    number = str(published["changeNumber"])
    return Answer(
        {
            "name": "public",
            "id": f"{SUBSCRIPTION.format(**call.names)}/providers/Microsoft.Network/serviceTags/public",
            "type": "Microsoft.Network/serviceTags",
            "changeNumber": number,
            "cloud": "Public",
            "values": [_as_service(each) for each in published["values"]],
        }
    )


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


def _order(prefix: str) -> tuple[bool, tuple[int, ...], str]:
    """IPv4 by address, then IPv6, as the file has them."""
    if ":" in prefix:
        return True, (), prefix
    return False, tuple(int(part) for part in prefix.replace("/", ".").split(".")), prefix


OPERATIONS = (Operation("GET", _PATH, "Microsoft.Network/locations/serviceTags/read", list_tags, SUBSCRIPTION),)
