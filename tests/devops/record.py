"""Records the cassettes anew: `scripts/record-cassettes`, from the sandbox or from an organization of Azure DevOps.

With `--organization NAME` the four exchanges that any organization can show are taken from it, with the credential that
netcfg itself would use; the others stay as the sandbox gave them. What is kept of an exchange, scrub.py says.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import vcr

from netcfg.core.errors import NetcfgError, NoDevOpsCredential
from netcfg.core.organization import DEVOPS, parse_name
from netcfg.devops.credential import Credential, find_credential
from netcfg.devops.geography import RestOrganizations
from netcfg.devops.session import IDENTITY, Session
from netcfg.sandbox.ids import Document
from netcfg.sandbox.server import serve
from tests.devops import scrub
from tests.devops.atlas import ATLAS

CASSETTES = Path(__file__).parent / "cassettes"
BAD = "make-believe-and-refused"
UNKNOWN = "no-such-organization"


@dataclass(frozen=True)
class Scene:
    """One cassette: who is looked up, with which make-believe PAT, in a world that is as it comes unless changed."""

    cassette: str
    organization: str
    token: str | None
    change: Callable[[Document], None] = lambda _: None


def _silence_the_overview(state: Document) -> None:
    state["organizations"]["fabrikam"]["overview"] = {}


SCENES = (
    Scene("works", "contoso", "make-believe-contoso-profile"),
    Scene("overview-only", "fabrikam", "make-believe-fabrikam"),
    Scene("overview-silent", "fabrikam", "make-believe-fabrikam", _silence_the_overview),
    Scene("hint", "northwind", None),
    Scene("bad-token", "contoso", BAD),
    Scene("bad-token-page", "tailspin", BAD),
    Scene("unknown", UNKNOWN, BAD),
    Scene("no-permission", "contoso", "make-believe-contoso-nothing"),
    Scene("disagree", "adventure-works", "make-believe-adventure-works"),
    Scene("unknown-region", "wingtip", "make-believe-wingtip"),
)


def make_believe(token: str | None) -> Credential:
    if token is None:
        raise NoDevOpsCredential("nobody is signed in")
    return Credential.basic("the PAT in AZURE_DEVOPS_EXT_PAT", token)


def record_sandbox(folder: Path) -> Iterator[str]:
    for scene in SCENES:
        with serve(world="contoso") as sandbox:
            with sandbox.edit() as state:
                scene.change(state)
            session = Session(partial(make_believe, scene.token), sandbox.devops_url, sandbox.identity_url)
            with _recording(folder / f"{scene.cassette}.yaml", _real(session)):
                yield f"{scene.cassette}: {_outcome(session, scene.organization)}"


def record_tenant(folder: Path, organization: str, own: Credential, devops: str, identity: str) -> Iterator[str]:
    organization = parse_name(organization, devops)
    scenes = (
        ("works", organization, lambda: own),
        ("hint", organization, partial(make_believe, None)),
        ("bad-token", organization, partial(make_believe, BAD)),
        ("unknown", UNKNOWN, lambda: own),
    )
    names = {scene.cassette: scene.organization for scene in SCENES}
    for cassette, name, find in scenes:
        session = Session(find, devops, identity)
        with _recording(folder / f"{cassette}.yaml", _real(session) | {f"/{name}/": f"/{names[cassette]}/"}):
            yield f"{cassette}: {_outcome(session, name)}"


def _real(session: Session) -> dict[str, str]:
    return {session.devops: DEVOPS, session.identity: IDENTITY}


@contextmanager
def _recording(path: Path, addresses: dict[str, str]) -> Iterator[None]:
    path.unlink(missing_ok=True)
    recorder = vcr.VCR(
        record_mode="all",
        decode_compressed_response=True,
        before_record_request=lambda found: scrub.request(found, addresses),
        before_record_response=lambda found: scrub.response(found, addresses),
    )
    with recorder.use_cassette(str(path)):
        yield


def _outcome(session: Session, organization: str) -> str:
    try:
        found = RestOrganizations(session, ATLAS).look_up(organization)
    except NetcfgError as error:
        return f"{type(error).__name__}: {error}"
    return ", ".join(f"{each.witness.value} {each.field}={each.text}" for each in found.evidence)


def main() -> None:
    parser = argparse.ArgumentParser(prog="record-cassettes", description=__doc__)
    parser.add_argument("--organization", help="an organization of Azure DevOps, instead of the sandbox")
    parser.add_argument("--into", type=Path, default=CASSETTES, help="the folder for the cassettes")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    try:
        if options.organization:
            own = find_credential(os.environ, None)
            outcomes = record_tenant(options.into, options.organization, own, DEVOPS, IDENTITY)
        else:
            outcomes = record_sandbox(options.into)
        for each in outcomes:
            print(each)  # noqa: T201
    except NetcfgError as error:
        parser.exit(error.status, f"record-cassettes: {error}\n")


if __name__ == "__main__":
    main()
