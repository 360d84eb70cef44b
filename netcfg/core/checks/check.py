"""What a check is: a function that looks at one vault, and what people should know about what it finds."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from netcfg.core.findings import Severity
from netcfg.core.guards import Circumstances


@dataclass(frozen=True)
class Case:
    """What a check looks at, and how to change it.

    `apply` is the command that brings this vault to what is meant, as it can be pasted into a shell.
    """

    seen: Circumstances
    apply: str

    def with_option(self, *words: str) -> str:
        """The same command with more options, whatever is in them."""
        return f"{self.apply} {shlex.join(words)}"


@dataclass(frozen=True)
class Found:
    """One thing that a check found: what it is about, a sentence that stands alone, and what mends it.

    `severity` is `None` where it is as bad as the check says.
    """

    subject: str
    message: str
    fix: str
    severity: Severity | None = None


@dataclass(frozen=True)
class Check:
    """A rule of compliance. `title` is a phrase of one line, `why` and `waiving` paragraphs for whoever asks.

    `waiving` says when living with it is right, and how that is written down.
    """

    id: str
    severity: Severity
    title: str
    why: str
    waiving: str
    find: Callable[[Case], Iterable[Found]]
