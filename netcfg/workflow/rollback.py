"""Rollback: a plan that undoes what a run changed, drawn anew from every look, and applied as any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netcfg.core.desired import Desired, Reason, lent
from netcfg.core.errors import LaterUnknown, NetcfgError, RecordOfElsewhere, RecordUnreadable
from netcfg.core.geography import Geography
from netcfg.core.guards import Acceptance, Circumstances
from netcfg.core.intent import Intent
from netcfg.core.moment import Moment
from netcfg.core.plan import PlanSet
from netcfg.core.ranges import Policy, resolve
from netcfg.core.record import Did, Entry, Fate, Later, Meant, Record, Unread, Where
from netcfg.core.resources import SubnetId, Vault, VaultId, as_subnet
from netcfg.core.rules import IpRule, Rule
from netcfg.core.standing import Standing, judge
from netcfg.core.temporary import TemporaryRule, edited, temporary_rules
from netcfg.core.undo import Undone, undo
from netcfg.core.words import listed
from netcfg.workflow.agents import Agents
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing, Drawings
from netcfg.workflow.reading import read_each, undetermined


@dataclass(frozen=True)
class Undoing(Drawing):
    """What the plans of vaults rest on whose last look decides what is left to be undone of `record`."""

    record: str = ""
    entries: Mapping[VaultId, Entry] = field(default_factory=dict)
    later: Mapping[VaultId, tuple[Later, ...]] = field(default_factory=dict)
    remarks: Mapping[VaultId, tuple[str, ...]] = field(default_factory=dict)

    @property
    def undoes(self) -> str:
        return self.record

    def look(self, vault: Vault, around: Surroundings, moment: Moment | None = None) -> Circumstances:
        moment = moment or around.moment()
        undone = undo(
            self.entries[vault.id].writes,
            vault.firewall,
            vault.tags,
            self.later.get(vault.id, ()),
            moment.now,
            frozenset(map(str, self.gone)),
        )
        return Circumstances(
            vault,
            self._desired(vault, undone, moment),
            self.agents.intent,
            self.resolution,
            (),
            moment.today,
            gone=self.gone,
            is_undoing=True,
        )

    def _desired(self, vault: Vault, undone: Undone, moment: Moment) -> Desired:
        declared = dict(self.entries[vault.id].declared)
        after = temporary_rules(edited(vault.tags, undone.tags))
        shown, added = vault.firewall.rule_set.rules, "added by that run"
        why = [
            *((rule, "", after) for rule in shown),
            *(
                (rule, "let in by netcfg exec, which is over" if rule in undone.over else added, ())
                for rule in undone.removed
            ),
            *((rule, "taken by that run", after) for rule in undone.restored),
            *((rule, "there last, by the record, and not shown", after) for rule in undone.hidden),
        ]
        reasons = {rule: self._reason(rule, declared, text, runs, moment) for rule, text, runs in why}
        notes = (*undone.notes, *self.remarks.get(vault.id, ()))
        dead = frozenset(
            each for each in vault.firewall.rule_set.virtual_network_rules if as_subnet(str(each)) in self.gone
        )
        return Desired(undone.after, reasons, (), notes, dead=dead, tags=undone.tags, tag_reasons=undone.reasons)

    def _reason(
        self, rule: Rule, declared: Mapping[str, str], text: str, runs: Sequence[TemporaryRule], moment: Moment
    ) -> Reason:
        """What a rule is to us today, unless that run was asked for it; `runs` of `netcfg exec` may let it in."""
        standing = judge(rule, self.agents.intent, self.resolution, moment.today)
        network = rule.network if isinstance(rule, IpRule) else None
        source = self.resolution.wanted_around(network) if network and standing is Standing.PUBLISHED else None
        if source:
            return Reason(standing, text, source.publishers, source.region)
        found = Reason(standing, text)
        borrowed = lent(rule, found, runs, moment.now)
        if borrowed is found and str(rule) in declared:
            return Reason(Standing.DECLARED, "; ".join(filter(None, (declared[str(rule)], text))))
        return borrowed


def plan_rollback(
    record: Record, geographies: Mapping[str, Geography], acceptances: Iterable[Acceptance], around: Surroundings
) -> tuple[PlanSet, Drawings]:
    """What would undo a record, in each of its vaults, and what these plans rest on. A vault that is gone, or that may
    not be read, is undetermined.

    Nobody asks Azure DevOps where the organizations live: the record says for which geographies its plan was.
    """
    written = [each for each in record.entries if any(write.fate.may_have_happened for write in each.writes)]
    if strange := sorted({id for each in written for id in each.meant.geographies} - geographies.keys()):
        raise RecordUnreadable(record.path, f"this netcfg knows no geography {strange[0]!r}; update it")
    since = around.records.since(record)
    later = {each.vault: tuple(_later(each.vault, since)) for each in written}
    known = [each for each in written if not _unknown(each.vault, since)]
    vaults, missing = read_each([each.vault for each in known], around)
    missing += (
        undetermined(each.vault, LaterUnknown(each.name, unread.why))
        for each in written
        for unread in _unknown(each.vault, since)[:1]
    )
    gone = _gone(known, vaults, around)
    accepted = tuple(acceptances)
    drawings: dict[VaultId, Undoing] = {}
    for meant in dict.fromkeys(each.meant for each in known):
        entries = {each.vault: each for each in known if each.meant == meant}
        drawing = _drawing(meant, geographies, accepted, around)
        drawing = replace(
            drawing,
            chosen=frozenset(entries),
            gone=gone,
            record=record.run,
            entries=entries,
            later=later,
            remarks={id: tuple(_remarks(record, id, since)) for id in entries},
        )
        drawings |= dict.fromkeys(entries, drawing)
    plans = []
    for vault in sorted(vaults, key=lambda each: each.id.text.lower()):
        try:
            plans.append(drawings[vault.id].draw(vault, around))
        except NetcfgError as error:
            missing.append(undetermined(vault.id, error))
    served = sorted({geographies[id] for each in written for id in each.meant.geographies})
    policy = written[0].meant.policy if written else Policy.UNION
    resolution = resolve(around.catalogue, policy, served)
    said = _said(record, written, since)
    planned = PlanSet((), (), resolution, tuple(plans), tuple(missing), len(written) > 1, {}, said)
    return planned, drawings


def insist_on_place(record: Record, here: Where) -> None:
    """A record of the sandbox, or of another cloud, is not undone here: its ids may mean something else."""
    if record.where != here:
        raise RecordOfElsewhere(record.run, str(record.where), str(here))


def _later(vault: VaultId, since: Sequence[Record | Unread]) -> Iterator[Later]:
    """What later runs did to a vault. What was asked for in one that was undone in turn counts no more."""
    records = [each for each in since if isinstance(each, Record)]
    undone: set[str] = set()
    for each in reversed(records):
        if each.run not in undone and each.undoes:
            undone.add(each.undoes)
    for each in records:
        entry = each.of(vault)
        if entry and entry.writes:
            wrote = each.run not in undone and any(write.fate.may_have_happened for write in entry.writes)
            yield Later(each.run, entry.writes, frozenset(value for value, _ in entry.declared if wrote))


def _unknown(vault: VaultId, since: Sequence[Record | Unread]) -> list[Unread]:
    return [each for each in since if isinstance(each, Unread) and each.may_be_about(vault)]


def _gone(written: Iterable[Entry], vaults: Iterable[Vault], around: Surroundings) -> frozenset[SubnetId]:
    """The subnets that are not there any more, of those that rules name which are there or may come back."""
    firewalls = [*(write.found for each in written for write in each.writes), *(each.firewall for each in vaults)]
    named = {as_subnet(rule.subnet) for each in firewalls for rule in each.rule_set.virtual_network_rules}
    subnets = [each for each in named if each]
    return around.subnets.missing(subnets) if subnets else frozenset()


def _drawing(
    meant: Meant, geographies: Mapping[str, Geography], acceptances: tuple[Acceptance, ...], around: Surroundings
) -> Undoing:
    places = tuple(geographies[each] for each in meant.geographies)
    intent = Intent(geographies=places, policy=meant.policy, canary=meant.canary, subnets=meant.subnets)
    resolution = resolve(around.catalogue, meant.policy, places, canary=meant.canary)
    return Undoing(Agents(intent, ()), resolution, (), acceptances)


def _said(record: Record, written: list[Entry], since: Sequence[Record | Unread]) -> tuple[str, ...]:
    """What is undone, and what of it is not ours to undo."""
    did = f"{record.command} of {record.when:%Y-%m-%d %H:%M:%S} UTC by {record.who.name}"
    said = [f"undoes {record.run}: {did}"]
    if not written:
        said.append("that run changed no vault's own settings, so there is nothing to undo in any")
    known = {each.vault for each in written}
    skipped = sorted(each.name for each in record.entries if each.vault not in known)
    if written and skipped:
        said.append(f"not written by that run, so not looked at: {listed(skipped)}")
    stays = (_stays(kind, what) for kind, what in _left(record))
    return (*said, *stays, *map(_is_lost, lost(record, since)))


def _left(record: Record) -> Iterable[tuple[str, str]]:
    """What the run made beside the vaults' own settings and may still be there."""
    gone = {each.what for each in record.deeds if each.kind.startswith("removing") and each.fate is Fate.DONE}
    for each in record.deeds:
        if each.fate.may_have_happened and each.what not in gone and not each.kind.startswith("removing"):
            yield each.kind.partition(" ")[2], each.what


def lost(record: Record, since: Sequence[Record | Unread]) -> tuple[Did, ...]:
    """The private pieces that the run removed, or may have, and that nobody is known to have made again: no rollback
    makes any."""
    deeds = [*record.deeds, *(deed for each in since if isinstance(each, Record) for deed in each.deeds)]
    vaults = {each.vault for each in record.deeds}
    last = {each.what: each for each in deeds if each.vault in vaults and each.fate.may_have_happened}
    return tuple(each for each in last.values() if each.kind.startswith("removing"))


def _is_lost(deed: Did) -> str:
    kind = deed.kind.partition(" ")[2]
    was = "was" if deed.fate is Fate.DONE else "may have been"
    makes = "; 'netcfg apply' with --private-endpoint SUBNET makes one" if kind == "private-endpoint" else ""
    return f"the {_noun(kind)} {deed.what} {was} removed and is not made again{makes}"


def _noun(kind: str) -> str:
    return " ".join("DNS" if each == "dns" else each for each in kind.split("-"))


def _stays(kind: str, what: str) -> str:
    if kind == "service-endpoint":
        return (
            f"the service endpoint for vaults on {what} stays, as others may rely on it by now; 'az network vnet "
            f"subnet update --ids {what} --service-endpoints' and the services that are to stay takes it out"
        )
    if kind == "private-endpoint":
        return f"the private endpoint {what} stays; 'netcfg apply' with --remove {what} takes it out, with its record"
    return f"the {_noun(kind)} {what} stays"


def _remarks(record: Record, vault: VaultId, since: Sequence[Record | Unread]) -> Iterable[str]:
    """What somebody should know who undoes a run that was not the last one."""
    for each in since:
        if isinstance(each, Record) and (entry := each.of(vault)) and entry.writes:
            undid = ", and undid that run" if each.undoes == record.run else ""
            yield f"{each.run} wrote this vault later{undid}: what it did is kept"
