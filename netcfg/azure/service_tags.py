"""The Service Tag Discovery API: the published tags as Azure Resource Manager tells them to who is signed in.

Its data may be up to four weeks older than the weekly file, and holds the tags of the whole cloud whatever the location
(https://learn.microsoft.com/azure/virtual-network/service-tags-overview).
"""

from __future__ import annotations

import json

from netcfg.azure.arm import ResourceManager, untouched
from netcfg.core.errors import BadIdentifier

LOCATION = "westeurope"  # any will do: it names a version of the data, and filters nothing


def fetch(arm: ResourceManager, subscription: str) -> bytes:
    """The answer as JSON. `subscription` is an id as `/subscriptions/…`; reading it is all that is needed."""
    parts = subscription.strip("/").split("/")
    if len(parts) != 2 or not parts[1].isprintable():
        raise BadIdentifier(subscription, "a subscription: give its id as /subscriptions/…")
    with arm.asking(f"the service tags of {subscription}"):
        found = arm.network(parts[1]).service_tags.list(LOCATION, cls=untouched)
    return json.dumps(found).encode()
