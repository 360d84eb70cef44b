"""Hypothesis strategies for what the formats print, and the names that somebody with bad intentions would choose."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from netcfg.core.checks.register import OF_VAULTS
from netcfg.core.errors import NetcfgError
from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.geography import Evidence, Organization, Witness
from netcfg.core.guards import GUARDS, Acceptance
from netcfg.core.linking.groups import Project, ServiceConnection
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined, draw, look
from netcfg.core.proof import NotAsked, Proof
from netcfg.core.ranges import Resolution, resolve
from netcfg.core.report import Inspection, Report
from netcfg.core.resources import Subnet, Vault, VaultId
from netcfg.core.target import Location
from netcfg.core.verification import Obstacle, Remedy
from tests import strategies
from tests.formats import builders
from tests.formats.builders import vault_id
from tests.formats.reports import seen

HOSTILE = [
    "##vso[task.setvariable variable=path]x",
    "##VSO[task.complete result=Succeeded;]",
    "##[error]x",
    "x ####[group]y",
    "#\u034f#vso[task.complete]",
    "#\u200b#[section]",
    "::error::x",
    "  ::add-mask::x",
    "kv\n::error::x",
    "kv\r##vso[task.logissue type=error]x",
    "kv\u2028::stop-commands::x",
    "kv\x0b::error::x",
    "\x1b[2J\x1b[31mred",
    "\x9b31m",
    "\x1b]8;;https://example.org\x07link",
    "\u202eesrever",
    "a|b`c``d",
    "```\n# heading",
    "  ```",
    "~~~",
    "</details><script>alert(1)</script>",
    "<!-- ",
    "![image](https://example.org/x.png)",
    "[link](javascript:alert(1))",
    "**bold** _it_ ~~no~~",
    "@everyone",
    "# heading",
    "- item",
    "1. item",
    "---",
    "===",
    "&lt;b&gt;",
    "=HYPERLINK(1)",
    'a","b\nc',
    "\ud800",
    "resource-gruppe-köln-東京",
    "",
    " ",
]

hostile = st.one_of(st.sampled_from(HOSTILE), st.text(alphabet="#:[]`|<>@&\\*_~-+=! \n\r\t\x1b\u202evso", max_size=12))


@st.composite
def resolutions(drawn: st.DrawFn) -> Resolution:
    catalogue = drawn(strategies.catalogues())
    return resolve(
        catalogue, drawn(st.sampled_from(strategies.Policy)), drawn(strategies.geographies), canary=drawn(st.booleans())
    )


@st.composite
def plans(drawn: st.DrawFn, name: str, resolution: Resolution, organizations: tuple[Organization, ...]) -> Plan:
    intent = drawn(strategies.intents())
    vault = Vault(vault_id(name), drawn(strategies.firewalls), drawn(st.sampled_from(strategies.Perimeter)))
    subnets = tuple(Subnet(each, drawn(st.booleans())) for each in intent.subnets)
    accepted = drawn(st.lists(st.sampled_from(sorted(GUARDS)).map(Acceptance), max_size=4))
    try:
        return draw(look(vault, intent, resolution, organizations, subnets, strategies.TODAY), accepted)
    except NetcfgError:  # asked for and removed at once, or more than a vault holds
        assume(False)
        raise


@st.composite
def organizations(drawn: st.DrawFn) -> Organization:
    evidence = st.builds(
        Evidence,
        witness=st.sampled_from(Witness),
        field=st.just("preferredGeography"),
        text=hostile,
        geography=strategies.geographies.map(lambda found: found[0]),
    )
    return Organization(
        drawn(st.sampled_from(["contoso", "fabrikam"])), tuple(drawn(st.lists(evidence, min_size=1, max_size=2)))
    )


@st.composite
def plan_sets(drawn: st.DrawFn) -> PlanSet:
    names = drawn(st.lists(st.sampled_from(["kv-a", "kv-b", "kv-c"]), max_size=3, unique=True))
    lost = drawn(st.lists(st.builds(Undetermined, hostile, hostile.map(NetcfgError)), max_size=2))
    who = tuple(drawn(st.lists(organizations(), max_size=2)))
    resolution = drawn(resolutions())
    made = tuple(drawn(plans(name, resolution, who)) for name in names)
    return PlanSet(drawn(strategies.intents()).geographies, who, resolution, made, tuple(lost))


names = hostile.filter(bool)
connections = st.builds(ServiceConnection, names, names, st.builds(Project, names, names, names))
proofs = st.builds(
    Proof,
    st.just("kv-a"),
    connections,
    st.none() | st.booleans(),
    st.none() | st.sampled_from(Obstacle),
    names,
    st.none() | st.builds(Remedy, hostile, st.lists(hostile, max_size=2).map(tuple)),
    st.sampled_from(["", "40.74.28.9"]),
    notes=st.lists(hostile, max_size=2).map(tuple),
)


@st.composite
def results(drawn: st.DrawFn) -> Result:
    planned = drawn(plan_sets())
    error = st.one_of(st.none(), hostile.map(NetcfgError))
    read = st.one_of(st.tuples(st.none() | proofs), st.tuples(st.none(), st.builds(NotAsked, names, st.booleans())))
    outcomes = st.tuples(st.sampled_from(Ending), st.booleans(), st.booleans(), error, st.none())
    ended = tuple(Outcome(each, *drawn(outcomes), *drawn(read)) for each in planned.plans)
    return Result(planned, ended, is_proved=any(each.proof or each.unasked for each in ended) or drawn(st.booleans()))


locations = st.none() | st.builds(Location, hostile, st.integers(1, 10_000))
waivers = st.builds(Waiver, st.sampled_from(sorted(OF_VAULTS)), hostile, until=st.none() | st.dates(), where=locations)


def findings(vault: VaultId | None) -> st.SearchStrategy[tuple[Finding, ...]]:
    found = st.builds(
        Finding,
        rule=st.sampled_from(sorted(OF_VAULTS)),
        severity=st.sampled_from(Severity),
        vault=st.just(vault),
        subject=hostile,
        message=hostile,
        fix=hostile,
        where=locations,
        waived=st.none() | waivers,
    )
    return st.lists(found, max_size=4).map(tuple)


@st.composite
def reports(drawn: st.DrawFn) -> Report:
    looked_at = seen(builders.vault())
    names = drawn(st.lists(st.sampled_from(["kv-a", "kv-b", "kv-c"]), max_size=3, unique=True))
    inspections = [
        Inspection(replace(looked_at, vault=builders.vault(name)), drawn(findings(vault_id(name)))) for name in names
    ]
    return Report(
        drawn(strategies.intents()).geographies,
        tuple(drawn(st.lists(organizations(), max_size=2))),
        builders.resolution(),
        tuple(inspections),
        drawn(findings(None)),
        tuple(drawn(st.lists(st.builds(Undetermined, hostile, hostile.map(NetcfgError)), max_size=2))),
        drawn(st.sampled_from([*Severity, None])),
    )
