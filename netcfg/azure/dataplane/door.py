"""What a vault tells everybody who knocks: whose it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """The tenant that a vault trusts, or that nobody has its name; all is empty where nothing was learned.

    `home` is the tenant of the sign-in, `host` the vault's name in the DNS.
    """

    tenant: str = ""
    home: str = ""
    host: str = ""
    is_nowhere: bool = False


def unasked(_name: str) -> Door:
    """For where vaults are not asked themselves."""
    return Door()
