"""What a vault holds: its secrets, keys and certificates, by name. Of a secret there is everything but the value.

A world writes them as names, or as objects where there is more to say; the state says no more than is not derived.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from netcfg.sandbox.ids import Document

NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
SECTIONS = ("secrets", "keys", "certificates", "deletedSecrets")  # of the state, by vault
PKCS12 = "application/x-pkcs12"
_CREATED = 1736931600  # 2025-01-15T09:00:00Z, when the vaults of a world were made
_NAMESPACE = uuid.UUID("00000000-0000-4000-8000-000000000a01")
_KEYS = {"name", "enabled", "expires", "notBefore", "created", "contentType", "managed", "tags"}


def held(written: Iterable[str | Document]) -> Document:
    """The secrets, keys or certificates that a world writes, by their names in lower case."""
    found = [_object({"name": each} if isinstance(each, str) else each) for each in written]
    return {each["name"].lower(): each for each in found}


def of(vault: Mapping[str, list[str | Document]]) -> Document:
    """All that a vault of a world holds. A certificate keeps a key of its name, and a secret with its private key."""
    certificates = held(vault.get("certificates", []))
    kept = {key: {**each, "managed": True} for key, each in certificates.items()}
    secrets = {key: {**each, "contentType": PKCS12} for key, each in kept.items()}
    return {
        "secrets": held(vault.get("secrets", [])) | secrets,
        "keys": held(vault.get("keys", [])) | kept,
        "certificates": certificates,
    }


def attributes(each: Document, vault: Document, api_version: str) -> Document:
    """What is told of an object, in seconds since 1970 as the data plane counts; the recovery level follows from its
    vault."""
    properties = vault["properties"]
    days = properties.get("softDeleteRetentionInDays", 90)
    level = ("" if days == 90 else "Customized") + "Recoverable"
    shown = {"enabled": each.get("enabled", True)} | {key: each[key] for key in ("nbf", "exp") if key in each}
    shown |= {"created": each.get("created", _CREATED), "updated": each.get("updated", each.get("created", _CREATED))}
    shown["recoveryLevel"] = level + ("" if properties.get("enablePurgeProtection") else "+Purgeable")
    return shown | ({"recoverableDays": days} if "7.1" <= api_version < "8" else {})


def version(each: Document, vault: Document) -> str:
    """The version that counts; of older ones a sandbox keeps nothing."""
    known: str | None = each.get("version")
    return known or uuid.uuid5(_NAMESPACE, f"{vault['name']}/{each['name']}".lower()).hex


def _object(written: Document) -> Document:
    name = str(written.get("name", ""))
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name that a vault takes: letters, digits and hyphens, 127 at most")
    if unknown := written.keys() - _KEYS:
        raise ValueError(f"{', '.join(sorted(unknown))} of {name!r} is nothing that a secret has")
    times = {"expires": "exp", "notBefore": "nbf", "created": "created"}
    kept = {key: value for key, value in written.items() if key not in times}
    return kept | {short: _seconds(written[key]) for key, short in times.items() if key in written}


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
