"""The subnets in Azure: whether they have the service endpoint for vaults, and how they get it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import Any, cast

from netcfg.azure.arm import Json, ResourceManager, an_object, objects, untouched
from netcfg.azure.errors import SDK_ERRORS, Unsettled, translate, unsettled
from netcfg.core.errors import AzureAnswer, NetworkBusy
from netcfg.core.plan import KEY_VAULT_ENDPOINT
from netcfg.core.resources import Subnet, SubnetId

# What azure-mgmt-network 33.1 writes subnets with. Read and write must be of one version, and of a new one: a property
# that the version of the read does not know would be missing from the write, and gone.
SUBNET_VERSION = "2026-03-01"

POLL = 1  # seconds between two looks at the operation, where Azure does not say
PATIENCE = 600.0  # seconds for one operation; a busy virtual network may take minutes
PAUSES = (1.0, 2.0, 4.0, 8.0, *(15.0 for _ in range(20)))  # seconds between two attempts, where Azure does not say


class AzureSubnets:
    """The subnets that Azure Resource Manager shows to the one who is signed in."""

    def __init__(self, arm: ResourceManager, sleep: Callable[[float], None] = time.sleep) -> None:
        self._arm = arm
        self._sleep = sleep

    def read(self, subnet: SubnetId) -> Subnet:
        """The subnet as Azure shows it now."""
        return Subnet(subnet, has_endpoint(self._get(subnet), f"subnet {subnet}"))

    def expect_writes(self) -> None:
        """Import the client that writes while the network keeps us waiting anyway."""
        Thread(target=self._arm.network, args=("",), name="netcfg-import", daemon=True).start()

    def enable_endpoint(self, subnet: SubnetId) -> None:
        """Add the service endpoint for vaults and change nothing else; nothing happens when it is there already.

        Waits until Azure has done it. One call at a time for the subnets of one virtual network.
        """
        doubt = Unsettled("it is being changed")
        for pause in PAUSES:
            found = self._get(subnet)
            if has_endpoint(found, f"subnet {subnet}"):
                return
            if not is_changing(found):
                try:
                    self._put(subnet, found)
                    return
                except SDK_ERRORS as error:
                    doubt = self._doubt(error, subnet)
            self._sleep(doubt.wait or pause)
        raise NetworkBusy(f"subnet {subnet}", doubt.reason, request_id=doubt.request_id)

    def _doubt(self, error: Exception, subnet: SubnetId) -> Unsettled:
        """Why the next attempt may fare better; it looks first, and sends nothing that is there already."""
        doubt = unsettled(error, f"subnet {subnet}")
        if doubt is None:
            raise translate(error, f"subnet {subnet}", self._arm.url) from error
        return doubt

    def _get(self, subnet: SubnetId) -> Json:
        return self._arm.get(str(subnet), SUBNET_VERSION, f"subnet {subnet}")

    def _put(self, subnet: SubnetId, found: Json) -> None:
        """Send the subnet back with the endpoint, if nobody changed it since, and wait until Azure has done it."""
        subject = f"subnet {subnet}"
        subscription, group, network, name = _parts(found, subnet)
        poller = self._arm.network(subscription).subnets.begin_create_or_update(
            group,
            network,
            name,
            cast(Any, with_endpoint(found, subject)),  # the SDK sends a plain dictionary as it is
            headers={"If-Match": _etag(found, subject)},
            api_version=SUBNET_VERSION,
            polling_interval=POLL,
            retry_total=0,  # a refusal may mean that somebody changed the subnet: look before the next attempt
            cls=untouched,
        )
        poller.wait(PATIENCE)
        if not poller.done():
            raise NetworkBusy(subject, f"Azure has been at it for more than {PATIENCE / 60:.0f} minutes")
        if not _is_listed(an_object(poller.result(), subject), subject):
            raise AzureAnswer(subject, "no service endpoint for vaults, though Azure said that it was enabled")


def has_endpoint(subnet: Json, subject: str) -> bool:
    """Whether machines there reach vaults from their private addresses; not yet, while the subnet is being changed."""
    return _is_listed(subnet, subject) and not is_changing(subnet)


def is_changing(subnet: Json) -> bool:
    """Whether an operation is under way; Azure shows what is wanted from its first moment on."""
    return str(_properties(subnet).get("provisioningState")).lower() == "updating"


def with_endpoint(subnet: Json, subject: str) -> Json:
    """The subnet with the endpoint after those that are there, and everything else as it was found.

    A PUT replaces the subnet, so what is left out is removed. What only Azure can write goes along and is ignored.
    """
    properties = _properties(subnet)
    if _is_listed(subnet, subject):
        return subnet
    endpoints = [*objects(properties.get("serviceEndpoints"), subject), {"service": KEY_VAULT_ENDPOINT}]
    return {**subnet, "properties": {**properties, "serviceEndpoints": endpoints}}


def _is_listed(subnet: Json, subject: str) -> bool:
    endpoints = objects(_properties(subnet).get("serviceEndpoints"), subject)
    return any(str(each.get("service")).lower() == KEY_VAULT_ENDPOINT.lower() for each in endpoints)


def _properties(subnet: Json) -> Json:
    return an_object(subnet.get("properties"), f"subnet {subnet.get('name')}")


def _etag(subnet: Json, subject: str) -> str:
    etag = subnet.get("etag")
    if not isinstance(etag, str) or not etag:
        raise AzureAnswer(subject, "no etag, so a change of somebody else could not be told from ours")
    return etag


def _parts(found: Json, subnet: SubnetId) -> tuple[str, str, str, str]:
    """Subscription, group, network and name as Azure writes them; ours are in lower case, and a PUT could rename."""
    text = found.get("id")
    parts = text.split("/") if isinstance(text, str) and text.lower() == subnet.text else subnet.text.split("/")
    return parts[2], parts[4], parts[8], parts[10]
