"""One record of an audit log, under whichever names its export gives to what Key Vault wrote.

Key Vault itself: https://learn.microsoft.com/azure/key-vault/general/logging; in Log Analytics the table of all
services, AzureDiagnostics, whose columns end with their type, or Key Vault's own:
https://learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from netcfg.core.callers import Aside, Origin, Request, Way, parse_caller
from netcfg.core.errors import NotAnAddress

# What we read, by the names that it has; those of columns without their type.
_NAMES = {
    "time": ("time", "timegenerated"),
    "resource_id": ("resourceid",),
    "resource": ("resource",),
    "operation": ("operationname",),
    "category": ("category",),
    "address": ("calleripaddress",),
    "status": ("httpstatuscode",),
    "signature": ("resultsignature",),
    "description": ("resultdescription",),
    "authorized": ("isaddressauthorized",),
    "way": ("addrauthtype", "addressauthorizationtype"),
    "subnet": ("subnetid",),
    "endpoint": ("privateendpointid",),
    "trusted": ("trustedservice",),
    "uri": ("requesturi",),
    "object": ("id",),
    "application": ("identity_claim_appid",),
    "identity": ("identity",),
    "properties": ("properties",),
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in names}
_TYPE = re.compile(r"_[sdgbt]\Z")
_ZONE = re.compile(r" \[(?P<zone>[^]]*)\]\Z")
_VAULT = re.compile(r"/providers/microsoft\.keyvault/vaults/([^/]+)/?\Z", re.IGNORECASE)
_HOST = re.compile(r"https://([a-z0-9-]{3,24})\.vault\.", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_PORTAL_TIME = "%m/%d/%Y, %I:%M:%S.%f %p"

# What a column says that names nothing, be it written by Azure, by a query, or by a table program.
_NOTHING = {"", "0", "false", "n/a", "nil", "no", "none", "null", "undefined", "-"}
_YES = {"1", "true", "yes"}

MOST_REMEMBERED = 1 << 14  # characters of all names together; 500 columns have fewer
LONGEST = 100  # characters of a name; what is longer is none, and memory is kept for each of them

_EMPTY = (None, "")
_STATUS = {"unauthorized": 401, "forbidden": 403}
_REFUSALS = (
    "client address is not authorized",
    "forbiddenbyfirewall",
    "forbiddenbyconnection",
    "public network access",
)


def request_of(record: Mapping[str, Any]) -> Request | None:
    """What a record tells; `None` for one that is no audit event of a vault, of another service say."""
    found = _Record(record)
    if not found.is_audit_event or not (vault := found.vault):
        return None
    operation, application = found.text("operation")[:LONGEST], found.application
    origin, aside, said = None, found.aside, ""
    if aside is None:
        try:
            origin = found.origin
        except NotAnAddress:
            aside, said = Aside.UNREADABLE, found.text("address")[:LONGEST]
    answer = found.is_refused, found.is_forbidden
    return Request(vault, operation, found.time, origin, application, *answer, aside, said)


def is_audit_event(names: tuple[str, ...]) -> bool:
    """Whether a table with these columns can hold audit events."""
    return {"operation", "address"} <= set(_known(names))


class _Record:
    """A record's values, by our names."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._names = _by_field(record)
        properties = _object(self._own("properties"))
        self._properties = properties
        self._deep = _by_field(properties) if properties else {}

    @property
    def is_audit_event(self) -> bool:
        category = self.text("category")
        is_whole = "operation" in self._names and "address" in self._names
        return is_whole and (not category or category.lower() == "auditevent")

    @property
    def vault(self) -> str:
        """The vault's name in its resource id; else as the table has it, or as the host that was asked."""
        if id := self.text("resource_id"):
            return _name_in(id[-10 * LONGEST :])
        if name := self.text("resource"):
            return name[: LONGEST + 1]
        match = _HOST.match(self.text("uri")) or _HOST.match(self.text("object"))
        return match[1] if match else ""

    @property
    def time(self) -> datetime | None:
        name = self._name("time")
        zone = _ZONE.search(name)
        if zone and zone["zone"].upper() != "UTC":
            return None  # somebody's local time, and nobody says whose
        return _time(str(self._own("time") or "")[:LONGEST])

    @property
    def status(self) -> int:
        try:
            return int(float(self.text("status")))
        except (ValueError, OverflowError):
            return _STATUS.get(self.text("signature").replace(" ", "").lower(), 0)

    @property
    def aside(self) -> Aside | None:
        if is_control_plane(self.text("operation")):
            return Aside.CONTROL_PLANE
        if self.status == 401:
            return Aside.UNSIGNED
        return None if self.text("address") else Aside.NO_ADDRESS

    @property
    def is_refused(self) -> bool:
        """Whether the firewall refused it. A 403 of which nothing else is known may come from an access policy."""
        if self.status != 403:
            return False
        authorized = self.text("authorized").lower()
        said = self.text("description").lower()
        return authorized == "false" or (not authorized and any(each in said for each in _REFUSALS))

    @property
    def is_forbidden(self) -> bool:
        """Whether it was answered 403 and nobody says whether the firewall did that."""
        return self.status == 403 and not self.text("authorized") and not self.is_refused

    @property
    def origin(self) -> Origin:
        said = map(self.text, ("address", "way", "subnet", "endpoint", "trusted"))
        return _origin(*(each[: 10 * LONGEST] for each in said))

    @property
    def application(self) -> str:
        found = self.text("application")
        if not found:
            identity = _object(self._own("identity"))
            claims = _object(identity.get("claim")) or identity
            found = str(claims.get("appid") or "")
        return found.lower() if _GUID.fullmatch(found) else ""

    def text(self, field: str) -> str:
        """The value as text, of the record or of its `properties`; empty where there is none."""
        value = self._own(field)
        if value in _EMPTY and field in self._deep:
            value = self._properties[_filled(self._deep[field], self._properties)]
        return "" if value is None or isinstance(value, dict | list) else str(value).strip()

    def _own(self, field: str) -> Any:
        name = self._name(field)
        return self._record[name] if name else None

    def _name(self, field: str) -> str:
        """The name under which the record has it; empty where it has not."""
        names = self._names.get(field)
        return _filled(names, self._record) if names else ""


def is_control_plane(operation: str) -> bool:
    """Whether it is Resource Manager's, or Event Grid's: neither passes the firewall."""
    name = operation.lower()
    return (
        name.startswith("vault")
        or name.endswith("eventgridnotification")
        or "privateendpoint" in name
        or ("privatelink" in name)
    )


@lru_cache(1 << 16)
def _origin(address: str, told: str, subnet: str, endpoint: str, service: str) -> Origin:
    """Where somebody came from. Newer logs say by which way he did, older ones his address alone."""
    network = parse_caller(address)
    subnet, endpoint, service = ("" if each.lower() in _NOTHING else each for each in (subnet, endpoint, service))
    kind = told.replace(" ", "").lower()
    is_public = kind == "publicip"
    if endpoint or kind.startswith("private"):
        return Origin(network, Way.PRIVATE_ENDPOINT, endpoint, True)
    if service or kind == "trustedservice":
        name = "" if service.lower() in _YES else service
        # A service that has no name and came by its public address may be one by its token alone: nobody can tell
        # whether it needs bypass, or passes by it.
        return Origin(network, Way.TRUSTED_SERVICE, name, bool(name) or not is_public)
    if (subnet and not is_public) or kind.startswith("subnet"):
        return Origin(network, Way.SUBNET, subnet, True)
    return Origin(network, Way.ADDRESS, "", is_public)


def _by_field(record: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    names = tuple(record)
    return _known(names) if sum(map(len, names)) < MOST_REMEMBERED else _known.__wrapped__(names)


@lru_cache(1 << 10)
def _known(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The names, in their order, under which a record may have what we read: AzureDiagnostics has a column for each
    type that a value ever had."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        plain = _TYPE.sub("", _ZONE.sub("", str(name).strip()).lstrip("_")).lower()
        if plain in _FIELDS:
            found[_FIELDS[plain]] = (*found.get(_FIELDS[plain], ()), name)
    return found


def _filled(names: tuple[str, ...], record: Mapping[str, Any]) -> str:
    """The first of the names under which there is anything, else the first of them."""
    if len(names) == 1:
        return names[0]
    return next((each for each in names if record[each] not in _EMPTY), names[0])


@lru_cache(1 << 12)
def _name_in(id: str) -> str:
    match = _VAULT.search(id)
    return match[1] if match else ""


def _object(value: object) -> Mapping[str, Any]:
    """An object, also where a table holds it as text; what is none has nothing in it."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


@lru_cache(1 << 12)
def _time(text: str) -> datetime | None:
    """When it was, in UTC; `None` for what cannot be read."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = datetime.strptime(text, _PORTAL_TIME).replace(tzinfo=UTC)
        except ValueError:
            return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
