"""Whether variable groups fit the vaults that they are linked to, and whether Azure DevOps may read these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from netcfg.core import shell
from netcfg.core.checks.check import Check
from netcfg.core.errors import ConnectionGone, ContentsUnknown, DevOpsCouldNotAsk, NetcfgError, VaultNowhere
from netcfg.core.findings import Finding, Severity
from netcfg.core.linking.groups import Mapping
from netcfg.core.linking.library import NO_DEMAND, Contents, Demand, Linked, Look
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret, State, reserved_prefix
from netcfg.core.messages.diagnosis import Cause, Diagnosis, diagnose
from netcfg.core.words import listed

_SECRET_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_LONGEST_QUOTE = 300

MAPPED_SECRET_MISSING = Check(
    "mapped-secret-missing",
    Severity.ERROR,
    "A variable group maps a secret that the vault does not give",
    "A variable group knows secrets by name, and the vault is asked for them when a job begins. One that is gone or "
    "disabled is refused, which fails the job (inferred from the task AzureKeyVault, which gives up at a refusal). One "
    "that has expired, or is not valid yet, is a warning: Key Vault still answers, but its owner says that the value "
    "is not to be used, and the Library page does not offer it. Days are in UTC, and on the day on which it expires a "
    "secret counts as expired.",
    "`netcfg group refresh` takes mappings out whose secret is gone. If the secret is disabled or has expired, its "
    "owner has to say what holds: enable it, set a new version, or take it out of the group.",
    "While nobody runs a job that uses the secret, and its owner has named a day on which it is back.",
    example="payments/payments-secrets: api-key",
    is_of_groups=True,
)

SECRET_NOT_MAPPED = Check(
    "secret-not-mapped",
    Severity.NOTE,
    "A secret of the vault is in no variable group",
    "The vault has a secret that could be used, and none of the groups that are linked to it maps it, so no pipeline "
    "gets it. Of several groups one tells it. That may be meant: most vaults hold what is nobody's business in a "
    "pipeline. It is an error where a pattern under `devops: secrets:` in the configuration wants it. Secrets that are "
    "disabled, have expired or are not valid yet do not count, nor do those that certificates keep and those whose "
    "name a pipeline cannot use.",
    "`netcfg group refresh --secret NAME` maps it, and without `--secret` all that the configuration wants: in the "
    "group that it names, or in the only one of the vault.",
    "Where the secret is not for pipelines. It is a note, so nothing fails until `--fail-on note`.",
    example="payments/payments-secrets: admin-*",
    is_of_groups=True,
)

UNSUPPORTED_MAPPING = Check(
    "unsupported-mapping",
    Severity.ERROR,
    "A variable group maps something that a pipeline cannot use",
    "Only secrets can be mapped. A key never leaves its vault, so a group that names one gets nothing. A certificate "
    "is kept as a secret, which has its private key in it: that can be mapped, and is a warning, since the job gets a "
    "key in one long line and whoever edits the pipeline can take it. And Azure Pipelines keeps variables to itself "
    "whose name begins with endpoint, input, secret, path or securefile, whatever the case: no task gets such a "
    "secret. A plain value has no place in a linked group either: a group is written as a whole and values are never "
    "read, so any write would empty it, and `netcfg` writes no group that has one, nor one with names that differ in "
    "case alone. What is written in a way that nobody knows is a warning: a refresh leaves it as it is.",
    "Give the secret another name in the vault and map that. A certificate is better fetched by the job itself. What "
    "is no secret goes with `netcfg group refresh`. A plain value goes into a variable group of its own, or into the "
    "pipeline, before the group is refreshed; what nobody knows, or is there twice, is taken out on the Library page.",
    "Where a certificate's private key is meant for the pipeline.",
    example="payments/payments-secrets: tls-*",
    is_of_groups=True,
)

SERVICE_CONNECTION_DENIED = Check(
    "service-connection-denied",
    Severity.ERROR,
    "The service connection of a variable group may not read its vault",
    "Azure DevOps reads the vault as the identity of the group's service connection, and that one needs to get and to "
    "list secrets: without List the Library page shows no secret to choose, without Get no job gets a value. It was "
    "asked, and refused; or the connection is disabled, of another type, cannot sign in, or is not there any more.",
    "The message says what is missing. The role is Key Vault Secrets User, or Get and List in the access policies of "
    "a vault that does not use roles; `netcfg group link … --grant` gives it. A connection is mended in Project "
    "settings, Service connections.",
    "There is no reason to: nobody gets a value by this group.",
    example="payments/payments-secrets: azure-prod",
    is_of_groups=True,
)

DEVOPS_CANNOT_READ = Check(
    "devops-cannot-read",
    Severity.ERROR,
    "Azure DevOps does not get through to the vault of a variable group",
    "It was asked to read the vault, and the vault's network refused: its firewall, public access that is Disabled, "
    "or a perimeter; or nothing has the vault's name. The Library page shows the same as missing permissions. Jobs on "
    "agents that have their own way in still get the values, but nobody can edit the group.",
    "`netcfg apply` opens the vault to the ranges of the organization's geography; `netcfg verify --through-devops` "
    "tells whether that was enough.",
    "Where the group is meant to be used by agents with a private way in, and edited by nobody.",
    example="payments/payments-secrets: kv-payments",
    is_of_groups=True,
)

CHECKS = (
    MAPPED_SECRET_MISSING,
    SECRET_NOT_MAPPED,
    UNSUPPORTED_MAPPING,
    SERVICE_CONNECTION_DENIED,
    DEVOPS_CANNOT_READ,
)
RULES = frozenset(each.id for each in CHECKS)

_PERMISSION = (Cause.ROLE, Cause.POLICY, Cause.PERMISSION)
_SIGN_IN = (Cause.CONNECTION, Cause.SIGN_IN)
_LATER = (Cause.THROTTLED, Cause.CONFLICT)
# What says nothing of the vault, where nothing else is recognised.
_PASSING = (
    "toomanyrequests",
    "requesttimeout",
    "internalservererror",
    "badgateway",
    "serviceunavailable",
    "gatewaytimeout",
)


@dataclass(frozen=True)
class Case:
    """A group, what its vault holds, and what came back when Azure DevOps was to read that.

    `look` is `None` where the connection cannot be used, so that nobody asked. `mapped` are the secrets, in lower case,
    that any group maps which is linked to this vault, and `speaks` is whether this one of them tells what none maps.
    `file` are the options that name the configuration, and `program` is what every command begins with.
    """

    linked: Linked
    look: Look | None
    contents: Contents
    today: date
    mapped: frozenset[str] = frozenset()
    speaks: bool = True
    demand: Demand = NO_DEMAND
    file: tuple[str, ...] = ()
    program: str = "netcfg"

    @property
    def vault(self) -> str:
        return self.linked.vault.name

    @property
    def said(self) -> str:
        """The group in a sentence."""
        return f"the variable group {self.linked.group.name} of {self.linked.group.project.name}"

    def refresh(self, *words: str) -> str:
        return self._command(
            "group", "refresh", self.vault, "--group", self.linked.word, *self._place, *self.file, *words
        )

    def mend(self, *words: str) -> str:
        """The refresh that mends it; of a group that no refresh may write, what tells what to do first."""
        return self.refresh(*words) if self.linked.group.is_writable else self.explain(UNSUPPORTED_MAPPING)

    def grant(self) -> str:
        """The link that makes nothing but the permission: what it names is mapped already."""
        by = ("--service-connection", self.linked.by)
        link = ("group", "link", self.vault, "--group", self.linked.word, *self._place, *by, *self.file)
        known = [each.name for each in self.linked.group.mappings if self._is_usable(each.key)]
        chosen = ("--secret", known[0]) if known else ("--all",)
        return self._command(*link, *chosen, "--grant")

    def apply(self, *words: str) -> str:
        organization = ("--organization", self.linked.group.project.organization)
        return self._command("apply", self.vault, *organization, *self.file, *words)

    def verify(self) -> str:
        by = ("--service-connection", self.linked.by)
        return self._command("verify", self.vault, "--through-devops", *self._place, *by)

    def explain(self, check: Check) -> str:
        """What tells what to do, where no command can do it."""
        return self._command("check", "--explain", check.id)

    @property
    def _place(self) -> tuple[str, ...]:
        project = self.linked.group.project
        return "--organization", project.organization, "--project", project.name

    def _command(self, *words: str) -> str:
        return f"{self.program} {shell.join(words)}"

    def _is_usable(self, key: str) -> bool:
        secret = self.contents.by_key.get(key)
        return secret is not None and is_offered(secret, self.today)

    def found(self, check: Check, what: str, message: str, fix: str, severity: Severity | None = None) -> Finding:
        """That it was found; as bad as the check says, unless that is said."""
        name = self.linked.name
        return Finding(
            check.id, severity or check.severity, self.linked.vault, f"{name}: {what}", message, fix, group=name
        )


def is_offered(secret: Secret, today: date) -> bool:
    """Whether a pipeline can use it as it is: it holds today, no certificate keeps it, and its name is free."""
    return secret.state(today) is State.USABLE and not secret.is_managed and not reserved_prefix(secret.name)


def find(case: Case) -> Iterator[Finding]:
    yield from _connection(case)
    yield from _reading(case)
    yield from _mappings(case)
    yield from _missing(case)


def doubts(case: Case) -> Iterator[NetcfgError]:
    """Why it cannot be said of this group that it fits, whatever else was found."""
    look, by = case.look, case.linked.by
    if look and look.error and not isinstance(look.error, ConnectionGone):
        yield look.error
    for each in _refusals(look):
        if _meaning(each).cause in _LATER:
            yield DevOpsCouldNotAsk(case.vault, by, _quoted(each))
    if case.contents.secrets is None and not _is_nowhere(case):
        yield ContentsUnknown(case.vault, by, _why_unlisted(case), str(case.contents.error or "nobody asked"))


def _is_nowhere(case: Case) -> bool:
    """Whether there is no such vault, by all that anybody could be asked: that is found, and no doubt."""
    refused = case.look.to_list if case.look else None
    is_unseen = isinstance(case.contents.error, VaultNowhere)
    return refused is not None and is_unseen and _meaning(refused).cause is Cause.NO_VAULT


def _why_unlisted(case: Case) -> str:
    look = case.look
    if look is None:
        return "it cannot be used"
    if look.to_list:
        return _meaning(look.to_list).message
    return str(look.error or "it was not asked")


def _refusals(look: Look | None) -> list[Relayed]:
    return [each for each in (look.to_list, look.to_get) if each] if look else []


@lru_cache(maxsize=256)
def _meaning(refused: Relayed) -> Diagnosis:
    """What a refusal is about; many groups may share one."""
    found = diagnose(refused.message)
    is_passing = found.cause is Cause.UNKNOWN and refused.status.casefold() in _PASSING
    return replace(found, cause=Cause.THROTTLED) if is_passing else found


def _quoted(refused: Relayed) -> str:
    said = " ".join(f"{refused.status} {refused.message}".split())
    return said[:_LONGEST_QUOTE] + "…" * (len(said) > _LONGEST_QUOTE)


def _connection(case: Case) -> Iterator[Finding]:
    """What is wrong with the service connection before any vault is asked by it."""
    linked, explain = case.linked, case.explain(SERVICE_CONNECTION_DENIED)
    used = linked.connection
    by = f"the service connection {linked.by}, by which {case.said} reads {case.vault},"
    if case.look and isinstance(case.look.error, ConnectionGone):
        message = f"{by} cannot be used: {case.look.error}"
        yield case.found(SERVICE_CONNECTION_DENIED, linked.by, message, explain)
    elif used is None:
        return
    elif not used.is_azure:
        message = f"{by} is of type {used.type}, and a vault is read by one of type azurerm"
        yield case.found(SERVICE_CONNECTION_DENIED, linked.by, message, explain)
    elif used.is_disabled:
        message = f"{by} is disabled, so Azure DevOps does not use it"
        yield case.found(SERVICE_CONNECTION_DENIED, linked.by, message, explain)


def _reading(case: Case) -> Iterator[Finding]:
    """What came back when Azure DevOps was to list and to get: of several refusals for one cause one is told."""
    told = {each: _meaning(each) for each in _refusals(case.look)}
    lacking = [each for each, diagnosis in told.items() if diagnosis.cause in _PERMISSION]
    if lacking and case.look:
        listing, getting = case.look.to_list in lacking, case.look.to_get in lacking
        what = "list nor get" if listing and getting else "list" if listing else "get"
        yield _denied(case, f"may {'neither' if ' nor ' in what else 'not'} {what} secrets", told[lacking[0]])
    others = [(each, why) for each, why in told.items() if why.cause not in (*_PERMISSION, *_LATER)]
    if others and others[0][1].cause in _SIGN_IN:
        connection = case.linked.by
        message = (
            f"{case.said} cannot read {case.vault}, because its service connection {connection} does not get in: "
            f"{others[0][1].message}"
        )
        yield case.found(SERVICE_CONNECTION_DENIED, connection, message, case.verify())
    elif others:
        yield _shut_out(case, *others[0])


def _denied(case: Case, what: str, diagnosis: Diagnosis) -> Finding:
    used = case.linked.used
    client = diagnosis.client or used.client
    who = f" ({client})" if client else ""
    lacks = (
        "Get and List in the vault's access policies"
        if diagnosis.cause is Cause.POLICY
        else "the role Key Vault Secrets User"
    )
    message = (
        f"the service connection {case.linked.by}{who}, by which {case.said} reads {case.vault}, {what} there: it "
        f"needs {lacks}"
    )
    return case.found(SERVICE_CONNECTION_DENIED, case.linked.by, message, case.grant())


def _shut_out(case: Case, refused: Relayed, diagnosis: Diagnosis) -> Finding:
    lead = f"Azure DevOps cannot read {case.vault} for {case.said}"
    match diagnosis.cause:
        case Cause.FIREWALL:
            came = f": it came from {diagnosis.address}" if diagnosis.address else ""
            message, fix = f"{lead}, because the vault's firewall does not let it in{came}", case.apply()
        case Cause.PUBLIC_ACCESS:
            message = f"{lead}, because public access to the vault is Disabled"
            fix = case.apply("--public-access", "enabled")
        case Cause.PERIMETER:
            message = f"{lead}, because a perimeter secures the vault, and the rules of its firewall do nothing"
            fix = f"{case.program} check --explain secured-by-perimeter"
        case Cause.NO_VAULT:
            message = f"{lead}, because there is no vault of that name, or none where it looked"
            fix = case.explain(DEVOPS_CANNOT_READ)
        case _:
            message, fix = f"{lead}, for a reason that is not recognised: {_quoted(refused)}", case.verify()
    return case.found(DEVOPS_CANNOT_READ, case.vault, message, fix)


def _mappings(case: Case) -> Iterator[Finding]:
    """What is wrong with the variables of the group, as far as it is known what the vault holds."""
    if doubled := case.linked.group.doubled:
        yield _doubled(case, doubled)
    for each in sorted(case.linked.group.mappings, key=lambda each: each.key):
        if each.has_value:
            yield _plain(case, each.name)
        else:
            yield from _mapping(case, each)


def _doubled(case: Case, names: tuple[str, ...]) -> Finding:
    message = (
        f"{case.said} has {listed(names)}, which no pipeline tells apart, so nothing links or refreshes the group "
        "while they are there"
    )
    return case.found(UNSUPPORTED_MAPPING, names[0], message, case.explain(UNSUPPORTED_MAPPING))


def _plain(case: Case, name: str) -> Finding:
    message = (
        f"{case.said} has a plain value in {name}: no value is ever read, and a write would empty it, so nothing links "
        "or refreshes the group while it is there"
    )
    return case.found(UNSUPPORTED_MAPPING, name, message, case.explain(UNSUPPORTED_MAPPING))


def _mapping(case: Case, mapping: Mapping) -> Iterator[Finding]:
    name, key = mapping.name, mapping.key
    # A refresh leaves what nobody knows, so it mends nothing there.
    removal = case.mend() if mapping.is_legible else case.explain(UNSUPPORTED_MAPPING)
    if not mapping.is_legible:
        message = f"{case.said} maps {name} in a way that is not known here, so a refresh leaves that as it is"
        yield case.found(UNSUPPORTED_MAPPING, name, message, removal, Severity.WARNING)
    if not _SECRET_NAME.fullmatch(name):
        message = f"{case.said} maps {name!r}, and no secret can be called that: letters, digits and hyphens only"
        yield case.found(UNSUPPORTED_MAPPING, name, message, removal)
        return
    if begins := reserved_prefix(name):
        message = f"{case.said} maps {name}, and Azure Pipelines keeps names to itself that begin with {begins}"
        yield case.found(UNSUPPORTED_MAPPING, name, message, case.explain(UNSUPPORTED_MAPPING))
    if case.contents.secrets is None:
        return
    if secret := case.contents.by_key.get(key):
        yield from _held(case, name, secret)
    elif key in case.contents.keys:
        message = f"{case.said} maps {name}, which is a key of {case.vault} and no secret: a key never leaves its vault"
        yield case.found(UNSUPPORTED_MAPPING, name, message, removal)
    else:
        message = f"{case.said} maps the secret {name}, which {case.vault} does not have, or no longer"
        yield case.found(MAPPED_SECRET_MISSING, name, message, removal)


def _held(case: Case, name: str, secret: Secret) -> Iterator[Finding]:
    """What is wrong with a secret that is mapped, and there."""
    maps, vault = f"{case.said} maps the secret {name}", case.vault
    explain = case.explain(MAPPED_SECRET_MISSING)
    match secret.state(case.today):
        case State.DISABLED:
            yield case.found(MAPPED_SECRET_MISSING, name, f"{maps}, which is disabled in {vault}", explain)
        case State.EXPIRED:
            message = f"{maps}, which has expired in {vault}{_day(' on', secret.expires)}"
            yield case.found(MAPPED_SECRET_MISSING, name, message, explain, Severity.WARNING)
        case State.NOT_YET:
            message = f"{maps}, which is not valid in {vault} before{_day('', secret.starts)}"
            yield case.found(MAPPED_SECRET_MISSING, name, message, explain, Severity.WARNING)
        case State.USABLE:
            pass
    if secret.is_managed:
        message = f"{case.said} maps {name}, which a certificate of {vault} keeps: its private key is in it"
        yield case.found(UNSUPPORTED_MAPPING, name, message, case.explain(UNSUPPORTED_MAPPING), Severity.WARNING)


def _missing(case: Case) -> Iterator[Finding]:
    """The secrets of the vault that nobody maps, which one of its groups tells, or not the group that a configuration
    names, which tells that itself."""
    own = {each.key for each in case.linked.group.mappings}
    is_wanted_here = case.demand.concerns(case.linked)
    for each in sorted(case.contents.secrets or (), key=lambda each: each.key):
        if not is_offered(each, case.today) or each.key in own:
            continue
        pattern = case.demand.pattern(each) if is_wanted_here else ""
        is_meant = bool(pattern and case.demand.group)
        if not is_meant and (each.key in case.mapped or not case.speaks):
            continue
        lead = f"{case.said} does not map the secret {each.name} of {case.vault}"
        message = f"{lead}, which the configuration wants by {pattern!r}" if pattern else lead
        # Where the configuration names no group, a refresh widens none by itself.
        fix = case.mend() if is_meant else case.mend("--secret", each.name)
        yield case.found(SECRET_NOT_MAPPED, each.name, message, fix, Severity.ERROR if pattern else None)


def _day(lead: str, moment: object) -> str:
    return f"{lead} {str(moment)[:10]}" if moment else ""
