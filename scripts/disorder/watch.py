"""The witness: sees every write of the vault as the sandbox does it, and says what must never happen.

- I1: an address is let in that nobody let in before, and nobody wants.
- I2: a rule, a tag or anything else of somebody else is lost.
- I3: the vault is opened, or its public access, and nobody accepted that.
- I4: a run says that it is done, and the vault is not as promised; or that nothing was changed, and something was.
- I5: a run without misfortune does not arrive, or another one after it finds something to do.
- I6: an address that was let in for a while stays.
- I7: something was written that the record does not tell.

What somebody else does between a run's last look at the vault and its write cannot be seen by anybody. Such a write is
judged by what was seen; what it did to the rest is counted apart.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from scripts.disorder import colleague, grounds
from scripts.disorder.clock import Clock
from scripts.disorder.grounds import (
    PREFIX,
    Grounds,
    access,
    covers,
    default_action,
    ip_rules,
    is_enabled,
    meaning,
    network_rules,
)
from scripts.disorder.misfortune import Place
from scripts.disorder.place import Site
from scripts.disorder.schedule import Document, Fate

Wrong = tuple[str, str]  # the invariant, and what was seen

OLD = 1.0  # seconds after which a look is an old one

_SENT = ("networkAcls", "publicNetworkAccess")  # what a write of netcfg is about, beside tags


@dataclass
class Sight:
    """What one run knows of the vault: as it saw it last, and how often it wrote it.

    `seen_at` and `wrote_at` count everything that happened, so that it can be told what was first; `looked` is by the
    clock.
    """

    seen: Document | None = None
    seen_at: int = 0
    is_fresh: bool = False  # nothing was asked since
    looked: float = 0.0
    wrote_at: int = 0
    writes: int = 0


@dataclass
class Witness:
    """Sees everything that happens to the vault of one schedule."""

    site: Site
    clock: Clock
    grounds: Grounds
    wrongs: list[Wrong] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    window: Counter[str] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)  # of the misfortunes that happened
    story: list[str] = field(default_factory=list)
    sights: dict[int, Sight] = field(default_factory=dict)
    versions: list[Document] = field(default_factory=list)
    hands: list[str] = field(default_factory=list)  # what somebody else added, by what it means
    taken: set[str] = field(default_factory=set)  # and what he took
    is_announced: Callable[[Document], bool] = lambda _: True
    ran: bool = False  # COMMAND, in the run that is under way
    _moment: int = 0

    def vault(self) -> Document:
        return self.site.vault

    def sight(self, run: int) -> Sight:
        return self.sights.setdefault(run, Sight())

    def wrong(self, invariant: str, sentence: str) -> None:
        self.wrongs.append((invariant, sentence))
        self.story.append(f"    !! {invariant}: {sentence}")

    # --- what happens -------------------------------------------------------------------------------------------

    def met(self, fault: str, name: str) -> None:
        self.faults[fault] += 1
        self.names.append(name)
        self.story.append(f"       {fault}")

    def answered(self, here: Place, status: int) -> None:
        self.story.append(f"    {here.method} {here.path.rpartition('/')[2]} ({here.count}): {status}")

    def switches(self, run: int, path: str) -> None:
        """A run gives a subnet its endpoint: from then on no IP rule lets its machines in, so that the vault has to
        have the subnet's rule by then. One that only an index showed is judged as it is, if nobody else changed it."""
        vault = self.sight(run).seen or (None if self.acts else self.vault())
        if vault is None or access(vault) != "Enabled" or default_action(vault) != "Deny":
            return
        if path.lower() not in network_rules(vault):
            self.wrong("I2", f"{path} was given its endpoint, and the vault does not let it in")

    def ended(self, fate: Fate, here: Place) -> None:
        self.ends[f"{fate.value} {here.method}"] += 1
        self.names.append("end")
        self.story.append(f"    {fate.value} {here.method} {here.path.rpartition('/')[2]} ({here.count})")

    def act(self, name: str, dice: random.Random) -> None:
        self._moment += 1
        before = set(ip_rules(self.vault()))
        kind, what = self.site.change(lambda vault: colleague.act(vault, dice))
        now = self.vault()
        self.hands += sorted(set(ip_rules(now)) - before)
        self.taken |= before - set(ip_rules(now))
        self.versions.append(now)
        self.acts[kind] += 1
        self.names.append(name)
        self.story.append(f"       somebody else {what}")

    def earlier(self, dice: random.Random) -> Document:
        """The vault as it was some time ago."""
        return dice.choice(self.versions[-4:])

    def saw(self, run: int, here: Place, before: Document, status: int, sent: Document, *, is_heard: bool) -> None:
        """A request about the vault was served; `before` is what it was when that came in."""
        self._moment += 1
        sight = self.sight(run)
        is_fresh, sight.is_fresh = sight.is_fresh, False
        if here.method == "GET":
            if status == 200 and is_heard:
                sight.is_fresh = True
                sight.seen, sight.seen_at, sight.looked = before, self._moment, self.clock()
            return
        after = self.vault()
        if not 200 <= status < 300:
            if _bare(after) != _bare(before):
                self.wrong("I2", f"a write that was refused with {status} changed the vault")
            return
        sight.wrote_at = self._moment
        sight.writes += 1
        self.versions.append(after)
        self.story.append(f"       the vault: {describe(after)}")
        self._judge(sight, before, after, sent, is_fresh=is_fresh)

    def _note_visit(self, seen: Document, before: Document, after: Document) -> None:
        """A run of `exec` has let its machine in, by a rule of its own, or by one that it shares with other runs: what
        nobody holds for a while was there for good. A tag that it had seen, and only brings back, is not its own."""
        own = self.grounds.own
        if not own:
            return
        lent = {each.network for each in grounds.marks({**before["tags"], **seen["tags"]}) if not each.is_kept}
        come = {each for each in set(after["tags"]) - {*before["tags"], *seen["tags"]} if each.startswith(PREFIX)}
        for each in grounds.marks({name: after["tags"][name] for name in come}):
            if each.until > self.clock.now() + self.grounds.within:
                self.wrong("I6", f"the tag {each.key} lasts until {each.until:%Y-%m-%d %H:%M}")
        has_let_in = own in ip_rules(after) and own not in ip_rules(seen)  # what came in the window nobody could know
        self.grounds = replace(
            self.grounds,
            marks=self.grounds.marks | come,
            has_let_in=self.grounds.has_let_in or has_let_in or (bool(come) and own in lent),
        )

    # --- every write --------------------------------------------------------------------------------------------

    def _judge(self, sight: Sight, before: Document, after: Document, sent: Document, *, is_fresh: bool) -> None:
        if self.grounds.only_looks:
            self.wrong("I4", f"{self.grounds.verb} wrote the vault")
        if self.grounds.records and not self.is_announced(sent):
            self.wrong("I7", "a write was done that no record had told of")
        self._note_visit(sight.seen or before, before, after)
        if sight.seen is None:
            self.wrong("I2", "the vault was written without a look")
            return
        if not is_fresh or self.clock() - sight.looked > OLD:
            self.wrong("I2", "the vault was written upon an old look")
        now = self.clock.now()
        for wrong in check_sent(sight.seen, sent, self.grounds, now):
            self.wrong(*wrong)
        wrongs = check(before, after, self.grounds, now)
        if _bare(before) == _bare(sight.seen):
            for wrong in wrongs:
                self.wrong(*wrong)
            return
        # Somebody came between: what was seen is what it is judged by, but for what was not sent.
        self.window["writes"] += 1
        for invariant, _ in wrongs:
            self.window[invariant] += 1
        for wrong in check(as_seen(before, sight.seen, sent), after, self.grounds, now):
            self.wrong(*wrong)


def as_seen(before: Document, seen: Document, sent: Document) -> Document:
    """The vault as it was, with everything as it was seen that was sent."""
    properties = {**before["properties"]}
    for name in _SENT:
        if name in sent.get("properties", {}):
            properties.pop(name, None)
            if name in seen["properties"]:
                properties[name] = seen["properties"][name]
    tags = seen["tags"] if "tags" in sent else before["tags"]
    return {**before, "properties": properties, "tags": tags}


def check(before: Document, after: Document, meant: Grounds, now: datetime) -> list[Wrong]:
    """What one write did to the vault that it may not do."""
    return [*_let_in(before, after, meant), *_lost(before, after, meant, now), *_relaxed(before, after, meant)]


def check_sent(seen: Document, sent: Document, meant: Grounds, now: datetime) -> list[Wrong]:
    """Whether every rule that stays is sent as it was found, letter by letter, nothing of the set is left out, and
    nothing is sent that is as it was."""
    wrongs = [("I2", f"{each} sent, and nothing of it was changed") for each in _needless(seen, sent)]
    acls = sent.get("properties", {}).get("networkAcls")
    if acls is None:
        return wrongs
    missing = [each for each in ("bypass", "defaultAction", "ipRules", "virtualNetworkRules") if each not in acls]
    if missing:
        return [*wrongs, ("I2", f"networkAcls were sent without {missing}")]
    may_go = meant.may_go(seen["tags"], now) | meant.wanted | meant.respelt
    for each in _changed(grounds.acls(seen), acls):
        rule = each["id"].lower() if "id" in each else meaning(each["value"])
        if rule not in may_go:
            wrongs.append(("I6" if rule == meant.own else "I2", f"the rule {each} was not sent as it was found"))
    return wrongs


def _changed(found: Document, sent: Document) -> list[Document]:
    """The rules that are not sent in the letters in which they were found."""
    subnets = [comparable(each) for each in sent["virtualNetworkRules"]]
    return [
        *(each for each in found.get("ipRules", []) if each not in sent["ipRules"]),
        *(each for each in found.get("virtualNetworkRules", []) if comparable(each) not in subnets),
    ]


def comparable(rule: Document) -> Document:
    """A subnet's rule without what no answer shows."""
    return {name: value for name, value in rule.items() if name != "ignoreMissingVnetServiceEndpoint"}


def _needless(seen: Document, sent: Document) -> Iterator[str]:
    """What is sent as it was. Tags are the ground of what is done to the rules of runs, and may go with them."""
    if sent.get("properties", {}).get("publicNetworkAccess") == access(seen):
        yield "public access was"
    if sent.get("tags") == seen["tags"] and not any(each.lower().startswith(PREFIX) for each in seen["tags"]):
        yield "tags were"


def _let_in(before: Document, after: Document, meant: Grounds) -> list[Wrong]:
    allowed = {*ip_rules(before), *meant.wanted, *meant.restored, *([meant.own] if meant.own else [])}
    strange = [each for each in ip_rules(after) if each not in allowed and not covers(allowed, each)]
    subnets = {*network_rules(before), *meant.subnets, *meant.restored}
    strange += [each for each in network_rules(after) if each not in subnets]
    return [("I1", f"{each} is let in, and nobody wants it") for each in strange]


def _lost(before: Document, after: Document, meant: Grounds, now: datetime) -> list[Wrong]:
    wrongs: list[Wrong] = []
    may_go = meant.may_go(before["tags"], now)
    kept = set(ip_rules(after))
    for each in dict.fromkeys(ip_rules(before)):
        is_wanted = any(covers([one], each) for one in meant.wanted)
        if each not in kept and each not in may_go and not (is_wanted and covers(kept, each)):
            wrongs.append(("I6" if each == meant.own else "I2", f"the rule {each} is lost"))
    gone = set(network_rules(before)) - set(network_rules(after)) - meant.going
    wrongs += [("I2", f"the rule of {each} is lost") for each in sorted(gone)]
    wrongs += [("I2", sentence) for sentence in _tags(before["tags"], after["tags"], meant, now)]
    if _rest(before) != _rest(after):
        wrongs.append(("I2", "something was changed that has nothing to do with the firewall"))
    return [*wrongs, *(("I2", sentence) for sentence in _settings(before, after, meant))]


def _settings(before: Document, after: Document, meant: Grounds) -> list[str]:
    named = (("bypass", grounds.bypass), ("default action", default_action), ("public access", access))
    changed = [(name, of(before), of(after)) for name, of in named if of(before) != of(after)]
    return [f"the {name} was {was} and is {now}" for name, was, now in changed if (was, now) not in meant.settings]


def _tags(before: dict[str, str], after: dict[str, str], meant: Grounds, now: datetime) -> list[str]:
    over = {each.key for each in grounds.marks(before) if each.is_over(now)} | meant.marks
    over |= {name for name in before if name in meant.going}
    wrongs = [f"the tag {name} is lost" for name in before if name not in after and name not in over]
    for name, value in after.items():
        is_ours = name.lower().startswith(PREFIX)
        if name not in before and name not in meant.restored_tags and not (is_ours and meant.own):
            wrongs.append(f"the tag {name} came from nowhere")
        was = before.get(name, value)
        may_be_kept = is_ours and meant.may_keep(value.partition(" ")[0])
        if was.removesuffix(" kept") != value.removesuffix(" kept") or (was != value and not may_be_kept):
            wrongs.append(f"the tag {name} was {was!r} and is {value!r}")
    return wrongs


def _relaxed(before: Document, after: Document, meant: Grounds) -> list[Wrong]:
    wrongs: list[Wrong] = []
    if grounds.is_open(after) and not grounds.is_open(before) and not meant.may_open:
        wrongs.append(("I3", "every network is let in now, and nobody accepted that"))
    if is_enabled(after) and not is_enabled(before) and not meant.may_enable:
        wrongs.append(("I3", "public access is Enabled now, and nobody accepted that"))
    return wrongs


def promised(vault: Document, meant: Grounds, now: datetime) -> list[str]:
    """Where the vault is not what an apply promises."""
    rules = ip_rules(vault)
    covering = [each for each in rules if (found := grounds.network(each)) and found.prefixlen >= grounds.BROAD]
    wrongs = [f"{each} is not let in" for each in sorted(meant.wanted) if not covers(covering, each)]
    wrongs += [f"{each} is not let in" for each in sorted(meant.subnets - set(network_rules(vault)))]
    wrongs += [f"{each} is still let in" for each in sorted((meant.gone - meant.wanted) & set(rules))]
    wrongs += [f"{each} is let in, and its time is over" for each in _overstayed(vault, meant, now)]
    if meant.wanted and default_action(vault) != "Deny":
        wrongs.append("the default action is not Deny")
    if meant.enables and not is_enabled(vault):
        wrongs.append("public access is not Enabled")
    return wrongs


def _overstayed(vault: Document, meant: Grounds, now: datetime) -> list[str]:
    over = grounds.overdue(vault["tags"], now) & set(ip_rules(vault))
    return sorted(each for each in over if not any(covers([one], each) for one in meant.wanted))


def describe(vault: Document) -> str:
    tags = " ".join(f"{name}={value!r}" for name, value in vault["tags"].items())
    access = "" if is_enabled(vault) else " public access off"
    rules = " ".join([*(each["value"] for each in grounds.acls(vault).get("ipRules", [])), *network_rules(vault)])
    return f"{default_action(vault)}{access} [{rules}] {tags}".rstrip()


def _bare(vault: Document) -> Document:
    return {key: value for key, value in vault.items() if key != "systemData"}


def _rest(vault: Document) -> Document:
    properties = {key: value for key, value in vault["properties"].items() if key not in _SENT}
    return {
        **{key: value for key, value in vault.items() if key not in ("systemData", "tags")},
        "properties": properties,
    }
