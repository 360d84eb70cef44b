"""Proof: what came of Azure DevOps itself reading a vault, what is in the way, and the next step."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from netcfg.core.attribution import Answer, Attribution
from netcfg.core.errors import DevOpsAnswer, DevOpsUnreachable, NetcfgError
from netcfg.core.geography import Geography
from netcfg.core.linking.groups import ServiceConnection
from netcfg.core.linking.relay import Relayed
from netcfg.core.messages.cause import Cause
from netcfg.core.messages.diagnosis import Diagnosis, diagnose
from netcfg.core.rules import PublicAccess
from netcfg.core.shell import quote
from netcfg.core.verdict import DELETED, admission, is_held
from netcfg.core.verification import REPLACES, Client, Hope, Known, Obstacle, Remedy


@dataclass(frozen=True)
class Hearing:
    """What Azure DevOps told of one look at a vault: `listed` of a look at the names of secrets, `got` of one at a
    secret that is not there, where the first left something to ask. An error is what kept it from being asked."""

    vault: str
    connection: ServiceConnection
    listed: Relayed | NetcfgError
    got: Relayed | NetcfgError | None = None

    @property
    def asks_on(self) -> bool:
        """Whether the second look has something to tell: nobody who is not let in is told what he may do inside."""
        return isinstance(self.listed, Relayed) and (
            self.listed.is_ok or _obstacle(_diagnosed(self.listed.message)) is Obstacle.PERMISSION
        )

    @property
    def error(self) -> NetcfgError | None:
        return next((each for each in (self.listed, self.got) if isinstance(each, NetcfgError)), None)

    @property
    def may_list(self) -> bool:
        return isinstance(self.listed, Relayed) and self.listed.is_ok

    @property
    def may_get(self) -> bool:
        """That the secret is not there is told to those only who may get one."""
        return isinstance(self.got, Relayed) and (
            self.got.is_ok or self.got.is_not_found or _diagnosed(self.got.message).cause is Cause.ABSENT
        )

    @property
    def refusal(self) -> Relayed:
        """The answer that decides where not all is well: of a network that is closed, before that of a role."""
        refused = [
            each
            for each, is_well in ((self.listed, self.may_list), (self.got, self.may_get))
            if isinstance(each, Relayed) and not is_well
        ]
        lack = [each for each in refused if _obstacle(_diagnosed(each.message)) is Obstacle.PERMISSION]
        return next((each for each in refused if each not in lack), None) or refused[0]

    @property
    def address(self) -> str:
        """The address that Azure DevOps came from, if it was told."""
        if self.error or (self.may_list and self.may_get):
            return ""
        return _diagnosed(self.refusal.message).address


@dataclass(frozen=True)
class Beside:
    """What else is known, which explains and never decides.

    `whose` is the address that Azure DevOps came from, and `home` where its organization lives. `program` is what
    commands begin with, `group` the variable group they name. With `was_granted` somebody has just given the
    permission; with `can_grant` the command that asks has `--grant` itself.
    """

    known: Known | None = None
    whose: Attribution | None = None
    home: Geography | None = None
    program: str = "netcfg"
    group: str = ""
    was_granted: bool = False
    can_grant: bool = False


@dataclass(frozen=True)
class NotAsked:
    """Why Azure DevOps was not asked to read a vault. With `is_lost` it was to be, and nobody could ask it."""

    reason: str
    is_lost: bool = False


@dataclass(frozen=True)
class Proof:
    """What a look through Azure DevOps proves. The vault lets Azure DevOps in (`open`), does not, or nobody can tell.

    `address` is where it came from, if a refusal told, `whose` who publishes that, and `geographies` for where.
    `identity` is the object id of whom a permission is missing, if that is known.
    """

    vault: str
    connection: ServiceConnection
    open: bool | None
    obstacle: Obstacle | None
    message: str
    remedy: Remedy | None = None
    address: str = ""
    whose: Attribution | None = None
    hope: Hope = Hope.NONE
    notes: tuple[str, ...] = ()
    request_id: str | None = field(default=None, compare=False)
    identity: str = ""

    @property
    def fix(self) -> str | None:
        """What to do next, in one sentence."""
        return str(self.remedy) if self.remedy else None

    @property
    def status(self) -> int:
        """0 if nothing is in the way, 4 if something certainly is, 1 if that could not be asked."""
        if self.obstacle is None:
            return 0
        return 1 if self.obstacle in (Obstacle.DEVOPS, Obstacle.ANSWER) else 4

    @property
    def is_let_in(self) -> bool:
        """Whether no network keeps Azure DevOps out; then only a permission may be missing, which no rule gives."""
        return self.obstacle in (None, Obstacle.PERMISSION)

    @property
    def wait(self) -> float:
        """Azure DevOps asks nobody to wait."""
        return 0.0

    @property
    def publishers(self) -> tuple[str, ...]:
        return tuple(each.value for each in self.whose.publishers) if self.whose else ()

    @property
    def geographies(self) -> tuple[Geography, ...]:
        return _geographies(self.whose) if self.whose else ()


def judge(heard: Hearing, beside: Beside) -> Proof:
    """What `heard` proves. What is known `beside` that explains it."""
    if heard.error:
        return _unasked(heard, heard.error)
    if heard.may_list and heard.may_get:
        message = f"nothing is in the way: Azure DevOps reads the secrets of {heard.vault} {_by(heard)}"
        return Proof(heard.vault, heard.connection, True, None, message, request_id=_request_id(heard))
    found = _diagnosed(heard.refusal.message, beside.program)
    match _obstacle(found):
        case Obstacle.PERMISSION:
            return _forbidden(heard, found, beside)
        case Obstacle.FIREWALL | Obstacle.PUBLIC_ACCESS | Obstacle.PERIMETER as obstacle:
            return _shut_out(heard, found, obstacle, beside)
        case Obstacle.NO_VAULT if _is_nowhere(heard):
            return _nowhere(heard, beside)
        case Obstacle.CONNECTION:
            return _broken(heard, found)
        case _:
            return _unknown(heard, found)


_OBSTACLES = {
    Cause.FIREWALL: Obstacle.FIREWALL,
    Cause.PUBLIC_ACCESS: Obstacle.PUBLIC_ACCESS,
    Cause.PERIMETER: Obstacle.PERIMETER,
    Cause.ROLE: Obstacle.PERMISSION,
    Cause.POLICY: Obstacle.PERMISSION,
    Cause.NO_VAULT: Obstacle.NO_VAULT,
    Cause.CONNECTION: Obstacle.CONNECTION,
    Cause.SIGN_IN: Obstacle.CONNECTION,  # it is the connection that signs in here
}
# What Azure DevOps calls answers that pass by; inferred from the names of HTTP's statuses, which it uses.
_PASSING = frozenset(
    (
        "requesttimeout",
        "toomanyrequests",
        "429",
        "internalservererror",
        "badgateway",
        "serviceunavailable",
        "gatewaytimeout",
    )
)
# What .NET and resolvers say of what passes by: a name server that did not answer (EAI_AGAIN), a connection that broke.
_PASSING_WORDS = re.compile(
    "eai_again|temporary failure in name resolution|resource temporarily unavailable|try again"
    "|an error occurred while sending the request|a task was cancell?ed|the operation (was cancell?ed|has timed out)"
    "|(response|connection) ended prematurely|connection (was )?reset|forcibly closed",
    re.IGNORECASE,
)


@lru_cache(maxsize=32)
def _diagnosed(message: str, program: str = "netcfg") -> Diagnosis:
    """What a refusal says. Of each look that is asked ten times over, and the same refusal comes again."""
    return diagnose(message, program)


def _obstacle(found: Diagnosis) -> Obstacle:
    return _OBSTACLES.get(found.cause, Obstacle.ANSWER)


# --- the network --------------------------------------------------------------------------------------------------


def _shut_out(heard: Hearing, found: Diagnosis, obstacle: Obstacle, beside: Beside) -> Proof:
    known, client = beside.known, Client(found.address or None, found.subnet or None)
    if obstacle is Obstacle.PERIMETER and known and not is_held(known):
        obstacle = Obstacle.FIREWALL  # a perimeter that only learns lets in whom the rules let in, too
    coming = admission(known, client) if known else None
    message = _REFUSALS[obstacle].format(vault=heard.vault)
    if obstacle is not Obstacle.PUBLIC_ACCESS:
        message += _origin(heard, found, beside)
    if coming:
        message += f", although {coming}"
        fix = Remedy("look again, a change may take 15 minutes to become effective", (_again(heard, beside),))
    else:
        fix = _remedy(heard, client, obstacle, beside)
    closed = known and known.vault.firewall.public_access is PublicAccess.DISABLED
    notes = ("Azure Resource Manager shows that public access is off",) if closed else ()
    return Proof(
        heard.vault,
        heard.connection,
        False,
        obstacle,
        message,
        fix,
        found.address,
        beside.whose,
        Hope.CHANGE if coming else Hope.NONE if known else Hope.PERHAPS,
        notes if obstacle is Obstacle.FIREWALL else (),
        _request_id(heard),
    )


_REFUSALS = {
    Obstacle.FIREWALL: "the firewall of {vault} refuses Azure DevOps",
    Obstacle.PUBLIC_ACCESS: "public access to {vault} is off, and Azure DevOps comes by no private endpoint",
    Obstacle.PERIMETER: "the network security perimeter of {vault} refuses Azure DevOps",
}


def _origin(heard: Hearing, found: Diagnosis, beside: Beside) -> str:
    """Where Azure DevOps came from, and whether anybody would know that."""
    if not found.address:
        return ", and does not tell from which address it came"
    said = f", which came from {found.address}"
    if beside.whose is None:
        return said
    return f"{said}, {_attributed(heard, beside.whose, beside.home)}"


def _attributed(heard: Hearing, whose: Attribution, home: Geography | None) -> str:
    if whose.answer is Answer.RETIRED:
        return "an address that was published once and is not any more"
    places = _geographies(whose)
    if whose.answer is not Answer.INBOUND:
        return "an address that nobody publishes for it"
    by = " and ".join(f"the {each.value.replace('-', ' ')}" for each in whose.publishers)
    where = " and ".join(each.name for each in places) or "a region of no geography"
    elsewhere = f", where {heard.connection.project.organization} does not live: that is {home}" if home else ""
    return f"published by {by} for {where}{'' if home in places else elsewhere}"


def _remedy(heard: Hearing, client: Client, obstacle: Obstacle, beside: Beside) -> Remedy:
    organization = heard.connection.project.organization
    apply = f"{beside.program} apply {heard.vault}"
    ours = f"{apply} {_relay(heard)}"  # with the connection it proves at its end what it did
    published = f"let in what is published for {organization}"
    if obstacle is Obstacle.PERIMETER:
        who = client.address or "the addresses of Azure DevOps"
        return Remedy(f"have the owner of the perimeter add an inbound access rule for {who}")
    if obstacle is Obstacle.PUBLIC_ACCESS:
        return Remedy("open it by rules", (f"{ours} --public-access enabled",))
    places = _geographies(beside.whose) if beside.whose and beside.whose.answer is Answer.INBOUND else ()
    if not client.address or (places and beside.home in (None, *places)):
        return Remedy(published, (ours,))
    if places and beside.home:
        every = " ".join(f"--geography {each.id}" for each in (beside.home, *places))
        return Remedy("let in both geographies", (f"{apply} {every}",))
    if not client.public:
        return Remedy(f"{published}; no rule can admit {client.address}, which is not public", (ours,))
    words = (
        "look whether it is published by now and let in what is; until then --allow lets in this address alone, and "
        "Azure DevOps may come from another"
    )
    allow = f"{ours} --allow '{client.public}/32=REASON'"
    return Remedy(words, (f"{beside.program} ranges refresh", ours, allow))


# --- who may --------------------------------------------------------------------------------------------------------


def _forbidden(heard: Hearing, found: Diagnosis, beside: Beside) -> Proof:
    """The network is open, and the identity of the connection may not read."""
    connection = heard.connection
    missing = [name for name, is_there in (("list", heard.may_list), ("get", heard.may_get)) if not is_there]
    if found.cause is Cause.POLICY:
        needed = f"{' and '.join(each.capitalize() for each in missing)} for secrets in its access policies"
    else:
        needed = "the role Key Vault Secrets User"
    # The other refusal of policies does not tell whether the firewall was asked before.
    let_in = found.cause is Cause.ROLE or "ForbiddenByPolicy" in heard.refusal.message or heard.may_list
    so_far = "lets Azure DevOps in, but" if let_in else "says that"
    is_another = _differ(found.client, connection.client) or _differ(found.object_id, connection.object_id)
    client, object_id = found.client or connection.client, found.object_id or connection.object_id
    may_not = f"may not {' or '.join(missing)} secrets"
    if is_another:
        # Whom a permission is given to is decided by what two agree on: one of these was changed, or is not what it
        # seems, and the next to read the secrets would be somebody whom nobody meant.
        message = (
            f"{heard.vault} {so_far} {_who(found.client, found.object_id)} {may_not}, and the service connection "
            f"{connection.name} is {_who(connection.client, connection.object_id)}"
        )
        fix = Remedy(
            f"look at {connection.name} in the project's settings, Service connections, as whom it signs in, and run "
            "it again; give a permission to neither before that"
        )
    else:
        message = (
            f"{heard.vault} {so_far} the identity {object_id or client or 'OBJECT-ID'} of the service connection "
            f"{connection.name} {may_not}; it needs {needed}"
        )
        fix = _granting(heard, found, client, object_id, beside)
    return Proof(
        heard.vault,
        connection,
        True if let_in else None,
        Obstacle.PERMISSION,
        message,
        fix,
        hope=Hope.CHANGE if beside.was_granted else Hope.NONE,
        request_id=_request_id(heard),
        identity="" if is_another else object_id,
    )


def _differ(told: str, shown: str) -> bool:
    return bool(told and shown) and told.casefold() != shown.casefold()


def _who(client: str, object_id: str) -> str:
    told = (("the application", client), ("the object id", object_id))
    return " with ".join(f"{what} {id}" for what, id in told if id)


def _granting(heard: Hearing, found: Diagnosis, client: str, object_id: str, beside: Beside) -> Remedy:
    """The commands that give what is missing."""
    who = object_id or client or "OBJECT-ID"
    if found.cause is Cause.POLICY:
        identity = f"--spn {quote(client)}" if client and not object_id else f"--object-id {quote(who)}"
        grant = f"az keyvault set-policy --name {heard.vault} {identity} --secret-permissions get list"
    else:
        scope = str(beside.known.vault.id) if beside.known else found.resource or "VAULT-ID"
        identity = (
            f"--assignee-object-id {quote(object_id)} --assignee-principal-type ServicePrincipal"
            if object_id
            else f"--assignee {quote(who)}"
        )
        grant = f"az role assignment create --role 'Key Vault Secrets User' {identity} --scope {quote(scope)}"
    is_risky = f"; {REPLACES}" if found.cause is Cause.POLICY else ""
    if beside.can_grant:
        words = f"run this again with --grant, or give it yourself, effective within ten minutes{is_risky}"
        return Remedy(words, (grant,))
    group = f"--group {quote(beside.group or 'GROUP')} --secret NAME"
    link = f"{beside.program} group link {heard.vault} {group} {_relay(heard)} --grant"
    commands = (link, grant) if is_risky else (grant, link)  # what can only add comes first
    return Remedy(f"each of these gives it, effective within ten minutes{is_risky}", commands)


def _broken(heard: Hearing, found: Diagnosis) -> Proof:
    connection = heard.connection
    name = f"{connection.name} of the project {connection.project.name}"
    said = f" ({found.said})" if found.said and found.said.casefold() not in found.message.casefold() else ""
    message = f"the service connection {name} does not get as far as {heard.vault}: {found.message}{said}"
    mending = next((how for sign, how in _MENDING if re.search(sign, found.said, re.IGNORECASE)), _LOOK)
    fix = Remedy(f"open {connection.name} in the project's settings, Service connections, and {mending}")
    return Proof(heard.vault, connection, None, Obstacle.CONNECTION, message, fix, request_id=_request_id(heard))


# What mends a connection, by what the refusal of its sign-in is known by: the codes of Microsoft Entra ID
# (learn.microsoft.com/entra/identity-platform/reference-error-codes) and of Key Vault.
_MENDING = (
    ("AADSTS70002(15|22)", "convert it to workload identity federation, which has no secret, or give it a new secret"),
    ("AADSTS(700016|90002|7000112)", "choose an application and a tenant that exist and are enabled, or make it anew"),
    ("AADSTS700(21|211|213|25)", "give its application a federated credential with the issuer and subject shown there"),
    ("AKV100|issuer", "make it sign in to the tenant that the vault belongs to, or use another that does"),
)
_LOOK = "have it verified there, which says the same in full"


# --- nobody knows ---------------------------------------------------------------------------------------------------


# Behind its words a resolver names the host that it looked for: `No such host is known. (HOST:443)`, `ENOTFOUND HOST`.
_LOOKED_FOR = re.compile(r"\(([a-z0-9.-]+\.[a-z]+):\d+\)|enotfound ([a-z0-9.-]+)|be resolved: '([^']+)'", re.IGNORECASE)


def _is_nowhere(heard: Hearing) -> bool:
    """Whether it is the vault that has no address, for certain, and not the host of its sign-in."""
    message = heard.refusal.message
    if _PASSING_WORDS.search(message):
        return False
    hosts = [next(filter(None, each)).lower() for each in _LOOKED_FOR.findall(message)]
    return not hosts or any(each.startswith(f"{heard.vault.lower()}.vault.") for each in hosts)


def _nowhere(heard: Hearing, beside: Beside) -> Proof:
    message = f"Azure DevOps finds no vault {heard.vault}"
    if beside.known:
        message += f", and yet Azure has {beside.known.vault.id}: one that was made just now may be without a name yet"
    fix = Remedy("check the name, and whether it was deleted", DELETED)
    return Proof(heard.vault, heard.connection, False, Obstacle.NO_VAULT, message, fix, request_id=_request_id(heard))


def _unknown(heard: Hearing, found: Diagnosis) -> Proof:
    """The vault, or somebody before it, said something that proves nothing."""
    said = heard.refusal
    line = " ".join(said.message.split())
    words = f"{line[:300]}{'…' if len(line) > 300 else ''} ({said.status or 'no status'})".strip()
    # Other hosts than the vault are there for certain: that one has no address now passes by.
    passes = (
        found.cause in (Cause.THROTTLED, Cause.NAME)
        or said.status.casefold() in _PASSING
        or any(each.search(said.message) for each in (_PASSING_WORDS, _LOOKED_FOR))
    )
    message = f"what Azure DevOps was told of {heard.vault} tells neither that it works nor why not: {words}"
    fix = Remedy("run it again in some minutes" if passes else "look whether --from-here, on an agent, tells more")
    hope = Hope.RETRY if passes else Hope.NONE
    return Proof(
        heard.vault,
        heard.connection,
        None,
        Obstacle.ANSWER,
        message,
        fix,
        hope=hope,
        request_id=_request_id(heard),
    )


def _unasked(heard: Hearing, error: NetcfgError) -> Proof:
    passes = isinstance(error, (DevOpsUnreachable, DevOpsAnswer))
    return Proof(
        heard.vault,
        heard.connection,
        None,
        Obstacle.DEVOPS,
        f"Azure DevOps could not be asked to read {heard.vault}: {error}",
        hope=Hope.RETRY if passes else Hope.NONE,
        request_id=error.request_id,
    )


# --- words --------------------------------------------------------------------------------------------------------


def _by(heard: Hearing) -> str:
    connection = heard.connection
    return f"by the service connection {connection.name} of the project {connection.project.name}"


def _relay(heard: Hearing) -> str:
    """The options that name the connection."""
    connection = heard.connection
    project = connection.project
    named = (("organization", project.organization), ("project", project.name), ("service-connection", connection.name))
    return " ".join(f"--{option} {quote(value)}" for option, value in named)


def _again(heard: Hearing, beside: Beside) -> str:
    return f"{beside.program} verify {heard.vault} --through-devops {_relay(heard)}"


def _geographies(whose: Attribution) -> tuple[Geography, ...]:
    """The geographies for which the newest editions publish it."""
    found = (served.geography for each in whose.publications if each.span.until is None for served in each.ranges)
    return tuple(dict.fromkeys(each for each in found if each))


def _request_id(heard: Hearing) -> str | None:
    answers: Iterable[Relayed | NetcfgError | None] = (heard.got, heard.listed)
    return next((each.request_id for each in answers if each and each.request_id), None)
