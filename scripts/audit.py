"""What pip-audit says of the pinned packages, and what it did not say: a package that nobody looked at is no safe one.

pip-audit ends alike where a package is vulnerable and where nobody answered, and well where the index knows no package
at all. So its document is read, and its exit status is not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120  # seconds for one list
ASK = (
    "-m",
    "pip_audit",
    "--require-hashes",
    "--disable-pip",
    "--progress-spinner=off",
    "--format=json",
    "--timeout=10",
)


@dataclass(frozen=True)
class Audit:
    """What is known of one list: packages that were looked at, those that were not, and what is wrong."""

    name: str
    audited: int = 0
    unknown: tuple[str, ...] = ()
    vulnerable: tuple[str, ...] = ()
    silence: str = ""  # why there is no answer at all

    @property
    def lines(self) -> list[str]:
        """What to tell."""
        if self.silence:
            return [f"{self.name}: not audited: {self.silence}"]
        of = self.audited + len(self.unknown)
        told = [f"{self.name}: VULNERABLE: {each}" for each in self.vulnerable]
        if not self.audited:
            return [f"{self.name}: not audited: the advisories of the index name none of its {of} packages"]
        told.append(f"{self.name}: {self.audited} of {of} packages audited, {len(self.vulnerable)} vulnerable")
        if self.unknown:
            told.append(f"{self.name}: not audited: {', '.join(self.unknown)}")
        return told


def ask(requirements: Path, python: str = sys.executable) -> Audit:
    """Let pip-audit look at one list. It installs nothing, and asks about names and versions alone."""
    try:
        said = subprocess.run(
            [python, *ASK, "-r", str(requirements)], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Audit(requirements.name, silence=f"no answer within {PATIENCE} seconds")
    return judge(requirements.name, said.stdout, said.stderr)


def judge(name: str, document: str, complaint: str) -> Audit:
    """What the document says; where there is none, the last line of the complaint says why."""
    try:
        found = json.loads(document)["dependencies"]
        looked_at = [each for each in found if "vulns" in each]
        unknown = tuple(str(each["name"]) for each in found if "vulns" not in each)
        return Audit(name, len(looked_at), unknown, tuple(_told(looked_at)))
    except (ValueError, KeyError, TypeError):
        lines = [each for each in complaint.splitlines() if each.strip()]
        return Audit(name, silence=_short(lines[-1]) if lines else "pip-audit said nothing")


def _told(packages: Iterable[dict[str, object]]) -> list[str]:
    told = []
    for package in packages:
        found = package["vulns"]
        assert isinstance(found, list)  # noqa: S101 - anything else is a TypeError beneath
        for each in found:
            versions = ", ".join(each.get("fix_versions") or ()) or "no version"
            told.append(f"{package['name']} {package['version']}: {each['id']}, mended by {versions}")
    return told


def _short(line: str) -> str:
    """The end of a traceback or a log line, without the addresses of hosts."""
    return re.sub(r"\S*://\S*|host='[^']*'", "…", line)[:200]


def main(lists: Sequence[str]) -> int:
    """Status 1 where a package is known to be vulnerable, else 0."""
    audits = [ask(Path(each)) for each in lists]
    for each in audits:
        print(*each.lines, sep="\n")
    return 1 if any(each.vulnerable for each in audits) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
