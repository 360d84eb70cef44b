"""The pieces of a private way in, made and removed one by one: each after a look, and until Azure is done with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import assert_never

from netcfg.azure.arm import ResourceManager
from netcfg.azure.errors import SDK_ERRORS, Unsettled, translate, unsettled
from netcfg.azure.refusal import hear
from netcfg.core.approval import PieceId
from netcfg.core.errors import NameTaken, NetcfgError, NotInAzure, OtherZoneLinked, PieceBusy, PieceInUse
from netcfg.core.private import (
    TAG,
    ZONE_LIMIT,
    NewEndpoint,
    NewLink,
    NewPiece,
    NewRecord,
    NewZone,
    OldPiece,
    PieceKind,
    kind_of,
)
from netcfg.core.wire import Json, an_object, objects

# What the REST reference documents both with; the second is the first that lets a link fall back to the public DNS.
ENDPOINT_VERSION = "2024-05-01"
DNS_VERSION = "2024-06-01"

_VERSIONS = {
    PieceKind.ENDPOINT: ENDPOINT_VERSION,
    PieceKind.ZONE: DNS_VERSION,
    PieceKind.RECORD: ENDPOINT_VERSION,
    PieceKind.LINK: DNS_VERSION,
}
# Seconds between two attempts, where Azure does not say.
PAUSES = (1.0, 2.0, 4.0, 8.0, *(15.0 for _ in range(20)))
_APPROVE = "privateendpointconnectionsapproval/action"
_UNDERWAY = ("updating", "creating", "deleting", "inprogress")


class Pieces:
    """Writes to private endpoints and private DNS. Nothing that is there is changed but a zone group, which grows."""

    def __init__(self, arm: ResourceManager, sleep: Callable[[float], None] = time.sleep) -> None:
        self._arm = arm
        self._sleep = sleep

    def add(self, piece: NewPiece) -> bool:
        """Make the piece, and wait until Azure has; one that is there as it should be is left as it is.

        Whether this call made it, as far as can be known: what was not there right before it was sent, and is there
        after the answer was lost, counts as made. A conflict says that somebody else did.
        """
        return self._settle(
            piece, lambda found: self._put(piece, found), lambda found: is_made(piece, found, _subject(piece))
        )

    def remove(self, piece: OldPiece) -> None:
        """Remove the piece, and wait until Azure has; nothing happens when it is gone."""
        subject = _subject(piece)

        def delete(found: Json | None) -> None:
            if piece.kind is PieceKind.ZONE and found and not is_empty(found, subject):
                raise PieceInUse(subject)
            self._arm.delete(str(piece.id), _VERSIONS[piece.kind], subject)

        self._settle(piece, delete, lambda found: found is None)

    def _settle(
        self, piece: NewPiece | OldPiece, write: Callable[[Json | None], None], is_done: Callable[[Json | None], bool]
    ) -> bool:
        """Look, write, and look again, until it is done. A write of unknown effect is not repeated without a look."""
        subject = _subject(piece)
        doubt, may_have_written = Unsettled("it is being changed"), False
        for pause in (0.0, *PAUSES):
            if pause:
                self._sleep(doubt.wait or pause)
            found = self._get(piece, subject)
            if _is_underway(found):
                continue
            if is_done(found):
                return may_have_written
            try:
                write(found)
                return True
            except SDK_ERRORS as error:
                seen = unsettled(error, subject)
                if seen is None:
                    raise _refused(error, piece, self._arm.url) from error
                doubt = seen
                may_have_written = may_have_written or seen.may_have_happened
        raise PieceBusy(subject, doubt.reason, request_id=doubt.request_id)

    def _get(self, piece: NewPiece | OldPiece, subject: str) -> Json | None:
        try:
            return self._arm.get(str(piece.id), _VERSIONS[kind_of(piece)], subject)
        except NotInAzure:
            return None

    def _look_at_groups(self, piece: NewEndpoint) -> None:
        """Ask for the zone groups of an endpoint that is not there yet.

        Whoever may not read them cannot make the record, and would learn it only when the endpoint hides the vault;
        Azure says who may before it says what is there.
        """
        try:
            path = f"{piece.id}/privateDnsZoneGroups"
            self._arm.get(path, ENDPOINT_VERSION, f"the zone groups of {_subject(piece)}")
        except NotInAzure:
            return

    def _put(self, piece: NewPiece, found: Json | None) -> None:
        subject, version = _subject(piece), _VERSIONS[kind_of(piece)]
        if isinstance(piece, NewEndpoint):
            self._look_at_groups(piece)
        # Only Private DNS promises to heed the header; a colleague's piece is seen by the look right before otherwise.
        headers = {"If-None-Match": "*"} if isinstance(piece, (NewZone, NewLink)) else {}
        try:
            self._arm.put(str(piece.id), version, subject, body(piece, found), headers)
        except SDK_ERRORS as error:
            if not isinstance(piece, NewEndpoint) or not _may_not_approve(error, piece):
                raise
            self._arm.put(str(piece.id), version, subject, endpoint_body(piece, is_manual=True), headers)


def is_made(piece: NewPiece, found: Json | None, subject: str) -> bool:
    """Whether the piece is there. Something else of its name is an error: it is not ours to change."""
    if found is None:
        return False
    properties = an_object(found.get("properties"), subject)
    if str(properties.get("provisioningState")).lower() == "failed":
        raise NameTaken(subject, "in the state Failed")
    match piece:
        case NewEndpoint():
            lists = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
            connections = [each for one in lists for each in objects(properties.get(one), subject)]
            targets = [an_object(each.get("properties"), subject).get("privateLinkServiceId") for each in connections]
            if not any(str(each).lower() == piece.vault.text.lower() for each in targets):
                raise NameTaken(subject, f"leads to {', '.join(map(str, targets)) or 'nothing'}")
        case NewZone():
            pass
        case NewRecord():
            return _has_record(piece, found, subject)
        case NewLink():
            network = an_object(properties.get("virtualNetwork"), subject).get("id")
            if PieceId(str(network)) != piece.network:
                raise NameTaken(subject, f"is of {network}")
        case _:
            assert_never(piece)
    return True


def is_empty(zone: Json, subject: str) -> bool:
    """Whether nothing is in a zone but its own SOA record, and no network asks it; what is not said is something."""
    properties = an_object(zone.get("properties"), subject)
    return properties.get("numberOfRecordSets") in (0, 1) and properties.get("numberOfVirtualNetworkLinks") == 0


def body(piece: NewPiece, found: Json | None) -> Json:
    """What is sent to make the piece; a zone group that is there is sent back with one zone more."""
    match piece:
        case NewEndpoint():
            return endpoint_body(piece)
        case NewZone():
            return {"location": "global", "tags": dict([TAG])}
        case NewRecord():
            return _group_body(piece, found)
        case NewLink():
            return {
                "location": "global",
                "tags": dict([TAG]),
                # With registration the zone would fill with the names of all machines of the network.
                "properties": {"virtualNetwork": {"id": str(piece.network)}, "registrationEnabled": False},
            }
        case _:
            assert_never(piece)


def endpoint_body(piece: NewEndpoint, *, is_manual: bool = False) -> Json:
    """An endpoint that is approved at once, or that asks the vault's owner."""
    connection: Json = {"privateLinkServiceId": piece.vault.text, "groupIds": ["vault"]}
    if is_manual:
        connection["requestMessage"] = f"netcfg: a private endpoint in {piece.subnet.short}"
    kind = "manualPrivateLinkServiceConnections" if is_manual else "privateLinkServiceConnections"
    return {
        "location": piece.location,
        "tags": dict([TAG]),
        "properties": {"subnet": {"id": str(piece.subnet)}, kind: [{"name": piece.id.name, "properties": connection}]},
    }


def is_ours(found: Json) -> bool:
    """Whether the piece carries our tag; names of tags are the same whatever their case."""
    tags = found.get("tags")
    return isinstance(tags, dict) and any((str(name).lower(), value) == TAG for name, value in tags.items())


def _group_body(piece: NewRecord, found: Json | None) -> Json:
    subject = _subject(piece)
    configs = objects(an_object((found or {}).get("properties") or {}, subject).get("privateDnsZoneConfigs"), subject)
    kept = [{"name": each.get("name"), "properties": {"privateDnsZoneId": _zone(each, subject)}} for each in configs]
    if any(PieceId(_zone(each, subject)) == piece.zone for each in configs):
        return {"properties": {"privateDnsZoneConfigs": kept}}
    if len(configs) >= ZONE_LIMIT:
        raise NameTaken(subject, f"names {ZONE_LIMIT} zones, which is the most")
    name = _free_name(piece.zone.name.replace(".", "-"), [str(each["name"]).lower() for each in kept])
    new = {"name": name, "properties": {"privateDnsZoneId": str(piece.zone)}}
    return {"properties": {"privateDnsZoneConfigs": [*kept, new]}}


def _free_name(name: str, taken: Collection[str]) -> str:
    """A name that no other zone has in the group, whatever zone somebody gave ours to."""
    names = (name, *(f"{name}-{number}" for number in range(2, ZONE_LIMIT + 1)))
    return next(each for each in names if each.lower() not in taken)


def _has_record(piece: NewRecord, group: Json, subject: str) -> bool:
    """Whether the group names the zone and keeps a record there; a group that says nothing of records is believed."""
    configs = objects(an_object(group.get("properties"), subject).get("privateDnsZoneConfigs"), subject)
    for each in configs:
        if PieceId(_zone(each, subject)) == piece.zone:
            return an_object(each.get("properties"), subject).get("recordSets") != []
    return False


def _zone(config: Json, subject: str) -> str:
    return str(an_object(config.get("properties"), subject).get("privateDnsZoneId"))


def _is_underway(found: Json | None) -> bool:
    properties = (found or {}).get("properties")
    state = properties.get("provisioningState") if isinstance(properties, dict) else None
    return str(state).lower() in _UNDERWAY


def _refused(error: Exception, piece: NewPiece | OldPiece, url: str) -> NetcfgError:
    """What Azure says no to; a network that asks another zone of that name already, by the sentence that says so.

    The code, `BadRequest`, is no help; the sentence is Azure's own (aks-docs#212).
    """
    refusal = hear(error, _subject(piece))
    if isinstance(piece, NewLink) and refusal and "overlapping namespaces" in refusal.message.lower():
        return OtherZoneLinked(piece.network.name, piece.id.parent.name, request_id=refusal.request_id)
    return translate(error, _subject(piece), url)


def _may_not_approve(error: Exception, piece: NewEndpoint) -> bool:
    """Whether it was refused because another than us decides about the vault, so that we can ask at least."""
    refusal = hear(error, _subject(piece))
    if refusal is None or refusal.code != "LinkedAuthorizationFailed":
        return False
    said = refusal.message.lower()
    return _APPROVE in said or f"linked subscription '{piece.vault.subscription}'" in said


def _subject(piece: NewPiece | OldPiece) -> str:
    return f"{kind_of(piece).noun} {piece.id}"
