"""The options that `plan`, `apply`, `check` and `export` share, written once, and what they mean together."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from netcfg.core.geography import Atlas
    from netcfg.core.guards import Acceptance
    from netcfg.core.shard import Shard
    from netcfg.core.target import Selection
    from netcfg.core.terms import Terms

Vaults = Annotated[
    list[str] | None,
    typer.Argument(metavar="[VAULT]...", help="A vault's name or resource id; several, or those of the configuration."),
]
Format = Annotated[
    Literal["text", "json", "markdown", "html"] | None,
    typer.Option("--format", help="How the result is written; text if nothing is said."),
]

Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="The configuration; netcfg.yaml in this folder if nothing is said."),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept", metavar="GUARD", help="Accept a guard; GUARD=VAULT-PATTERN where there are several vaults."
    ),
]
Reports = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="FORMAT=FILE", help="Write the result to a file too, in this format; repeatable."),
]

RecordTo = Annotated[
    str | None,
    typer.Option("--record-to", metavar="DIR", help="Where the record is kept; the user's own data folder."),
]

Organizations = Annotated[
    list[str] | None,
    typer.Option(
        "--organization", metavar="ORG", help="An Azure DevOps organization that links the vault; repeatable."
    ),
]
Geographies = Annotated[
    list[str] | None,
    typer.Option("--geography", metavar="G", help="Where it lives: US, EU, UK, AU, BR, CA, IN or APAC; repeatable."),
]
Ranges = Annotated[
    Literal["table", "service-tag", "union"] | None,
    typer.Option(
        "--ranges", help="Whose ranges are wanted: the documentation's table, the service tag, or both (union)."
    ),
]
Canary = Annotated[
    bool, typer.Option("--include-canary-regions", help="Count the canary regions (EUAP) as United States.")
]


@dataclass(frozen=True)
class Asked:
    """What is asked for a vault, as typed."""

    organization: Organizations = None
    geography: Geographies = None
    ranges: Ranges = None
    include_canary_regions: Canary = False
    subnet: Annotated[
        list[str] | None,
        typer.Option(
            "--subnet",
            metavar="ID",
            help="A subnet that agents run in, by id or resource-group/vnet/subnet; repeatable.",
        ),
    ] = None
    agents: Annotated[
        Literal["discover", "none"] | None,
        typer.Option(
            "--agents",
            help="Let in the organizations' agent pools, wherever they are found to run; none: look for no pools.",
        ),
    ] = None
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow", metavar="CIDR=REASON", help="A range that is wanted too; ';until=2027-01-31' may follow."
        ),
    ] = None
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove",
            metavar="VALUE",
            help="A rule to take out, as a plan shows it or by name, or a private endpoint by its id; repeatable.",
        ),
    ] = None
    private_endpoint: Annotated[
        str | None,
        typer.Option(
            "--private-endpoint",
            metavar="SUBNET",
            help="Let the agents in by a private endpoint in this subnet, by id or resource-group/vnet/subnet.",
        ),
    ] = None
    grace: Annotated[
        int | None,
        typer.Option(
            "--grace", metavar="DAYS", min=0, max=3650, help="How long a range that was retired is kept; 30 days."
        ),
    ] = None
    exclusive: Annotated[
        bool, typer.Option("--exclusive", help="Remove every rule that is neither published nor declared.")
    ] = False
    public_access: Annotated[
        Literal["enabled", "disabled"] | None,
        typer.Option("--public-access", help="What is meant for a vault whose public access is Disabled."),
    ] = None
    keep_default_action: Annotated[
        bool, typer.Option("--keep-default-action", help="Add rules, and leave the default action as it is.")
    ] = False

    def terms(self, atlas: Atlas) -> Terms:
        """What it means; the first option that cannot be meant is a usage error, before anything is read."""
        from datetime import timedelta

        from netcfg.core.declared import parse_declaration
        from netcfg.core.intent import parse_removal
        from netcfg.core.private import as_private_endpoint
        from netcfg.core.ranges import Policy
        from netcfg.core.resources import parse_subnet_or_name
        from netcfg.core.rules import PublicAccess
        from netcfg.core.terms import Terms

        return Terms(
            organizations=tuple(self.organization or ()),
            geographies=tuple(atlas.find(each) for each in self.geography or ()),
            policy=Policy(self.ranges) if self.ranges else None,
            canary=self.include_canary_regions or None,
            subnets=tuple(parse_subnet_or_name(each) for each in self.subnet or ()),
            discovers_agents=self.agents == "discover" if self.agents else None,
            allow=tuple(parse_declaration(each) for each in self.allow or ()),
            remove=tuple(parse_removal(each) for each in self.remove or () if not as_private_endpoint(each)),
            remove_endpoints=tuple(id for each in self.remove or () if (id := as_private_endpoint(each))),
            private_endpoint=parse_subnet_or_name(self.private_endpoint) if self.private_endpoint else None,
            grace=None if self.grace is None else timedelta(days=self.grace),
            exclusive=self.exclusive or None,
            public_access=PublicAccess(self.public_access.capitalize()) if self.public_access else None,
            keep_default_action=self.keep_default_action or None,
        )

    def words(self) -> list[str]:
        """The same as it would be typed again."""
        return _words(self)


@dataclass(frozen=True)
class Selecting:
    """Which vaults are meant, where nobody names them, and how they are read; as typed."""

    subscription: Annotated[
        list[str] | None,
        typer.Option("--subscription", metavar="ID", help="Every vault of this subscription; repeatable."),
    ] = None
    resource_group: Annotated[
        list[str] | None,
        typer.Option("--resource-group", metavar="NAME", help="Every vault of this resource group; repeatable."),
    ] = None
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="KEY=VALUE", help="Every vault that has this tag; repeatable, all must hold."),
    ] = None
    linked: Annotated[
        bool, typer.Option("--linked", help="Every vault that the organizations' variable groups use.")
    ] = False
    all: Annotated[bool, typer.Option("--all", help="Every vault that this sign-in sees.")] = False
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Of all that, the I-th of N even parts, always the same."),
    ] = None
    consistent: Annotated[
        bool,
        typer.Option(
            "--consistent", help="Find and read many vaults by Resource Manager's lists, not an index that lags."
        ),
    ] = False

    def selection(self) -> Selection | None:
        """What is selected, if anything is; what cannot be meant is a usage error."""
        from netcfg.core.errors import ConflictingOptions
        from netcfg.core.resources import parse_resource_group, parse_subscription
        from netcfg.core.target import Selection, parse_tags

        given = self.selecting
        if self.all and given != ["--all"]:
            other = next(each for each in given if each != "--all")
            raise ConflictingOptions("--all", other, "all that this sign-in sees is meant, or a part of it")
        found = Selection(
            tuple(dict.fromkeys(parse_subscription(each) for each in self.subscription or ())),
            tuple(dict.fromkeys(parse_resource_group(each) for each in self.resource_group or ())),
            parse_tags(self.tag or ()),
            is_linked=self.linked,
        )
        return found if given else None

    @property
    def selecting(self) -> list[str]:
        """The options that select vaults, of those that were typed."""
        return [each for each in self.words() if each in _SELECTING]

    def part(self) -> Shard | None:
        from netcfg.core.shard import parse_shard

        return None if self.shard is None else parse_shard(self.shard)

    def words(self) -> list[str]:
        """The same as it would be typed again."""
        return _words(self)


@dataclass(frozen=True)
class Through:
    """By which project and service connection Azure DevOps reads a vault, as typed."""

    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="The Azure DevOps project, by name or id.")
    ] = None
    service_connection: Annotated[
        str | None,
        typer.Option("--service-connection", metavar="NAME", help="Its service connection to Azure, by name or id."),
    ] = None

    def words(self) -> list[str]:
        """The same as it would be typed again."""
        return _words(self)


Kind = type[Selecting] | type[Asked] | type[Through]

# The parameters and the types of each group of options, looked up once for all the commands that have it.
_OWN: dict[Kind, tuple[tuple[inspect.Parameter, ...], dict[str, Any]]] = {
    kind: (tuple(inspect.signature(kind).parameters.values()), get_type_hints(kind, {**globals()}, include_extras=True))
    for kind in (Selecting, Asked, Through)
}

_SELECTING = frozenset(("--subscription", "--resource-group", "--tag", "--linked", "--all"))


def _words(typed: Asked | Selecting | Through) -> list[str]:
    words: list[str] = []
    for each in fields(typed):
        value = getattr(typed, each.name)
        if value is None or value is False:  # 0 is neither
            continue
        option = "--" + each.name.replace("_", "-")
        for one in value if isinstance(value, list) else [value]:
            words += [option] if one is True else [option, str(one)]
    return words


def parse_acceptances(texts: Iterable[str] | None, *, several: bool) -> list[Acceptance]:
    """What is accepted, for one vault; or for those that a pattern names, where there are several."""
    from netcfg.core.guards import parse_acceptance

    return [parse_acceptance(each, several=several) for each in texts or ()]


class Naming(TyperCommand):
    """A command whose options name what is meant, one thing each.

    An empty name would be none, and of two the last would count, both without a word: what a script types whose
    variable is not set must not mean the configured vault, or no variable group at all.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            self._check(ctx, args)
        return super().parse_args(ctx, args)

    def _check(self, ctx: Any, args: list[str]) -> None:
        from netcfg.core.errors import EmptyOption, RepeatedOption

        typed, _, order = self.make_parser(ctx).parse_args(list(args))
        if typed.get("help"):
            return
        for each in dict.fromkeys(order):
            value = typed.get(each.name or "")
            for text in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(text, str) and not text.strip():
                    raise EmptyOption(_label(each))
            # What is chosen from a few words, like a format, may follow a script's own: there the last is meant.
            if order.count(each) > 1 and isinstance(value, str) and each.type.name == "str":
                raise RepeatedOption(_label(each), order.count(each))


def _label(parameter: Any) -> str:
    """What an option, or an argument, is called where it is typed."""
    is_option = parameter.param_type_name == "option"
    return str(parameter.opts[0] if is_option else (parameter.metavar or parameter.name).strip("[]."))


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options of `Selecting`, `Asked` and `Through` in place of its parameters `selecting`, `asked`
    and `through`, where it has them; Typer reads them from the signature."""

    @wraps(command)
    def run(**given: Any) -> None:
        grouped = {
            name: kind(**{each.name: given.pop(each.name) for each in _OWN[kind][0]}) for name, kind in kinds.items()
        }
        command(**grouped, **given)

    every: dict[str, Kind] = {
        "selecting": Selecting,
        "asked": Asked,
        "through": Through,
    }
    parameters = inspect.signature(command).parameters
    kinds = {name: kind for name, kind in every.items() if name in parameters}
    own = [each for name, each in parameters.items() if name not in kinds]
    options = [each for kind in kinds.values() for each in _OWN[kind][0]]
    hints = get_type_hints(command, include_extras=True)
    for kind in kinds.values():
        hints = _OWN[kind][1] | hints
    merged = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name]) for each in (*own, *options)
    ]
    run.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in merged}
    return run
