"""The subnets in Azure: whether they have the service endpoint for vaults, and how they get it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from threading import Event, Thread
from typing import Any, cast

from netcfg.azure.arm import ResourceManager, untouched
from netcfg.azure.errors import SDK_ERRORS, Unsettled, translate, unsettled
from netcfg.azure.firewall import gone
from netcfg.azure.network import named_subnets, networks
from netcfg.core.errors import (
    AzureAnswer,
    NetworkBusy,
    NotInAzure,
    PermissionMissing,
    SubnetDeleting,
    WriteNotBegun,
)
from netcfg.core.plan import KEY_VAULT_ENDPOINT
from netcfg.core.resources import Subnet, SubnetId, SubnetName
from netcfg.core.wire import Json, an_object, objects

READERS = 8

POLL = 1  # seconds between two looks at the operation, where Azure does not say
PATIENCE = 600.0  # seconds for one operation, and for waiting until one may begin; a busy network may take minutes
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between two attempts, where Azure does not say; the last one goes on

_UNDER_WAY = frozenset({"updating", "creating"})
_ETAG = re.compile(r"[!-~]+")  # of what a header can carry, what every server reads alike


class AzureSubnets:
    """The subnets that Azure Resource Manager shows to the one who is signed in."""

    def __init__(self, arm: ResourceManager, sleep: Callable[[float], object] | None = None) -> None:
        self._arm = arm
        self._stopped = Event()
        self._sleep = sleep or self._stopped.wait

    def find(self, names: Sequence[SubnetName]) -> tuple[SubnetId, ...]:
        """The subnets that people named; a name that stands for none, or for several, is an error."""
        return named_subnets.find(self._arm, names)

    def read(self, subnets: Sequence[SubnetId]) -> tuple[Subnet, ...]:
        """Subnets of one virtual network as Azure shows them now; one that is not there is an error."""
        found = self._all(subnets)
        for each in subnets:
            if each not in found:
                raise NotInAzure(f"subnet {each}", "check the id; it may have been deleted, moved or renamed")
            _insist_that_it_stays(found[each], each)
        return tuple(Subnet(each, has_endpoint(found[each], f"subnet {each}")) for each in subnets)

    def lacking(self, subnets: Sequence[SubnetId]) -> frozenset[SubnetId]:
        """Those of one virtual network whose endpoint is not there, once nobody is at work on it any more.

        It proves writes that are done, so it looks also after `stop`; only that it waits for nobody then.
        """
        left, pauses = PATIENCE, chain(PAUSES, repeat(PAUSES[-1]))
        while True:
            found = self._all(subnets)
            coming = [each for each in subnets if each in found and _is_coming(found[each], f"subnet {each}")]
            if not coming:
                there = {each for each in found if has_endpoint(found[each], f"subnet {each}")}
                return frozenset(subnets) - there
            wait = next(pauses)
            if wait > left or self._stopped.is_set():
                raise NetworkBusy(f"subnet {coming[0]}", "it is being changed")
            left -= wait
            self._sleep(wait)

    def missing(self, subnets: Collection[SubnetId]) -> frozenset[SubnetId]:
        """Those that are certainly gone. What may not be seen is not gone."""
        return gone.missing(self._arm, subnets)

    def expect_writes(self) -> None:
        """Import the client that writes while the network keeps us waiting anyway."""
        Thread(target=self._arm.network, args=("",), name="netcfg-import", daemon=True).start()

    def enable_endpoint(self, subnet: SubnetId) -> None:
        """Add the service endpoint for vaults and change nothing else; nothing happens when it is there already.

        Waits until Azure says that it has done it, which `lacking` proves. One call at a time for the subnets of one
        virtual network. A write that once failed is repeated, which mends it.
        """
        left, pauses = PATIENCE, chain(PAUSES, repeat(PAUSES[-1]))
        while True:
            self._insist_on_going_on(subnet)
            found = self._get(subnet)
            _insist_that_it_stays(found, subnet)
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

    def stop(self) -> None:
        """No write begins any more, and nobody waits to begin one; those under way come to their end."""
        self._stopped.set()

    def _insist_on_going_on(self, subnet: SubnetId) -> None:
        if self._stopped.is_set():
            raise WriteNotBegun(f"subnet {subnet}")

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
                return dict(zip(subnets, pool.map(self._arm.deadline.carried(self._get), subnets), strict=True))
        return {each: inside[each.name] for each in subnets if each.name in inside}

    def _get(self, subnet: SubnetId) -> Json:
        return self._arm.get(str(subnet), networks.VERSION, f"subnet {subnet}")

    def _put(self, subnet: SubnetId, found: Json) -> None:
        """Send the subnet back with the endpoint, if nobody changed it since, and wait until Azure has done it."""
        from netcfg.azure.operation import awaited

        subject = f"subnet {subnet}"
        subscription, group, network, name = _parts(found, subnet)
        etag, client = _etag(found, subject), self._arm.network(subscription)
        self._insist_on_going_on(subnet)
        with self._arm.deadline.finishing():
            poller = client.subnets.begin_create_or_update(
                group,
                network,
                name,
                cast(Any, with_endpoint(found, subject)),  # the SDK sends a plain dictionary as it is
                headers={"If-Match": etag},
                api_version=networks.VERSION,
                polling=awaited(POLL, self._arm.deadline),
                retry_total=0,  # a refusal may mean that somebody changed the subnet: look before the next attempt
                cls=untouched,
            )
        poller.wait(PATIENCE)
        if not poller.done():
            raise NetworkBusy(subject, f"Azure has been at it for more than {PATIENCE / 60:.0f} minutes")


def has_endpoint(subnet: Json, subject: str) -> bool:
    """Whether machines there reach vaults from their private addresses.

    Azure shows what is wanted from the first moment of a write on, and goes on showing it when the write has failed.
    """
    return bool(states := _states(subnet, subject)) and {_state(_properties(subnet)), *states} == {"succeeded"}


def is_changing(subnet: Json) -> bool:
    """Whether an operation on the subnet is under way."""
    return _state(_properties(subnet)) in _UNDER_WAY


def with_endpoint(subnet: Json, subject: str) -> Json:
    """The subnet with the endpoint after those that are there, and everything else as it was found.

    A PUT replaces the subnet, so what is left out is removed. What only Azure can write goes along and is ignored, so
    that a subnet whose write has failed is sent as it is.
    """
    properties = _properties(subnet)
    if _states(subnet, subject):
        return subnet
    endpoints = [*objects(properties.get("serviceEndpoints"), subject), {"service": KEY_VAULT_ENDPOINT}]
    return {**subnet, "properties": {**properties, "serviceEndpoints": endpoints}}


def _is_coming(subnet: Json, subject: str) -> bool:
    """Whether the endpoint is listed and not there yet, though nothing has failed."""
    states = {_state(_properties(subnet)), *(listed := _states(subnet, subject))}
    return bool(listed) and bool(states & _UNDER_WAY) and states <= {"succeeded", *_UNDER_WAY}


def _states(subnet: Json, subject: str) -> list[str]:
    """The states of the endpoint wherever the subnet lists it, which should be once or never."""
    endpoints = objects(_properties(subnet).get("serviceEndpoints"), subject)
    return [_state(each) for each in endpoints if str(each.get("service")).lower() == KEY_VAULT_ENDPOINT.lower()]


def _state(found: Json) -> str:
    """How the last write of it went, in lower case; where Azure does not say, it went well."""
    state = found.get("provisioningState")
    return "succeeded" if state is None else str(state).lower()


def _insist_that_it_stays(found: Json, subnet: SubnetId) -> None:
    if _state(_properties(found)) == "deleting":
        raise SubnetDeleting(f"subnet {subnet}")


def _properties(subnet: Json) -> Json:
    return an_object(subnet.get("properties"), f"subnet {subnet.get('name')}")


def _etag(subnet: Json, subject: str) -> str:
    etag = subnet.get("etag")
    if not isinstance(etag, str) or not _ETAG.fullmatch(etag):
        raise AzureAnswer(
            subject, "no etag that a header can carry, so a change of somebody else could not be told from ours"
        )
    return etag


def _parts(found: Json, subnet: SubnetId) -> tuple[str, str, str, str]:
    """Subscription, group, network and name as Azure writes them; ours are in lower case, and a PUT could rename."""
    text = found.get("id")
    parts = text.split("/") if isinstance(text, str) and text.lower() == subnet.text else subnet.text.split("/")
    return parts[2], parts[4], parts[8], parts[10]
