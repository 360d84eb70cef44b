"""Tokens that may turn up nowhere: those that the tests have, the shapes they might come in, and where to look.

The whole suite runs with tokens in its environment that nothing needs, and against sandboxes whose tokens all begin
alike, and whose secrets all have one value. What a test prints, logs and leaves in its folders is searched for them:
the conftest beside this file sees to it. What it sends away, packs, or writes elsewhere is not.
"""

import base64
import logging
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# What a careless line of code could print along with everything else that is in the environment.
ENVIRONMENT = {
    "AZURE_DEVOPS_EXT_PAT": "plantedPat7Zk3vQx9+aB4/cD8eF1gH6iJ2kL5mN0oP",
    "SYSTEM_ACCESSTOKEN": "plantedJob5Rt8wYp2+uV7/xW3zA9bC4dE6fG1hJ0kM",
    "AZURE_CLIENT_SECRET": "plantedSecret4Mn~7.bV2-cX9_zL5kJ8hG3fD1sA6q",
}

# What every secret of a sandbox's vaults is. netcfg never asks for one.
VALUE = "makeBelieve5Tq8Zr2w"

# So much of a token is searched for: its first letters and digits, which no format writes otherwise, whatever it makes
# of the rest, and which are still there where somebody has cut it. (A line may break within them.)
RUN = 16

# A sandbox's token is a JWT whose head is always this, and whose claims always begin so.
_HEAD = b'{"alg": "none", "typ": "JWT"}'
_CLAIMS = b'{"aud": "'


def _in_the_middle(secret: bytes) -> Iterator[bytes]:
    """What the base64 of anything with `secret` in it always has, wherever in it the secret begins."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret)
        yield whole[math.ceil(before * 8 / 6) : (before + len(secret)) * 8 // 6]


def _shapes(secret: bytes) -> set[bytes]:
    hidden = set(_in_the_middle(secret))
    of_addresses = {each.translate(bytes.maketrans(b"+/", b"-_")) for each in hidden}
    figures = secret.hex()
    wide = secret.decode().encode("utf-16-le")
    return {secret, figures.encode(), figures.upper().encode(), wide} | hidden | of_addresses


def _sandbox_shapes() -> set[bytes]:
    head, claims = (base64.urlsafe_b64encode(each).rstrip(b"=") for each in (_HEAD, _CLAIMS))
    return {claims} | _shapes(head)


SHAPES = frozenset(_sandbox_shapes().union(*(_shapes(each[:RUN].encode()) for each in (*ENVIRONMENT.values(), VALUE))))

LONGEST = 1 << 26  # bytes of a file that are looked at; only what is made to be too long has more

# What any credential looks like that somebody real has, each with a part that it cannot be without; a make-believe one
# is written so that it does not.
_REAL = (
    (b"eyJ", re.compile(rb"eyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}")),  # a JWT
    (b"AZDO", re.compile(rb"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}")),  # a personal access token of today
    (b"", re.compile(rb"\b[a-z2-7]{52}\b")),  # and of the years before
    (b"Q~", re.compile(rb"[\w~.-]{3}\dQ~[\w~.-]{31,34}")),  # the secret of an application
    (b"PRIVATE KEY", re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    (b"sig=", re.compile(rb"[?&]sig=[\w%]{40,}")),  # the signature of a shared access
    (b"uthorization", re.compile(rb"uthorization['\"]?:[\s'\"\[-]*(?:[Bb]earer|[Bb]asic)\s+[\w+/=.-]{16,}")),
)


def real_in(content: bytes) -> list[bytes]:
    """What looks like a credential of somebody real."""
    return [found[0] for part, shape in _REAL if part in content for found in shape.finditer(content)]


def shape_in(written: bytes | str | None) -> bytes | None:
    """The first shape of a token that is in what was written."""
    content = written.encode("utf-8", "surrogateescape") if isinstance(written, str) else written or b""
    return next((each for each in SHAPES if each in content), None)


def files_with_tokens(folder: Path) -> Iterator[Path]:
    """The files beneath `folder`, by name or content; what was installed into it, the sandbox and its secret among it,
    is no output of ours."""
    for path in sorted(folder.rglob("*")):
        if "site-packages" in path.parts or path.match("netcfg/sandbox/keyvault/*"):
            continue
        if shape_in(path.name) or (path.is_file() and not path.is_symlink() and shape_in(_content(path))):
            yield path


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST)
    except OSError:  # a test about files that nobody may read
        return b""


class Found:
    """What was found since somebody last asked: where, and the beginning of which shape."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self.seen: set[Path] = set()

    def look(self, where: str, *written: bytes | str | None) -> None:
        """Look at what was written there."""
        for each in written:
            if shape := shape_in(each):
                self._found.append(f"{where} has a token, as {shape[:12].decode(errors='replace')}…")

    def look_beneath(self, folders: Iterable[Path]) -> None:
        """Look at every file of the folders."""
        for folder in folders:
            self.seen.add(folder)
            self._found += [f"the file {path} has a token" for path in files_with_tokens(folder)]

    def taken(self) -> list[str]:
        """What was found, once."""
        found, self._found = self._found, []
        return found


class Listener(logging.Handler):
    """Hears every record of the log that anybody writes, whatever its level."""

    def __init__(self, found: Found) -> None:
        super().__init__(logging.NOTSET)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.look(f"the log {record.name}", record.getMessage(), record.exc_text)


FOUND = Found()
