"""The audit of the pinned packages: a vulnerable one fails it, and silence is told and fails nothing."""

import json
import os
import runpy
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUDIT = runpy.run_path(str(ROOT / "scripts" / "audit.py"))
SAFE = {"name": "idna", "version": "3.20", "vulns": []}
UNKNOWN = {"name": "made-up", "skip_reason": "Dependency not found"}
HOLE = {"id": "PYSEC-2099-1", "fix_versions": ["2.0", "1.9.1"], "aliases": ["CVE-2099-1"], "description": "long"}
VULNERABLE = {"name": "jinja2", "version": "1.0", "vulns": [HOLE, {**HOLE, "id": "PYSEC-2099-2", "fix_versions": []}]}


def lines(*packages: object, complaint: str = "") -> list[str]:
    document = json.dumps({"dependencies": list(packages), "fixes": []}) if packages else ""
    return AUDIT["judge"]("run.txt", document, complaint).lines


@pytest.mark.parametrize(
    ("packages", "said"),
    [
        ([SAFE], ["run.txt: 1 of 1 packages audited, 0 vulnerable"]),
        ([SAFE, UNKNOWN], ["run.txt: 1 of 2 packages audited, 0 vulnerable", "run.txt: not audited: made-up"]),
        ([UNKNOWN], ["run.txt: not audited: the advisories of the index name none of its 1 packages"]),
        (
            [SAFE, VULNERABLE],
            [
                "run.txt: VULNERABLE: jinja2 1.0: PYSEC-2099-1, mended by 2.0, 1.9.1",
                "run.txt: VULNERABLE: jinja2 1.0: PYSEC-2099-2, mended by no version",
                "run.txt: 2 of 2 packages audited, 2 vulnerable",
            ],
        ),
        ([], ["run.txt: not audited: pip-audit said nothing"]),
    ],
)
def test_what_was_looked_at_is_told_and_what_was_not(packages: list[object], said: list[str]):
    assert lines(*packages) == said


def test_why_nobody_answered_is_told_without_the_name_of_a_host():
    complaint = (
        "Traceback\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(host='index.example', port=443): no\n"
    )
    assert lines(complaint=complaint) == [
        "run.txt: not audited: requests.exceptions.ConnectionError: HTTPSConnectionPool(…, port=443): no"
    ]


@pytest.mark.parametrize(("package", "status"), [(SAFE, 0), (UNKNOWN, 0), (VULNERABLE, 1), (None, 0)])
def test_only_a_vulnerable_package_fails_the_audit(package: object, status: int, tmp_path: Path, capsys):
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"dependencies": [package], "fixes": []}) if package else "no JSON")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$2" = pip_audit ] || exit 9\ncat "{answer}"; exit 1\n')
    python.chmod(0o755)
    audit = AUDIT["ask"](ROOT / "requirements" / "run.txt", str(python))
    AUDIT["main"].__globals__["ask"] = lambda each: audit
    assert AUDIT["main"](["run.txt"]) == status
    assert capsys.readouterr().out.splitlines() == audit.lines


def test_where_it_cannot_be_installed_it_says_so_and_fails_nothing(tmp_path: Path):
    """As on a machine without a network."""
    for part in ("scripts", "requirements"):
        (tmp_path / part).mkdir()
    for name in ("scripts/audit", "scripts/audit.py", "requirements/audit.txt", "requirements/test.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    none = tmp_path / "bin" / "python"
    none.parent.mkdir()
    none.write_text("#!/bin/sh\nexit 1\n")
    none.chmod(0o755)
    (tmp_path / "bin" / "uv").symlink_to(none)
    environment = os.environ | {"NETCFG_PYTHON": str(none), "PATH": f"{none.parent}:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["sh", str(tmp_path / "scripts" / "audit")], env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "not audited: pip-audit could not be installed\n", "")


def test_ci_runs_the_audit_and_the_tests_whatever_the_other_says(tmp_path: Path):
    (tmp_path / ".ci").mkdir()
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    for audit, test, status in ((0, 0, 0), (1, 0, 1), (0, 3, 3), (1, 3, 3)):
        for name, ends in (("audit", audit), ("test", test)):
            (tmp_path / "scripts" / name).write_text(f"#!/bin/sh\necho {name}\nexit {ends}\n")
            (tmp_path / "scripts" / name).chmod(0o755)
        ran = subprocess.run(["bash", str(tmp_path / ".ci" / "run")], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (status, "audit\ntest\n")
