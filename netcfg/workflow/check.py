"""Check: read what a plan reads, and say what is not as it should be; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from netcfg.core.checks import register, waivers
from netcfg.core.checks.check import Case
from netcfg.core.errors import NetcfgError
from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.outbound import OutboundEdition
from netcfg.core.plan import Undetermined
from netcfg.core.report import Inspection, Report
from netcfg.core.target import Target
from netcfg.core.words import counted, listed
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.reading import read, undetermined


def check(
    targets: Sequence[Target],
    given: Sequence[Waiver],
    fail_on: Severity | None,
    words: Callable[[str], tuple[str, ...]],
    around: Surroundings,
    lost: Iterable[Undetermined] = (),
    *,
    is_consistent: bool = False,
    program: str = "netcfg",
    outbound: Sequence[OutboundEdition] = (),
    selected: Sequence[str] = (),
) -> Report:
    """The report on the chosen vaults; `given` are the waivers, `outbound` where Azure DevOps is reached.

    `words` gives the apply that mends the vault of a name, `program` is what every command begins with, and `selected`
    says what was selected. A vault that cannot be read is undetermined, and so is one of which something that decides
    cannot be.
    """
    found = read(targets, (), around, is_consistent=is_consistent)
    inspections: list[Inspection] = []
    general: dict[tuple[str, str, str], Finding] = {}
    unknown = [*lost, *found.undetermined]
    for vault in found.vaults:
        try:
            seen = found.drawings[vault.id].look(vault, around)
        except NetcfgError as error:
            unknown.append(undetermined(vault.id, error, found.lines.get(vault.id)))
            continue
        case = Case(seen, words(vault.name), program, tuple(outbound))
        findings = register.inspect(case, given, found.lines.get(vault.id))
        inspections.append(Inspection(seen, tuple(each for each in findings if each.vault)))
        for each in (one for one in findings if not one.vault):
            general.setdefault((each.rule, each.subject, each.message), each)  # it is the same for many vaults
        unknown += [undetermined(vault.id, each, found.lines.get(vault.id)) for each in register.doubts(seen)]
    return Report(
        found.given,
        found.organizations,
        found.resolution,
        tuple(inspections),
        (*general.values(), *waivers.expired(given, around.moment().today, program)),
        tuple(sorted(unknown, key=lambda each: each.vault)),
        fail_on,
        (*selected, *around.moment().remarks, *_left_out(inspections)),
    )


def _left_out(inspections: Iterable[Inspection]) -> Iterator[str]:
    """Whom no range is said to be missing of, because nobody reads its secrets from Azure DevOps."""
    unused = [each.vault.name for each in inspections if each.seen.is_unused]
    if unused:
        yield (
            f"{counted(len(unused), 'vault')} {'holds' if len(unused) == 1 else 'hold'} no published range, and no "
            f"variable group that this sign-in sees uses {'it' if len(unused) == 1 else 'them'}, so none is said to be "
            "missing: "
            f"{listed(sorted(unused))}"
        )
