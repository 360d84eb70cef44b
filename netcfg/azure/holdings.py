"""The secrets and keys of vaults, as Azure Resource Manager lists them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from netcfg.azure.arm import ResourceManager
from netcfg.azure.firewall.listed import VERSION
from netcfg.core.errors import AzureAnswer
from netcfg.core.linking.secrets import Secret
from netcfg.core.resources import VaultId
from netcfg.core.wire import Json, an_object


class AzureHoldings:
    """Names, and what is told beside values, from where no firewall of a vault is asked."""

    def __init__(self, arm: ResourceManager) -> None:
        self._arm = arm

    def secrets(self, vault: VaultId) -> tuple[Secret, ...]:
        """All secrets, by name. Whether a certificate keeps one is not told here, as it is by the vault itself."""
        subject = f"the secrets of vault {vault}"
        return tuple(sorted((parse_secret(each, subject) for each in self._list(vault, "secrets", subject)), key=_key))

    def keys(self, vault: VaultId) -> frozenset[str]:
        """The names of all keys, in lower case, those of certificates too."""
        subject = f"the keys of vault {vault}"
        return frozenset(_name_of(each, subject).lower() for each in self._list(vault, "keys", subject))

    def _list(self, vault: VaultId, kind: str, subject: str) -> Iterator[Json]:
        """The entries, each of them of this very vault: by those of another one, its own would be taken for gone."""
        inside = f"{vault.text}/{kind}/".casefold()
        for each in self._arm.items(f"{vault.text}/{kind}", VERSION, subject):
            id = each.get("id")
            if not isinstance(id, str) or not id.casefold().startswith(inside):
                raise AzureAnswer(subject, "an entry without an id of that vault")
            yield each


def parse_secret(found: Json, subject: str) -> Secret:
    """A secret in Azure's answer. One that is not said to be disabled is enabled, which is what new ones are."""
    properties = an_object(found.get("properties") or {}, subject)
    attributes = an_object(properties.get("attributes") or {}, subject)
    return Secret(
        _name_of(found, subject),
        enabled=attributes.get("enabled") is not False,
        expires=_time(attributes.get("exp"), subject),
        starts=_time(attributes.get("nbf"), subject),
        content_type=str(properties.get("contentType") or ""),
    )


def _key(secret: Secret) -> str:
    return secret.key


def _name_of(found: Json, subject: str) -> str:
    """The name alone: that of a child resource may begin with its parent's."""
    name = found.get("name")
    if not isinstance(name, str) or not name.rpartition("/")[2]:
        raise AzureAnswer(subject, "an entry without a name")
    return name.rpartition("/")[2]


def _time(seconds: object, subject: str) -> datetime | None:
    """A moment, of which Azure writes the seconds since 1970; null is as good as absent."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise AzureAnswer(subject, f"{seconds!r} where a time in seconds was expected")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise AzureAnswer(subject, f"{seconds!r} where a time in seconds was expected") from error
