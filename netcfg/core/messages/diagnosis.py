"""What an error message really means: the cause behind the words that people are shown."""

from __future__ import annotations

from dataclasses import dataclass

from netcfg.core.messages import clues, pasted, signs
from netcfg.core.messages.cause import Cause as Cause
from netcfg.core.messages.remedy import advise


@dataclass(frozen=True)
class Diagnosis:
    """What a text was recognised as; `Cause.UNKNOWN` is an answer too.

    `said` is the piece of the text that proves it, `source` where that text is known from. Empty is what it does not
    tell: the vault's name, the address that was refused, the application and object id of the identity, what it lacks.
    `also` are causes that other messages in the same text tell of, and `is_cut` is whether the address stands at the
    very end of the text, so that a digit of it may be missing.
    """

    cause: Cause
    message: str
    said: str = ""
    source: str = ""
    vault: str = ""
    address: str = ""
    subnet: str = ""
    client: str = ""
    object_id: str = ""
    permission: str = ""
    resource: str = ""
    next: tuple[str, ...] = ()
    also: tuple[Cause, ...] = ()
    is_cut: bool = False
    is_relayed: bool = False


def diagnose(text: str, program: str = "netcfg") -> Diagnosis:
    """What `text` means, whoever wrapped it in what; the next steps call the `program` as the caller says it.

    A certain sign counts before one that is shown whatever the cause was, wherever in the text they are.
    """
    read = pasted.read(text)
    recognised = signs.first(signs.CERTAIN, read.lowered) or signs.first(signs.VAGUE, read.lowered)
    if recognised is None:
        found = clues.find(read, 0, 0)
        message, steps = advise(Cause.UNKNOWN, "", found, program)
        return Diagnosis(Cause.UNKNOWN, message, vault=found.vault, next=steps)
    sign, place = recognised
    found = clues.find(read, place.start(), place.end())
    message, steps = advise(sign.cause, sign.means, found, program)
    return Diagnosis(
        sign.cause,
        message,
        said=read.between(place.start(), place.end()),
        source=sign.source,
        vault=found.vault,
        address=found.address,
        subnet=next(iter(found.subnets), ""),
        client=found.client,
        object_id=found.object_id,
        permission=found.permission or found.action,
        resource=found.resource,
        next=steps,
        also=_others(read, sign, place.start()),
        is_cut=found.is_cut,
        is_relayed=found.is_relayed,
    )


def _others(read: pasted.Pasted, sign: signs.Sign, place: int) -> tuple[Cause, ...]:
    """The causes of certain signs that are too far away to be of the same message."""
    if sign.cause is Cause.HIDDEN:
        return ()
    far = (read.lowered[: max(0, place - clues.REACH)], read.lowered[place + clues.REACH :])
    found = (each.cause for part in far if part for each in signs.CERTAIN if each.regex.search(part))
    return tuple(dict.fromkeys(each for each in found if each is not sign.cause))


def refusal(inner: str, message: str) -> Cause | None:
    """What the 403 of a vault is about, by the code within it and by its words; `None` for what nobody has seen."""
    lowered = pasted.read(f'"code":"{inner}"\n{message}').lowered
    recognised = signs.first(signs.REFUSALS, lowered)
    return recognised[0].cause if recognised else None
