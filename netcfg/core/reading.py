"""What came of reading one vault: through Azure DevOps, from this machine, or both."""

from __future__ import annotations

from dataclasses import dataclass

from netcfg.core.proof import Proof
from netcfg.core.verification import Verification


@dataclass(frozen=True)
class Reading:
    """At least one of the two is there."""

    proof: Proof | None = None
    here: Verification | None = None

    @property
    def found(self) -> tuple[Verification | Proof, ...]:
        """What there is, as it is told: what was seen from here comes first."""
        return tuple(each for each in (self.here, self.proof) if each)

    @property
    def status(self) -> int:
        """That of the worse of the two."""
        return max(each.status for each in self.found)
