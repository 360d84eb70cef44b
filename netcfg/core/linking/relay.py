"""The relay by which Azure DevOps reads a vault: a service connection of a project, and what comes back through it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Relay:
    """What somebody said about it, by names; a text is empty, and the patterns are none, where nobody did.

    `group` is the variable group that a vault is linked to, and `secrets` are patterns, as in a shell, of the secrets
    that some variable group has to map.
    """

    organization: str = ""
    project: str = ""
    connection: str = ""
    group: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        """Whether somebody wants vaults to be read by it."""
        return bool(self.project or self.connection)

    def over(self, other: Relay) -> Relay:
        """What is said here, and where nothing is, what is said there.

        A project is its organization's, and all the rest its project's: what is said there of another one's does not
        count here, where another may have the same name.
        """
        if _differ(self.organization, other.organization):
            return self
        if _differ(self.project, other.project):
            return replace(self, organization=self.organization or other.organization)
        return Relay(**{each.name: getattr(self, each.name) or getattr(other, each.name) for each in fields(self)})


def _differ(here: str, there: str) -> bool:
    return bool(here and there) and here.casefold() != there.casefold()


NO_RELAY = Relay()


@dataclass(frozen=True)
class Relayed:
    """What Azure DevOps told when it was asked to ask a vault.

    That is always HTTP 200: `status` (`ok`, `forbidden`, `notFound`, … whose case does not count) and `message` are in
    the body, `page` is what the vault itself said where it said something.
    """

    status: str
    message: str = ""
    page: str = ""
    request_id: str | None = None

    @property
    def is_ok(self) -> bool:
        return self.status.casefold() == "ok"

    @property
    def is_not_found(self) -> bool:
        return self.status.casefold() == "notfound"
