"""Check: read what a plan reads, and say what is not as it should be; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from netcfg.core.checks import register
from netcfg.core.checks.check import Case
from netcfg.core.errors import NetcfgError
from netcfg.core.findings import Severity, Waiver
from netcfg.core.plan import Undetermined
from netcfg.core.report import Inspection, Report
from netcfg.core.target import Target
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import read, undetermined


def check(
    targets: Sequence[Target],
    waivers: Sequence[Waiver],
    fail_on: Severity | None,
    command: Callable[[str], str],
    around: Surroundings,
    lost: Iterable[Undetermined] = (),
) -> Report:
    """The report on the chosen vaults; `command` gives the apply that mends the vault of a name.

    A vault that cannot be read is undetermined, and so is one of which something that decides cannot be.
    """
    found = read(targets, (), around)
    places = {each.name: each.where for each in targets}
    inspections: list[Inspection] = []
    unknown = [*lost, *found.undetermined]
    for vault in found.vaults:
        try:
            seen = found.drawings[vault.id].look(vault, around)
        except NetcfgError as error:
            unknown.append(undetermined(vault.id, error))
            continue
        case = Case(seen, command(vault.name))
        inspections.append(Inspection(seen, register.inspect(case, waivers, places[vault.id.name])))
        unknown += [undetermined(vault.id, each) for each in register.doubts(seen)]
    return Report(
        found.given,
        found.organizations,
        found.resolution,
        tuple(inspections),
        tuple(register.expired(waivers, around.today)) if waivers else (),
        tuple(sorted(unknown, key=lambda each: each.vault)),
        fail_on,
    )
