"""An error message explained: its cause, whose address was refused, and the command that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from netcfg.core.attribution import Answer, Attribution, attribute
from netcfg.core.geography import Geography
from netcfg.core.messages.cause import Cause
from netcfg.core.messages.diagnosis import Diagnosis, diagnose
from netcfg.core.outbound import OutboundEdition
from netcfg.core.ranges import Catalogue
from netcfg.core.verification import Client


@dataclass(frozen=True)
class Explanation:
    """What a text means, with all that is known beside it. `whose` is the address that was refused."""

    diagnosis: Diagnosis
    whose: Attribution | None
    next: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_recognised(self) -> bool:
        return self.diagnosis.cause is not Cause.UNKNOWN

    @property
    def status(self) -> int:
        """1 where nothing was recognised: nobody should go on as if he knew."""
        return 0 if self.is_recognised else 1


def explain(
    text: str, catalogue: Catalogue, outbound: Sequence[OutboundEdition] = (), program: str = "netcfg"
) -> Explanation:
    """What `text` means. Nobody is asked: what is known is what the text and the editions tell."""
    found = diagnose(text, program)
    whose = attribute(ip_network(found.address), catalogue, outbound) if found.address else None
    steps = found.next
    if found.cause is Cause.FIREWALL and whose and not found.subnet:
        steps = _letting_in(found, whose, program) or steps
    return Explanation(found, whose, steps, tuple(_notes(found, whose, steps)))


def geographies(whose: Attribution) -> tuple[Geography, ...]:
    """For where the newest editions publish it, each once."""
    now = (one.region.geography for each in whose.publications if not each.span.until for one in each.ranges)
    return tuple(sorted({each for each in now if each}))


def _letting_in(found: Diagnosis, whose: Attribution, program: str) -> tuple[str, ...]:
    """The commands that let a public address in, the likeliest first.

    A rule for that address alone is written for what the vault itself says only: anybody may write a text.
    """
    public = Client(found.address).public
    apply = f"{program} apply {found.vault or 'VAULT'} --organization ORG"
    if public is None:
        return ()
    if whose.answer is Answer.INBOUND and geographies(whose):
        return (apply,)
    if whose.answer in (Answer.OUTBOUND, Answer.EXPRESSROUTE):
        return (f"{program} ranges who {found.address}",)
    allow = (f"{apply} --allow '{public}/32=REASON'",) if found.is_named else ()
    return (f"{program} ranges refresh", apply, *allow) if found.is_relayed else allow


def _notes(found: Diagnosis, whose: Attribution | None, steps: tuple[str, ...]) -> list[str]:
    notes = []
    if whose and found.cause is Cause.FIREWALL and Client(found.address).public:
        places = geographies(whose)
        if whose.answer is Answer.INBOUND and places:
            named = " and ".join(each.name for each in places)
            notes.append(f"ORG is an organization that lives in {named}; another one's ranges do not hold this address")
        elif whose.answer is Answer.INBOUND:
            notes.append("it is published for a region of none of the eight geographies, so only --allow lets it in")
        elif whose.answer in (Answer.OUTBOUND, Answer.EXPRESSROUTE):
            notes.append("Azure DevOps is reached at this address and does not call from it, so no rule is proposed")
        elif any("--allow" in each for each in steps):
            notes.append("nobody promises that the caller keeps this address, so --allow may help for a while only")
    if found.is_cut:
        notes.append("the text ends with the address: if it was cut off there, the address may be another one")
    if found.also:
        others = ", ".join(each.value.replace("-", " ") for each in found.also)
        notes.append(f"other messages in this text tell of: {others}; give them one by one")
    return notes
