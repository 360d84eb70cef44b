"""Everything that can go wrong for a user: one class for each, which takes the facts and builds the sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class NetcfgError(Exception):
    """Something that a user can act on: what was found, what was expected, what to do next."""

    status: ClassVar[int] = 1

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class UsageError(NetcfgError):
    """What was asked for cannot be meant; nothing was sent anywhere."""

    status = 2


def _perhaps(text: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` when something known is close to `text`, else nothing."""
    near = get_close_matches(text.lower(), [each.lower() for each in known], n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


# --- what was asked for -------------------------------------------------------------------------------------------


class UnknownGeography(UsageError):
    def __init__(self, text: str, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(
            f"{text!r} is not a geography of Azure DevOps; one of {', '.join(names)}{_perhaps(text, names)}"
        )


class NoGeography(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "neither an organization nor a geography was given, and ranges of every geography are never meant; "
            "give --organization NAME, or --geography with one of US, EU, UK, AU, BR, CA, IN, APAC"
        )


class BadRange(UsageError):
    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} cannot be allowed: {reason}")


class BadDeclaration(UsageError):
    def __init__(self, text: str, reason: str) -> None:
        super().__init__(
            f"{text!r} is not a declaration: {reason}; write 'CIDR=reason' or 'CIDR=reason;until=2027-01-31'"
        )


class BadDate(UsageError):
    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a day; write it as 2027-01-31")


class BadIdentifier(UsageError):
    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"{text!r} is not {expected}")


class BothWanted(UsageError):
    def __init__(self, value: str, wanted: str) -> None:
        super().__init__(
            f"{value} was asked to be removed, but it is {wanted} and would be added again; "
            "leave out --remove, or what asks for it"
        )


class ConflictingOptions(UsageError):
    def __init__(self, one: str, other: str, reason: str) -> None:
        super().__init__(f"{one} and {other} exclude each other: {reason}; leave one of them out")


class UnknownGuard(UsageError):
    def __init__(self, text: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"{text!r} is not a guard; one of {', '.join(names)}{_perhaps(text, names)}")


class UnacceptableGuard(UsageError):
    def __init__(self, guard: str, reason: str) -> None:
        super().__init__(f"the guard {guard!r} cannot be accepted: {reason}")


class BareAcceptance(UsageError):
    def __init__(self, guard: str) -> None:
        super().__init__(
            f"several vaults are chosen, so say for which {guard!r} is accepted: --accept {guard}=VAULT-PATTERN"
        )


class NoTerminal(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "there is no terminal to ask on, and nothing is changed unasked; give --yes to apply without a question"
        )


class MissingExtra(UsageError):
    def __init__(self, extra: str, module: str) -> None:
        super().__init__(f"this needs the extra {extra!r} ({module} is not installed); install netcfg[{extra}]")


# --- what was found -----------------------------------------------------------------------------------------------


class UnknownValue(NetcfgError):
    """A value that Azure did not have when this was written: guessing what it means could open or close a vault."""

    def __init__(self, subject: str, value: object, expected: Iterable[str]) -> None:
        super().__init__(
            f"{subject} is {value!r}, which this version does not know (known: {', '.join(expected)}); "
            "nothing was planned for it, update netcfg"
        )


class UnknownRegion(NetcfgError):
    def __init__(self, code: str, where: str) -> None:
        super().__init__(
            f"{where} names the region {code!r}, which belongs to no geography that this version knows; "
            "say which it is with --geography, and report the code"
        )


class BadEdition(NetcfgError):
    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"the edition {source} cannot be used: {reason}")


class NoEdition(NetcfgError):
    def __init__(self, publisher: str, where: str) -> None:
        super().__init__(
            f"no edition of the {publisher} is at hand in {where}; reinstall netcfg, its data folder is part of it"
        )


class TooManyRules(NetcfgError):
    def __init__(self, vault: str, kind: str, wanted: int, limit: int) -> None:
        super().__init__(
            f"{vault} would have {wanted:,} {kind} and a vault holds {limit:,}; "
            "remove some with --remove, choose one geography, or use a private endpoint"
        )


class VaultMoved(NetcfgError):
    status = 6

    def __init__(self, vault: str, moved: Iterable[str]) -> None:
        super().__init__(
            f"{vault} changed since it was planned ({'; '.join(moved)}); plan again and look at the new plan"
        )


class NotVerified(NetcfgError):
    status = 7

    def __init__(self, vault: str, differences: Iterable[str]) -> None:
        super().__init__(
            f"{vault} was written, and Azure shows something else than what was sent ({'; '.join(differences)}); "
            "somebody else may be writing too: plan again"
        )


class EndpointNotEnabled(NetcfgError):
    """Raised for a vault whose rules are in place while its agents' subnet could not follow."""

    def __init__(self, subnet: str, reason: str) -> None:
        super().__init__(f"the service endpoint on {subnet} was not enabled, so nothing was tightened: {reason}")


# --- the organization ---------------------------------------------------------------------------------------------


class OrganizationNotFound(NetcfgError):
    def __init__(self, organization: str, url: str) -> None:
        super().__init__(
            f"Azure DevOps knows no organization {organization!r} at {url}; "
            "check the name, it is the first part of the path"
        )


class SignInRefused(NetcfgError):
    """Azure DevOps answers a bad token with its sign-in page, as 302, 203 or 200, and never with 401."""

    def __init__(self, organization: str, credential: str) -> None:
        super().__init__(
            f"Azure DevOps answered the request for {organization!r} with its sign-in page, "
            f"so it did not accept {credential}; it may be expired, revoked or for another organization: make a new one"
        )


class NoDevOpsPermission(NetcfgError):
    def __init__(self, organization: str, credential: str, needed: str) -> None:
        super().__init__(
            f"{credential} may not read {needed} of {organization!r}; give it that scope, or say --geography"
        )


class NoDevOpsCredential(NetcfgError):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"no credential for Azure DevOps: {reason}; "
            "set AZURE_DEVOPS_EXT_PAT or SYSTEM_ACCESSTOKEN, or sign in with 'az login'"
        )


class GeographyUnknown(NetcfgError):
    def __init__(self, organization: str, tried: Iterable[str]) -> None:
        super().__init__(
            f"the geography of {organization!r} could not be found ({'; '.join(tried)}); "
            "read it in Organization settings, Overview, and give it with --geography"
        )


class DevOpsUnreachable(NetcfgError):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"Azure DevOps did not answer at {url}: {reason}; check the network and HTTPS_PROXY, then run it again"
        )


class DevOpsAnswer(NetcfgError):
    def __init__(self, url: str, found: str, expected: str) -> None:
        super().__init__(f"Azure DevOps answered {url} with {found} where {expected} was expected; run it again later")


# --- Azure --------------------------------------------------------------------------------------------------------


class WriteUnsettled(NetcfgError):
    """A write whose effect is not known, or that Azure asked to try again: look, and decide anew.

    `wait` is how many seconds Azure asked for, `None` when it did not say.
    """

    def __init__(self, vault: str, reason: str, wait: float | None = None, *, request_id: str | None = None) -> None:
        super().__init__(
            f"the write to {vault} was not settled: {reason}; "
            "run the same command again, it goes on where this one stopped",
            request_id=request_id,
        )
        self.wait = wait
