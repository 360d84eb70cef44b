"""The subnets in Azure: whether they have the service endpoint for vaults, and how they get it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from threading import Thread
from typing import Any, cast

from netcfg.azure import gone, named_subnets, networks
from netcfg.azure.arm import Json, ResourceManager, an_object, objects, untouched
from netcfg.azure.errors import SDK_ERRORS, Unsettled, translate, unsettled
from netcfg.core.errors import AzureAnswer, NetworkBusy, NotInAzure, PermissionMissing
from netcfg.core.plan import KEY_VAULT_ENDPOINT
from netcfg.core.resources import Subnet, SubnetId, SubnetName

READERS = 8

POLL = 1  # seconds between two looks at the operation, where Azure does not say
PATIENCE = 600.0  # seconds for one operation, and for waiting until one may begin; a busy network may take minutes
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between two attempts, where Azure does not say; the last one goes on


class AzureSubnets:
    """The subnets that Azure Resource Manager shows to the one who is signed in."""

    def __init__(self, arm: ResourceManager, sleep: Callable[[float], None] = time.sleep) -> None:
        self._arm = arm
        self._sleep = sleep

    def find(self, names: Sequence[SubnetName]) -> tuple[SubnetId, ...]:
        """The subnets that people named; a name that stands for none, or for several, is an error."""
        return named_subnets.find(self._arm, names)

    def read(self, subnets: Sequence[SubnetId]) -> tuple[Subnet, ...]:
        """Subnets of one virtual network as Azure shows them now; one that is not there is an error."""
        found = self._all(subnets)
        for each in subnets:
            if each not in found:
                raise NotInAzure(f"subnet {each}", "check the id; it may have been deleted, moved or renamed")
        return tuple(Subnet(each, has_endpoint(found[each], f"subnet {each}")) for each in subnets)

    def lacking(self, subnets: Sequence[SubnetId]) -> frozenset[SubnetId]:
        """Those of one virtual network whose endpoint is not there; one that Azure still works on is."""
        found = self._all(subnets)
        return frozenset(each for each in subnets if each not in found or not _is_listed(found[each], f"subnet {each}"))

    def missing(self, subnets: Collection[SubnetId]) -> frozenset[SubnetId]:
        """Those that are certainly gone. What may not be seen is not gone."""
        return gone.missing(self._arm, subnets)

    def expect_writes(self) -> None:
        """Import the client that writes while the network keeps us waiting anyway."""
        Thread(target=self._arm.network, args=("",), name="netcfg-import", daemon=True).start()

    def enable_endpoint(self, subnet: SubnetId) -> None:
        """Add the service endpoint for vaults and change nothing else; nothing happens when it is there already.

        Waits until Azure says that it has done it, which `lacking` proves. One call at a time for the subnets of one
        virtual network.
        """
        left, pauses = PATIENCE, chain(PAUSES, repeat(PAUSES[-1]))
        while True:
            found = self._get(subnet)
            if has_endpoint(found, f"subnet {subnet}"):
                return
            doubt = Unsettled("it is being changed") if is_changing(found) else self._try(subnet, found)
            if doubt is None:
                return
            wait = doubt.wait or next(pauses)
            if wait > left:
                raise NetworkBusy(f"subnet {subnet}", doubt.reason, request_id=doubt.request_id)
            left -= wait
            self._sleep(wait)

    def _try(self, subnet: SubnetId, found: Json) -> Unsettled | None:
        """`None` once it is done, else why another attempt may fare better: it looks first, whatever became of this."""
        try:
            self._put(subnet, found)
        except SDK_ERRORS as error:
            if doubt := unsettled(error, f"subnet {subnet}"):
                return doubt
            raise translate(error, f"subnet {subnet}", self._arm.url) from error
        return None

    def _all(self, subnets: Sequence[SubnetId]) -> Mapping[SubnetId, Json]:
        """Those of one virtual network that are there, in one request where the network itself may be read."""
        try:
            inside = networks.subnets(self._arm, subnets[0].network_id)
        except PermissionMissing:  # a role for subnets alone is a sensible one
            with ThreadPoolExecutor(READERS) as pool:
                return dict(zip(subnets, pool.map(self._get, subnets), strict=True))
        return {each: inside[each.name] for each in subnets if each.name in inside}

    def _get(self, subnet: SubnetId) -> Json:
        return self._arm.get(str(subnet), networks.VERSION, f"subnet {subnet}")

    def _put(self, subnet: SubnetId, found: Json) -> None:
        """Send the subnet back with the endpoint, if nobody changed it since, and wait until Azure has done it."""
        from netcfg.azure.operation import awaited

        subject = f"subnet {subnet}"
        subscription, group, network, name = _parts(found, subnet)
        poller = self._arm.network(subscription).subnets.begin_create_or_update(
            group,
            network,
            name,
            cast(Any, with_endpoint(found, subject)),  # the SDK sends a plain dictionary as it is
            headers={"If-Match": _etag(found, subject)},
            api_version=networks.VERSION,
            polling=awaited(POLL),
            retry_total=0,  # a refusal may mean that somebody changed the subnet: look before the next attempt
            cls=untouched,
        )
        poller.wait(PATIENCE)
        if not poller.done():
            raise NetworkBusy(subject, f"Azure has been at it for more than {PATIENCE / 60:.0f} minutes")


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
