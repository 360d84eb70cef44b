"""What an error message really means: the cause behind the words that people are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netcfg.core.messages import clues, pasted, signs
from netcfg.core.messages.boundaries import REACH, Boundaries
from netcfg.core.messages.cause import Cause as Cause
from netcfg.core.messages.recognition import Recognised, recognise
from netcfg.core.messages.remedy import advise


@dataclass(frozen=True)
class Diagnosis:
    """What a text was recognised as; `Cause.UNKNOWN` is an answer too.

    `said` is the piece of the text that proves it, `source` where that text is known from. Empty is what it does not
    tell: the vault's name, the address that was refused, the application and object id of the identity, what it lacks.
    All of it is told by one message, and what that tells in two ways is empty, too.
    `also` are causes that other messages in the same text tell of, and `is_cut` is whether the address stands at the
    very end of the text, so that a digit of it may be missing. `is_named` is whether the vault itself told its name.
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
    is_named: bool = False


def diagnose(text: str, program: str = "netcfg") -> Diagnosis:
    """What `text` means, whoever wrapped it in what; the next steps call the `program` as the caller says it.

    A certain sign counts before one that is shown whatever the cause was, wherever in the text they are.
    """
    read = pasted.read(text)
    messages = Boundaries(read)
    recognised = recognise(signs.CERTAIN, read.lowered, messages) or recognise(signs.VAGUE, read.lowered, messages)
    if recognised is None:
        found = clues.find(read, 0, min(len(read.tight), REACH))
        message, steps = advise(Cause.UNKNOWN, "", found, program)
        return Diagnosis(Cause.UNKNOWN, message, vault=found.vault, next=steps)
    sign = recognised.sign
    found = clues.find(read, recognised.first, recognised.last, read.tight[slice(*recognised.vault)])
    message, steps = advise(sign.cause, sign.means, found, program)
    return Diagnosis(
        sign.cause,
        message,
        said=read.between(recognised.start, recognised.end),
        source=sign.source,
        vault=found.vault,
        address=found.address,
        subnet=found.subnet,
        client=found.client,
        object_id=found.object_id,
        permission=found.permission or found.action,
        resource=found.resource,
        next=steps,
        also=_others(read, recognised, messages, found.vault),
        is_cut=found.is_cut,
        is_relayed=found.is_relayed,
        is_named=found.is_named,
    )


def _others(read: pasted.Pasted, ours: Recognised, messages: Boundaries, vault: str) -> tuple[Cause, ...]:
    """The causes that other messages tell of; the same one where it is told of another vault."""
    if ours.sign.cause is Cause.HIDDEN:
        return ()
    found = [each.sign.cause for each in _elsewhere(read, ours, messages)]
    others = [each for each in found if each is not ours.sign.cause]
    if len(others) < len(found) and clues.names_another(read, ours.first, ours.last, vault):
        others.append(ours.sign.cause)
    return tuple(dict.fromkeys(others))


def _elsewhere(read: pasted.Pasted, ours: Recognised, messages: Boundaries) -> Iterator[Recognised]:
    for first, last in ((0, ours.first), (ours.last, len(read.tight))):
        for each in signs.CERTAIN:
            if found := recognise((each,), read.lowered, messages, first, last):
                yield found


def refusal(inner: str, message: str) -> Cause | None:
    """What the 403 of a vault is about, by the code within it and by its words; `None` for what nobody has seen."""
    lowered = pasted.read(f'"innererror":{{"code":"{inner}"}}\n{message}').lowered
    recognised = signs.first(signs.REFUSALS, lowered)
    return recognised[0].cause if recognised else None
