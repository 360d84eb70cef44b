"""Puts the rooms together: the same verbs against Azure, another Resource Manager, or the embedded sandbox."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

from netcfg.cli import clock, known, recording, terminal, trust
from netcfg.cli.progress import watching
from netcfg.cli.root import Root
from netcfg.core.errors import (
    BadIdentifier,
    Interrupted,
    MissingExtra,
    NetcfgError,
    NoAzureCredential,
    NoDevOpsCredential,
    SandboxTrouble,
)
from netcfg.core.geography import Organization
from netcfg.sources import bundled
from netcfg.workflow.collaborators import PARALLEL, Linking, Organizations, Progress, Surroundings, VariableGroups
from netcfg.workflow.early import EarlyOrganizations

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from netcfg.azure.connection import Azure
    from netcfg.azure.credentials import Credential as AzureCredential
    from netcfg.azure.dataplane.door import Door
    from netcfg.azure.endpoints import Cloud
    from netcfg.devops.credential import Credential as DevOpsCredential
    from netcfg.devops.geography import RestOrganizations
    from netcfg.devops.session import Session
    from netcfg.sources.fetch import Fetched
    from netcfg.sources.places import Places
    from netcfg.workflow.admitting import Entrance
    from netcfg.workflow.discover import Exploration, FoundAgents
    from netcfg.workflow.verify import Vantage

KNOCKING = 3.0  # seconds for a vault that only tells whose it is
EXPLAINING = 15.0  # seconds for a request to Azure Resource Manager that only explains; an agent may not reach it


@contextmanager
def surroundings(
    root: Root, parallel: int | None = None, *, explains: bool = False, record_to: str | None = None
) -> Iterator[Surroundings]:
    """Everything that `plan` and `apply` work with. Nothing is asked before somebody needs the answer.

    Where Azure Resource Manager only `explains` it gets little time, and whoever is not signed in there goes on. What
    is written is recorded in `record_to`, or among the user's own records.
    """
    with _places(root) as places, _around(places, root, parallel, explains=explains, record_to=record_to) as around:
        yield around


@contextmanager
def _around(
    places: _Places, root: Root, parallel: int | None = None, *, explains: bool = False, record_to: str | None = None
) -> Iterator[Surroundings]:
    with watching(root) as progress:
        with suppress(NetcfgError) if explains else nullcontext():
            _tell(root, f"Azure: {places.credential.identity(places.cloud.scope)}" if root.verbose else "")
        session, stop = _devops(places, root), places.stop
        identity = partial(places.credential.identity, places.cloud.scope)
        records = recording.records(root, identity, places.now, record_to)
        with _azure(places, root, progress, EXPLAINING if explains else None) as azure, _ending(root, azure, stop):
            yield Surroundings(
                vaults=azure.vaults,
                subnets=azure.subnets,
                neighbourhood=azure.neighbourhood,
                private=azure.private,
                organizations=EarlyOrganizations(_organizations(session).look_up),
                agents=_agents(session, azure),
                groups=_groups(session, places),
                linking=_linking(session, azure),
                catalogue=known.catalogue(root),
                today=places.today,
                started=places.now(),
                progress=progress,
                sleep=root.deadline.sleep,
                program=root.command,
                stop=stop,
                parallel=parallel or PARALLEL,
                finishing=root.deadline.finishing,
                pausing=root.deadline.pause,
                ended=lambda: root.deadline.error() if root.deadline.is_over else Interrupted(),
                ahead=lambda: azure.arm.clock.ahead,
                records=records,
            )
        for each in filter(None, (records.trouble, records.doubt)):
            terminal.warn(each)


@contextmanager
def entrance(root: Root, address_from: Sequence[str]) -> Iterator[Entrance]:
    """Everything that `exec` works with. The services at `address_from` are asked for this machine's address."""
    from netcfg.sources.addresses import Addresses
    from netcfg.workflow.admitting import Entrance

    with _places(root) as places, _around(places, root) as around:
        from netcfg.azure.dataplane.secrets import Secrets

        at, server = (places.resource_manager, places.dns) if places.is_sandbox else (None, None)
        yield Entrance(
            around,
            Secrets(places.credential, places.cloud, EXPLAINING, at=at, server=server, deadline=root.deadline),
            Addresses(address_from or places.address_urls, root.deadline),
        )


@contextmanager
def vantage(root: Root) -> Iterator[Vantage]:
    """Everything that `verify --from-here` works with. Azure Resource Manager only explains, and gets little time."""
    with _places(root) as places, watching(root) as progress:
        from netcfg.azure.connection import connect
        from netcfg.azure.dataplane.known import KnownVaults
        from netcfg.azure.dataplane.secrets import Secrets
        from netcfg.workflow.verify import Vantage

        at, server = (places.resource_manager, places.dns) if places.is_sandbox else (None, None)
        with connect(
            places.credential,
            cloud=places.cloud,
            resource_manager=places.resource_manager,
            timeout=EXPLAINING,
            deadline=root.deadline,
        ) as azure:
            yield Vantage(
                secrets=Secrets(places.credential, places.cloud, at=at, server=server, deadline=root.deadline),
                known=KnownVaults(azure.vaults),
                progress=progress,
                sleep=root.deadline.sleep,
                clock=time.monotonic,
                program=root.command,
            )


@contextmanager
def organizations(root: Root) -> Iterator[Organizations]:
    """Azure DevOps alone."""
    with _places(root) as places, watching(root) as progress:
        yield _Announced(_organizations(_devops(places, root)), progress)


@contextmanager
def exploration(root: Root, organization: str) -> Iterator[Exploration]:
    """Everything that `discover` works with."""
    with _places(root) as places, watching(root) as progress:
        from netcfg.core.organization import parse_name
        from netcfg.workflow.discover import Exploration

        name, session = parse_name(organization, places.devops), _devops(places, root)
        with suppress(NetcfgError):  # who is not signed in to Azure learns here what Azure DevOps alone can tell
            _tell(root, f"Azure: {places.credential.identity(places.cloud.scope)}" if root.verbose else "")
        with _azure(places, root) as azure:
            yield Exploration(name, _agents(session, azure), _groups(session, places), progress)


@contextmanager
def publishers(root: Root) -> Iterator[tuple[Places, date]]:
    """Where the publishers are, and which day it is there."""
    from netcfg.sources.places import Places, standing_in

    if not root.sandbox:
        trust.check(os.environ)
        yield Places(), root.today()
        return
    with open_sandbox(root) as sandbox:
        yield standing_in(sandbox.url), sandbox.today


def service_tags(root: Root, subscription: str) -> Fetched:
    """What the Service Tag Discovery API says to the one who is signed in."""
    from netcfg.sources.fetch import Fetched

    with _places(root) as places:
        if root.cloud != "public":
            raise BadIdentifier(subscription, "asked: the service tags of other clouds have no AzureDevOps")
        with _azure(places, root) as azure:
            return Fetched(subscription, azure.service_tags(subscription))


def open_sandbox(root: Root, **options: Any) -> AbstractContextManager[Any]:
    """The sandbox on loopback, with the state that earlier commands left."""
    if root.running:
        return nullcontext(root.running)
    with _the_extra():
        from netcfg.sandbox.server import serve
    return _started(serve(state=_state(root), **options))


def _state(root: Root) -> Path:
    """Where the sandbox's state is kept: beside editions and records, so nobody else may write to what is above it."""
    from netcfg.saved.files import make_folder

    folder = root.folder / "sandbox"
    with _sandbox_trouble():
        make_folder(folder)
    return folder


@contextmanager
def _started(sandbox: AbstractContextManager[Any]) -> Iterator[Any]:
    """The same sandbox; what keeps it from starting is a sentence and no traceback."""
    with _sandbox_trouble():
        running = sandbox.__enter__()
    try:
        yield running
    finally:
        sandbox.__exit__(None, None, None)


@contextmanager
def _sandbox_trouble() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise SandboxTrouble(str(error)) from error


def sandbox_lines(sandbox: Any) -> str:
    """What to paste into a shell so that netcfg, any Azure SDK and, with TLS, the Azure CLI find the sandbox."""
    from netcfg.sandbox.azure_cli import lines

    ours = (
        f"export NETCFG_RESOURCE_MANAGER={sandbox.url}\n"
        f"export NETCFG_DEVOPS={sandbox.devops_url} NETCFG_DEVOPS_IDENTITY={sandbox.identity_url}\n"
        f"export IDENTITY_ENDPOINT={sandbox.url}/msi/token IDENTITY_HEADER=sandbox\n"
    )
    return ours + (str(lines(sandbox)) if sandbox.certificate else "")


def show_sandbox(root: Root) -> dict[str, Any]:
    """The document that `sandbox show` prints."""
    with _the_extra():
        from netcfg.sandbox.store import show
    with _sandbox_trouble():
        return dict(show(_state(root)))


def reset_sandbox(root: Root, world: str) -> None:
    with _the_extra():
        from netcfg.sandbox.store import reset
    with _sandbox_trouble():
        reset(_state(root), world)
        for kept in (known.SANDBOX_EDITIONS, recording.SANDBOX_RECORDS):
            shutil.rmtree(root.folder / kept, ignore_errors=True)


@dataclass(frozen=True)
class _Places:
    """Where Azure and Azure DevOps are, who asks, and which day it is there."""

    cloud: Cloud
    resource_manager: str | None
    credential: AzureCredential
    devops: str
    identity: str
    is_sandbox: bool
    today: date
    dns: tuple[str, int] | None = None  # the sandbox's, which knows the names of its vaults
    moment: datetime | None = None  # the time there, where it stands still
    address_urls: tuple[str, ...] = ()  # of services that say where somebody comes from, where they are others
    stop: Event = field(default_factory=Event)  # set when nothing new is to begin; whoever waits goes on then

    def now(self) -> datetime:
        """The time there. In the sandbox it stands still, so that two runs write the same."""
        return self.moment or clock.now_in_utc()


@contextmanager
def _places(root: Root) -> Iterator[_Places]:
    from netcfg.azure.credentials import ConstantToken, EnvironmentCredential
    from netcfg.azure.endpoints import parse_cloud
    from netcfg.core.organization import DEVOPS
    from netcfg.devops.session import IDENTITY

    cloud = parse_cloud(root.cloud)
    if not root.sandbox:
        trust.check(os.environ)
        yield _Places(
            cloud=cloud,
            resource_manager=root.resource_manager,
            credential=EnvironmentCredential(os.environ, cloud, root.deadline),
            devops=root.devops or DEVOPS,
            identity=root.devops_identity or IDENTITY,
            is_sandbox=False,
            today=root.today(),
        )
        return
    with open_sandbox(root) as sandbox:
        yield _Places(
            cloud=cloud,
            resource_manager=sandbox.url,
            credential=ConstantToken(sandbox.token, sandbox.token_for),
            devops=sandbox.devops_url,
            identity=sandbox.identity_url,
            is_sandbox=True,
            today=sandbox.today,
            dns=sandbox.dns,
            moment=sandbox.now,
            address_urls=sandbox.address_urls,
        )


def _azure(places: _Places, root: Root, progress: Progress | None = None, answering: float | None = None) -> Azure:
    """Azure, asked no faster than it answers; `progress` hears of waits, `answering` are the seconds for a request."""
    from netcfg.azure.connection import connect
    from netcfg.azure.pacing import Pacing
    from netcfg.web.http import ANSWER_TIMEOUT

    stop = places.stop
    return connect(
        places.credential,
        cloud=places.cloud,
        resource_manager=places.resource_manager,
        timeout=answering or ANSWER_TIMEOUT,
        tell=partial(_tell, root),
        knock=partial(_knock, places, root),
        pacing=Pacing(stop, progress.step if progress else lambda _: None, deadline=root.deadline),
        deadline=root.deadline,
        now=places.now,
    )


@contextmanager
def _ending(root: Root, azure: Azure, stop: Event) -> Iterator[None]:
    """While the block lasts, the end of the time is what somebody is who wants us to end: nothing new begins then."""
    if root.timeout is None:
        yield
        return

    def end() -> None:
        stop.set()
        azure.subnets.stop()

    timer = Timer(max(root.deadline.left, 0.0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _knock(places: _Places, root: Root, vault: str) -> Door:
    """What the vault of that name tells everybody. Whoever stands in for Azure has none that the DNS knows."""
    from netcfg.azure.dataplane.door import unasked
    from netcfg.azure.dataplane.secrets import Secrets

    at, server = (places.resource_manager, places.dns) if places.is_sandbox else (None, None)
    if places.resource_manager and not places.is_sandbox:
        return unasked(vault)
    door = Secrets(places.credential, places.cloud, KNOCKING, at=at, server=server, deadline=root.deadline)
    return door.knock(vault)


def _agents(session: Session, azure: Azure) -> FoundAgents:
    from netcfg.devops.agent_pools import RestAgentPools
    from netcfg.workflow.discover import FoundAgents

    return FoundAgents(RestAgentPools(session), azure.machines)


def _groups(session: Session, places: _Places) -> VariableGroups:
    from netcfg.devops.variable_groups import RestVariableGroups

    return RestVariableGroups(session, places.now)


def _linking(session: Session, azure: Azure) -> Linking:
    from netcfg.devops.projects import RestProjects
    from netcfg.devops.proxy import RestProxy
    from netcfg.devops.service_connections import RestServiceConnections

    return Linking(
        RestProjects(session), RestServiceConnections(session), RestProxy(session), azure.holdings, azure.grants
    )


def _organizations(session: Session) -> RestOrganizations:
    from netcfg.devops.geography import RestOrganizations

    return RestOrganizations(session, bundled.atlas())


def _devops(places: _Places, root: Root) -> Session:
    from netcfg.devops.session import Session

    def credential() -> DevOpsCredential:
        found = _devops_credential(places, root)
        _tell(root, f"Azure DevOps: {found.name}")
        return found

    return Session(credential, devops=places.devops, identity=places.identity, deadline=root.deadline)


def _devops_credential(places: _Places, root: Root) -> DevOpsCredential:
    """The first of the variables that is set, else a Microsoft Entra token from the chain that Azure uses too.

    The sandbox gets its own token and nothing else: what the environment holds is meant for the real one.
    """
    from netcfg.azure.credentials import devops_token
    from netcfg.devops.credential import Credential, find_credential

    def entra() -> DevOpsCredential:
        try:
            token = devops_token(places.credential)
        except NoAzureCredential as error:
            raise NoDevOpsCredential("nobody is signed in to Azure either") from error
        return Credential.bearer("the Microsoft Entra token", token)

    if places.is_sandbox:
        return entra()
    return find_credential(os.environ, entra if root.cloud == "public" else None)


def _tell(root: Root, what: str) -> None:
    """Say under `-v` who asks; no credential is ever said itself."""
    if root.verbose:
        terminal.remark(what)


@contextmanager
def _the_extra() -> Iterator[None]:
    """Turn the absence of what only the sandbox needs into the sentence that says how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("netcfg."):
            raise
        raise MissingExtra("sandbox", error.name or "starlette") from error


class _Announced:
    """Organizations whose looking up is told to whoever watches."""

    def __init__(self, organizations: RestOrganizations, progress: Progress) -> None:
        self._organizations = organizations
        self._progress = progress

    def look_up(self, organization: str) -> Organization:
        self._progress.step(f"looking up {organization}")
        return self._organizations.look_up(organization)

    def expect(self, organization: str) -> None:
        """Nothing is looked up before it is announced."""
