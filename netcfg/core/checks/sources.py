"""Whether the published ranges can be relied on: how old they are, and whether their publishers agree."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity
from netcfg.core.guards import STALE_AFTER, stale_editions
from netcfg.core.words import listed

STALE_EDITIONS = Check(
    "stale-editions",
    Severity.ERROR,
    "The published ranges have not been confirmed for long",
    f"Every other finding rests on the ranges that this machine knows, and nobody has asked their publishers for more "
    f"than {STALE_AFTER.days} days. The ranges of Azure DevOps move in bursts: a vault that is right by an old edition "
    "may miss half of them.",
    "`netcfg ranges refresh` fetches what is published now; in a pipeline, keep the data folder between runs, or "
    "refresh in the run that checks.",
    "On a machine without any way to the publishers; better bring it a file with `netcfg ranges refresh --from FILE`.",
    example="*",
    is_general=True,
)

EDITIONS_DISAGREE = Check(
    "editions-disagree",
    Severity.NOTE,
    "The documentation and the service tag do not publish the same ranges",
    "Neither publisher is complete. The service tag is usually ahead, and has had ranges that the documentation had "
    "given up; Microsoft does not say which of them counts. With `--ranges union` both do. Who chose one of them "
    "should know what that leaves out: if Azure DevOps does come from there, nobody finds it in the vault.",
    "There is nothing to mend. `netcfg ranges list` shows who publishes which range, `netcfg ranges who ADDRESS` since "
    "when.",
    "As soon as it is known; it will be so for months.",
    example="Europe",
    is_general=True,
)

CHECKS = (STALE_EDITIONS, EDITIONS_DISAGREE)


def find(case: Case) -> Iterator[Found]:
    seen = case.seen
    if message := stale_editions(seen):
        publishers = " and ".join(each.publisher.value for each in seen.resolution.editions)
        yield STALE_EDITIONS.found(publishers, message, case.ask("ranges", "refresh"))
    for geography in seen.resolution.geographies:
        in_tag = [each.network for each in seen.resolution.only_in_tag if each.geography == geography]
        in_table = [each.network for each in seen.resolution.only_in_table if each.geography == geography]
        said = [f"{listed(in_tag)} in the service tag alone"] if in_tag else []
        said += [f"{listed(in_table)} in the documentation alone"] if in_table else []
        if said:
            yield EDITIONS_DISAGREE.found(
                geography.name,
                f"the publishers do not agree about {geography.name}: {', and '.join(said)}",
                case.ask("ranges", "list", "--geography", geography.id),
            )
