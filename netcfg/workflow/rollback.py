"""Rollback: a plan that undoes what a run changed, drawn anew from every look, and applied as any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

from netcfg.core.desired import Desired, Reason
from netcfg.core.errors import NetcfgError, RecordOfElsewhere
from netcfg.core.geography import Geography
from netcfg.core.guards import Acceptance, Circumstances
from netcfg.core.intent import Intent
from netcfg.core.moment import Moment
from netcfg.core.plan import PlanSet, Undetermined
from netcfg.core.ranges import Policy, resolve
from netcfg.core.record import Entry, Fate, Meant, Record, Recorded, Where
from netcfg.core.resources import Vault, VaultId
from netcfg.core.rules import IpRule, Rule
from netcfg.core.standing import Standing, judge
from netcfg.core.undo import Undone, undo
from netcfg.core.words import counted, listed
from netcfg.workflow.agents import Agents
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing, Drawings
from netcfg.workflow.reading import READERS, undetermined


@dataclass(frozen=True)
class Undoing(Drawing):
    """What the plans of vaults rest on whose last look decides what is left to be undone of `record`."""

    record: str = ""
    entries: Mapping[VaultId, Entry] = field(default_factory=dict)
    remarks: Mapping[VaultId, tuple[str, ...]] = field(default_factory=dict)

    @property
    def undoes(self) -> str:
        return self.record

    def look(self, vault: Vault, around: Surroundings, moment: Moment | None = None) -> Circumstances:
        undone = undo(self.entries[vault.id].writes, vault.firewall, vault.tags)
        today = (moment or around.moment()).today
        return Circumstances(
            vault,
            self._desired(vault, undone, today),
            self.agents.intent,
            self.resolution,
            (),
            today,
            is_undoing=True,
        )

    def _desired(self, vault: Vault, undone: Undone, today: date) -> Desired:
        declared = dict(self.entries[vault.id].declared)
        reasons = {rule: self._reason(rule, declared, "", today) for rule in vault.firewall.rule_set.rules}
        reasons |= {rule: self._reason(rule, declared, "added by that run", today) for rule in undone.removed}
        reasons |= {rule: self._reason(rule, declared, "taken by that run", today) for rule in undone.restored}
        notes = (*undone.notes, *self.remarks.get(vault.id, ()))
        return Desired(undone.after, reasons, (), notes, tags=undone.tags)

    def _reason(self, rule: Rule, declared: Mapping[str, str], text: str, today: date) -> Reason:
        """What a rule is to us today, unless that run was asked for it."""
        standing = judge(rule, self.agents.intent, self.resolution, today)
        network = rule.network if isinstance(rule, IpRule) else None
        source = self.resolution.wanted_around(network) if network and standing is Standing.PUBLISHED else None
        if source:
            return Reason(standing, text, source.publishers, source.region)
        if str(rule) in declared:
            return Reason(Standing.DECLARED, "; ".join(filter(None, (declared[str(rule)], text))))
        return Reason(standing, text)


def plan_rollback(
    record: Record, geographies: Mapping[str, Geography], acceptances: Iterable[Acceptance], around: Surroundings
) -> tuple[PlanSet, Drawings]:
    """What would undo a record, in each of its vaults, and what these plans rest on. A vault that is gone, or that may
    not be read, is undetermined.

    Nobody asks Azure DevOps where the organizations live: the record says for which geographies its plan was.
    """
    written = [each for each in record.entries if any(write.fate.may_have_happened for write in each.writes)]
    accepted = tuple(acceptances)
    drawings: dict[VaultId, Undoing] = {}
    for meant in dict.fromkeys(each.meant for each in written):
        entries = {each.vault: each for each in written if each.meant == meant}
        remarks = {each.vault: tuple(_remarks(record, each, around)) for each in entries.values()}
        drawings |= dict.fromkeys(entries, _drawing(record.run, meant, entries, remarks, geographies, accepted, around))
    vaults, missing = _read([each.vault for each in written], around)
    plans = []
    for vault in sorted(vaults, key=lambda each: each.id.text.lower()):
        try:
            plans.append(drawings[vault.id].draw(vault, around))
        except NetcfgError as error:
            missing.append(undetermined(vault.id, error))
    served = sorted({geographies[id] for each in written for id in each.meant.geographies})
    policy = written[0].meant.policy if written else Policy.UNION
    resolution = resolve(around.catalogue, policy, served)
    planned = PlanSet((), (), resolution, tuple(plans), tuple(missing), len(written) > 1, {}, _said(record, written))
    return planned, drawings


def insist_on_place(record: Record, here: Where) -> None:
    """A record of the sandbox, or of another cloud, is not undone here: its ids may mean something else."""
    if record.where != here:
        raise RecordOfElsewhere(record.run, str(record.where), str(here))


def _drawing(
    run: str,
    meant: Meant,
    entries: Mapping[VaultId, Entry],
    remarks: Mapping[VaultId, tuple[str, ...]],
    geographies: Mapping[str, Geography],
    acceptances: tuple[Acceptance, ...],
    around: Surroundings,
) -> Undoing:
    places = tuple(geographies[each] for each in meant.geographies)
    intent = Intent(geographies=places, policy=meant.policy, canary=meant.canary, subnets=meant.subnets)
    resolution = resolve(around.catalogue, meant.policy, places, canary=meant.canary)
    return Undoing(
        Agents(intent, ()),
        resolution,
        (),
        acceptances,
        chosen=frozenset(entries),
        record=run,
        entries=entries,
        remarks=remarks,
    )


def _read(vaults: list[VaultId], around: Surroundings) -> tuple[list[Vault], list[Undetermined]]:
    """The vaults as Resource Manager itself shows them, side by side."""
    found: list[Vault] = []
    missing: list[Undetermined] = []
    pool = ThreadPoolExecutor(READERS)
    try:
        reading = {each: pool.submit(around.vaults.read, each) for each in vaults}
        with around.progress.count(f"reading {counted(len(vaults), 'vault')}", len(vaults)) as advance:
            for id, answer in reading.items():
                try:
                    found.append(answer.result())
                except NetcfgError as error:
                    missing.append(undetermined(id, error))
                advance()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return found, missing


def _said(record: Record, written: list[Entry]) -> tuple[str, ...]:
    """What is undone, and what of it is not ours to undo."""
    did = f"{record.command} of {record.when:%Y-%m-%d %H:%M:%S} UTC by {record.who.name}"
    said = [f"undoes {record.run}: {did}"]
    if not written:
        said.append("that run changed no vault, so there is nothing to undo")
    known = {each.vault for each in written}
    skipped = sorted(each.name for each in record.entries if each.vault not in known)
    if written and skipped:
        said.append(f"not written by that run, so not looked at: {listed(skipped)}")
    return (*said, *(_stays(kind, what) for kind, what in _left(record)))


def _left(record: Record) -> Iterable[tuple[str, str]]:
    """What the run made beside the vaults' own settings and may still be there."""
    gone = {each.what for each in record.deeds if each.kind.startswith("removing") and each.fate is Fate.DONE}
    for each in record.deeds:
        if each.fate.may_have_happened and each.what not in gone and not each.kind.startswith("removing"):
            yield each.kind.partition(" ")[2], each.what


def _stays(kind: str, what: str) -> str:
    if kind == "service-endpoint":
        return (
            f"the service endpoint for vaults on {what} stays, as others may rely on it by now; 'az network vnet "
            f"subnet update --ids {what} --service-endpoints' and the services that are to stay takes it out"
        )
    if kind == "private-endpoint":
        return f"the private endpoint {what} stays; 'netcfg apply' with --remove {what} takes it out, with its record"
    return f"the {kind.replace('-', ' ')} {what} stays"


def _remarks(record: Record, entry: Entry, around: Surroundings) -> Iterable[str]:
    """What somebody should know who undoes a run that was not the last one."""
    last = around.records.last(entry.vault)
    if isinstance(last, Recorded) and last.run > record.run:
        yield f"{last.run} wrote this vault later: what it changed again is kept as it left it"
