"""What `netcfg setup` has to be told: by options, by the configuration, or by somebody at a terminal who is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from netcfg.cli import questions, terminal
from netcfg.cli.options import Asked, Through
from netcfg.cli.questions import Option
from netcfg.cli.root import Root
from netcfg.core import shell
from netcfg.core.errors import (
    AmbiguousVault,
    ConnectionDisabled,
    ConnectionNotReady,
    DevOpsShowsNone,
    NoProjectShown,
    NoSuchProject,
    NoSuchSecret,
    NothingMatches,
    NothingToMap,
    OrganizationNotFound,
    SecretReserved,
    SecretUnusable,
    SeveralOrganizations,
    VaultDeleted,
    VaultHidden,
    VaultNotVisible,
    VaultNowhere,
    WrongConnection,
)
from netcfg.core.linking.grouping import Wish
from netcfg.core.linking.groups import parse_group_name
from netcfg.core.linking.relay import NO_RELAY, Relay
from netcfg.core.organization import DEVOPS, parse_name, parse_place
from netcfg.core.words import counted, listed

if TYPE_CHECKING:
    from netcfg.config.configuration import Configuration
    from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
    from netcfg.core.linking.secrets import Secret
    from netcfg.core.resources import VaultId
    from netcfg.core.terms import Terms
    from netcfg.workflow.collaborators import Surroundings

ALL, PATTERNS, NAMES = "all", "patterns", "names"

# What another answer to the question may mend.
NO_VAULT = (AmbiguousVault, VaultDeleted, VaultHidden, VaultNotVisible, VaultNowhere)
NO_ORGANIZATION = (DevOpsShowsNone, NoProjectShown, NoSuchProject, OrganizationNotFound)
NO_CONNECTION = (ConnectionDisabled, ConnectionNotReady, WrongConnection)
NO_SECRET = (NoSuchSecret, NothingMatches, NothingToMap, SecretReserved, SecretUnusable)


@dataclass(frozen=True)
class Job:
    """All that was typed or answered. Without `group` it was not said; with `no_group` none is wanted."""

    vault: str
    asked: Asked
    through: Through
    group: str = ""
    no_group: bool = False
    wish: Wish = Wish()  # noqa: RUF009 - as frozen as a text
    grants: bool = False
    accept: tuple[str, ...] = ()
    file: tuple[str, ...] = ()

    def command(self, root: Root) -> str:
        """The same as one line to paste."""
        wish = [word for each in self.wish.names for word in ("--secret", each)]
        wish += [word for each in self.wish.patterns for word in ("--match", each)]
        wish += ["--all"] if self.wish.is_all else []
        group = ["--group", self.group] if self.group else []
        words = [
            *([self.vault] if self.vault else []),
            *self.asked.words(),
            *self.through.words(),
            *(group or (["--no-group"] if self.no_group else [])),
            *wish,
            *(["--grant"] if self.grants else []),
            *(word for each in self.accept for word in ("--accept", each)),
            *self.file,
        ]
        return f"{root.command} {shell.join(['setup', *words])}"


@dataclass(frozen=True)
class Written:
    """What the configuration says of all this; of several vaults it does not say which is meant."""

    vaults: tuple[str, ...] = ()
    relay: Relay = NO_RELAY
    organizations: tuple[str, ...] = ()
    has_geography: bool = False
    has_agents: bool = False
    stays_closed: bool = False

    @property
    def organization(self) -> str:
        return self.relay.organization or (self.organizations[0] if len(self.organizations) == 1 else "")

    def serving(self, organizations: Iterable[str]) -> Written:
        """The same where these were typed: what it says of the project and its group is another organization's
        else."""
        ours, typed = self.organization.casefold(), {each.casefold() for each in organizations}
        return replace(self, relay=NO_RELAY) if ours and typed and ours not in typed else self


def written(found: Configuration | None, vault: str) -> Written:
    """What the file says of `vault`, or of the only vault that it names."""
    from netcfg.core.resources import parse_vault
    from netcfg.core.rules import PublicAccess
    from netcfg.core.target import Selection, name_of, narrow

    if found is None:
        return Written()
    if vault and found.choices:
        narrow(found.choices, [parse_vault(vault)], found.file)  # one that it is not about is told before any question
    entries = [each for each in found.choices if not isinstance(each.chosen, Selection)]
    wanted = name_of(parse_vault(vault)) if vault else ""
    meant = [each for each in entries if not wanted or each.name == wanted]
    said: list[Terms] = [found.top, *(each.terms for each in meant if wanted or len(entries) == 1)]
    return Written(
        tuple(str(each.chosen) for each in entries),
        found.relay,
        tuple(dict.fromkeys(name for each in said for name in each.organizations)),
        has_geography=any(each.geographies for each in said),
        has_agents=any(each.subnets or each.discovers_agents is not None or each.private_endpoint for each in said),
        stays_closed=any(each.public_access is PublicAccess.DISABLED for each in said),
    )


def group_of(job: Job, said: Written) -> str:
    """The variable group that is meant; empty where none is, or nobody said. What cannot be a name is an error."""
    name = "" if job.no_group else job.group or said.relay.group
    return parse_group_name(name) if name else ""


def organization_of(job: Job, said: Written, devops: str) -> str:
    """The organization by which Azure DevOps reads the vault; of several that link it none is a guess."""
    typed = tuple(dict.fromkeys(parse_name(each, devops) for each in job.asked.organization or ()))
    ours = said.relay.organization
    named = typed or ((ours,) if ours else said.organizations)
    if len(named) > 1 and ours.casefold() not in (each.casefold() for each in named):
        raise SeveralOrganizations(named)
    return named[0] if len(named) == 1 else ours


def stays_closed(job: Job, said: Written) -> bool:
    """Whether the vault is to have no public access, by which alone Azure DevOps fills a group."""
    return (job.asked.public_access or ("disabled" if said.stays_closed else "")) == "disabled"


def wish_of(job: Job, said: Written) -> Wish:
    """The secrets that are wished for, else those that the configuration wants in this very group."""
    from netcfg.workflow.grouping import Link

    relay = Relay(project=job.through.project or said.relay.project, group=group_of(job, said))
    return Link(job.vault, relay, job.wish, demanded=said.relay).meant


def missing(job: Job, said: Written, devops: str) -> list[str]:
    """The options without which there is no plan, as they would be typed; the configuration may say them too. What is
    said and cannot be meant is an error, before anybody is asked."""
    needed = [
        ("VAULT", job.vault or len(said.vaults) == 1),
        ("--organization ORG", organization_of(job, said, devops)),
        ("--project NAME", job.through.project or said.relay.project),
        (
            "one of --secret NAME, --match PATTERN and --all",
            not group_of(job, said) or not wish_of(job, said).is_nothing,
        ),
    ]
    return [option for option, is_said in needed if not is_said]


@dataclass(frozen=True)
class Interview:
    """Asks for what nobody said yet, in the order in which one answer decides what the next question offers."""

    said: Written
    root: Root
    around: Surroundings

    def ask(self, job: Job) -> Job:
        """The job with everything that it needs; each answer is tried before the next question."""
        begun = job
        try:
            job = self._vault(job)
            job = self._organization(job)
            job = self._geography(job)
            project, job = self._project(job)
            connection, job = self._connection(job, project)
            job = self._agents(job)
            job = self._group(job, project, connection)
            return self._secrets(job)
        except KeyboardInterrupt:
            raise terminal.Unanswered("" if job == begun else job.command(self.root)) from None

    def _vault(self, job: Job) -> Job:
        if job.vault or len(self.said.vaults) == 1:
            return job
        if self.said.vaults:
            return replace(job, vault=questions.pick("Vault", [Option(each, each) for each in self.said.vaults]))

        def parse(text: str) -> str:
            self._find(text)
            return text

        return replace(job, vault=questions.answer("Vault, by its name or resource id", parse, wrong=NO_VAULT))

    def _find(self, text: str) -> VaultId:
        """The vault's id; one that nobody can see is an error."""
        from netcfg.core.errors import NetcfgError
        from netcfg.core.resources import parse_vault

        vault = parse_vault(text)
        if not isinstance(vault, str):
            return vault
        self.around.progress.step(f"looking for {vault}")
        found = self.around.vaults.find([vault])[vault]
        self.around.progress.rest()
        if isinstance(found, NetcfgError):
            raise found
        return found

    def _organization(self, job: Job) -> Job:
        """With the project, where somebody answers with its address."""
        from netcfg.core.errors import BadAnswer

        if job.asked.organization or self.said.organization:
            return job
        through = job.through.project or self.said.relay.project

        def parse(text: str) -> tuple[str, str]:
            name, project = parse_place(text, self._devops)
            if project and through and project.casefold() != through.casefold():
                raise BadAnswer(text, f"an organization, or an address in the project {through!r}, which was named,")
            self._projects(name)
            if not project or through:
                return name, through
            return name, self.around.linking.projects.find(name, project).name

        asked = "Azure DevOps organization, by its name or address"
        name, project = questions.answer(asked, parse, wrong=NO_ORGANIZATION)
        job = replace(job, asked=replace(job.asked, organization=[name]))
        return replace(job, through=replace(job.through, project=project)) if project and not through else job

    @property
    def _devops(self) -> str:
        return self.root.devops or DEVOPS

    def _projects(self, organization: str) -> tuple[Project, ...]:
        from netcfg.core.errors import NoProjectShown

        self.around.progress.step(f"reading the projects of {organization}")
        try:
            found = self.around.linking.projects.every(organization)
        finally:
            self.around.progress.rest()
        if not found:
            raise NoProjectShown(organization)
        return found

    def _geography(self, job: Job) -> Job:
        """Asked only where Azure DevOps does not tell it, or no more than a hint."""
        from netcfg.core.errors import GeographyUnknown
        from netcfg.sources import bundled

        if job.asked.geography or self.said.has_geography:
            return job
        name = self._organization_of(job)
        self.around.progress.step(f"looking up {name}")
        hinted = None
        try:
            found = self.around.organizations.look_up(name)
            if not found.is_inferred:
                return job
            hinted = found.geography
            reason = f"only the sign-in page hints at where {name} lives"
        except GeographyUnknown as error:
            reason = str(error)
        finally:
            self.around.progress.rest()
        terminal.remark(reason)
        places = bundled.atlas().geographies
        options = [Option(each.id, each.id, each.name) for each in places]
        chosen = questions.pick("Geography", options, places.index(hinted) if hinted in places else None)
        return replace(job, asked=replace(job.asked, geography=[chosen]))

    def _organization_of(self, job: Job) -> str:
        return organization_of(job, self.said, self._devops)

    def _project(self, job: Job) -> tuple[Project, Job]:
        organization, named = self._organization_of(job), job.through.project or self.said.relay.project
        if named:
            return self.around.linking.projects.find(organization, named), job
        shown = sorted(self._projects(organization))
        project = questions.pick("Project", [Option(each.name, each) for each in shown])
        return project, replace(job, through=replace(job.through, project=project.name))

    def _connection(self, job: Job, project: Project) -> tuple[ServiceConnection, Job]:
        """One that can be used; what is wrong with another is said, and it is asked for again."""
        from netcfg.core.errors import NoConnection

        find = partial(self.around.linking.connections.find, project)
        if named := job.through.service_connection or self.said.relay.connection:
            return find(named), job
        self.around.progress.step(f"reading the service connections of {project.name}")
        shown = [each for each in self.around.linking.connections.every(project) if each.is_azure]
        self.around.progress.rest()
        if not shown:
            raise NoConnection(project.name, project.organization)
        options = [Option(each.name, each.id, _fitness(each)) for each in sorted(shown, key=_name)]
        names = [each.name for each in shown]

        def usable() -> ServiceConnection:
            while True:
                try:
                    return find(questions.pick("Service connection, by which Azure DevOps reads the vault", options))
                except NO_CONNECTION as error:
                    terminal.remark(f"  {error}")

        found = usable()
        word = found.name if names.count(found.name) == 1 else found.id
        return found, replace(job, through=replace(job.through, service_connection=word))

    def _agents(self, job: Job) -> Job:
        from netcfg.core.resources import parse_subnet_or_name

        asked = job.asked
        if asked.subnet or asked.agents or asked.private_endpoint or self.said.has_agents:
            return job
        chosen = questions.pick(
            "Agents that read the vault themselves",
            [
                Option("none", "none", "Azure DevOps alone, or agents that Microsoft hosts"),
                Option("discover", "discover", "the organization's agent pools, wherever they are found to run"),
                Option("subnet", "subnet", "a subnet that you name"),
            ],
            default=0,
        )
        if chosen != "subnet":
            return replace(job, asked=replace(asked, agents=chosen))  # type: ignore[arg-type]

        def parse(text: str) -> str:
            parse_subnet_or_name(text)
            return text

        subnet = questions.answer("Subnet, by its id or as resource-group/vnet/subnet", parse)
        return replace(job, asked=replace(asked, subnet=[subnet]))

    def _group(self, job: Job, project: Project, connection: ServiceConnection) -> Job:
        if job.group or job.no_group or self.said.relay.group:
            return job
        if stays_closed(job, self.said) and job.wish.is_nothing:
            terminal.remark("")
            terminal.remark("no variable group is linked: none is filled from a vault without public access")
            return replace(job, no_group=True)
        vault = self._vault_of(job)
        self.around.progress.step(f"reading the variable groups of {project.name}")
        every = self.around.groups.every(project)
        self.around.progress.rest()
        linked = [each for each in every if _is_linked(each, vault, connection)]
        options: list[Option[str | None]] = [
            Option(each.name, each.name, f"is linked to {each.vault}, maps {counted(len(each.mappings), 'secret')}")
            for each in linked
        ]
        options += [Option("new", "", "make one")]
        options += [Option("none", None, "link no variable group")] if job.wish.is_nothing else []
        chosen = questions.pick("Variable group", options, default=0)
        if chosen is None:
            return replace(job, no_group=True)
        return replace(job, group=chosen or self._name(project, every, vault))

    def _name(self, project: Project, every: Iterable[VariableGroup], default: str) -> str:
        """What a new group is to be called, which no other may be."""
        from netcfg.core.errors import DigitsForName, GroupThere

        def parse(text: str) -> str:
            name = parse_group_name(text)
            if any(each.name.casefold() == name.casefold() for each in every):
                raise GroupThere(name)
            if name.isdecimal():
                raise DigitsForName(name, project.name)
            return name

        return questions.answer("Its name", parse, default)

    def _vault_of(self, job: Job) -> str:
        """The vault's name."""
        from netcfg.core.resources import parse_vault

        vault = parse_vault(job.vault or self.said.vaults[0])
        return vault if isinstance(vault, str) else vault.text.rpartition("/")[2]

    def _secrets(self, job: Job) -> Job:
        """Which secrets the group maps, by what Resource Manager lists, whatever the vault's firewall says."""
        from netcfg.core.linking.grouping import choose, linked, why_not
        from netcfg.workflow.setup import secrets_of

        if not group_of(job, self.said) or not wish_of(job, self.said).is_nothing:
            return job
        id = self._find(job.vault or self.said.vaults[0])
        secrets = secrets_of(id, None, self.around)
        self.around.progress.rest()
        today = self.around.today
        usable = [each.name for each in secrets if not why_not(each, today)]
        terminal.remark(f"{id.name} has {_told(secrets, usable)}")

        def parse(wish: Wish) -> Wish:
            linked(None, id.name, choose(id.name, secrets, wish, today))
            return wish

        if not usable:
            parse(Wish(is_all=True))  # which says why there is nothing to choose from

        how = questions.pick(
            "Secrets to map",
            [
                Option(ALL, ALL, f"the {counted(len(usable), 'secret')} that a pipeline can use"),
                Option(PATTERNS, PATTERNS, "those that patterns mean, as in app-*"),
                Option(NAMES, NAMES, "those that you name"),
            ],
        )
        match how:
            case "all":
                wish = parse(Wish(is_all=True))
            case "patterns":
                wish = questions.answer(
                    "Patterns, with a blank between them",
                    lambda text: parse(Wish(patterns=questions.words(text, "a pattern like app-*"))),
                    wrong=NO_SECRET,
                )
            case _:
                wish = questions.answer(
                    "Names, with a blank between them",
                    lambda text: parse(Wish(questions.words(text, "the name of a secret"))),
                    wrong=NO_SECRET,
                )
        return replace(job, wish=wish)


def _fitness(connection: ServiceConnection) -> str:
    if connection.is_disabled:
        return "disabled"
    return "" if connection.is_ready else "not ready"


def _name(connection: ServiceConnection) -> tuple[str, str]:
    return connection.name.casefold(), connection.id


def _is_linked(group: VariableGroup, vault: str, connection: ServiceConnection) -> bool:
    is_of_it = group.vault.lower() == vault.lower() and group.connection.lower() == connection.id.lower()
    return group.is_linked and is_of_it


def _told(secrets: Iterable[Secret], usable: list[str]) -> str:
    rest = [each.name for each in secrets if each.name not in usable]
    said = f"{counted(len(usable), 'secret')} that a pipeline can use" + (f": {listed(usable, 20)}" if usable else "")
    return said + (f"; and {counted(len(rest), 'other')} that none can: {listed(rest)}" if rest else "")
