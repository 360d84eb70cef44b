"""Commands that can be pasted into a shell, whatever is in their words, and be read whole wherever they are shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

# What no format may show as it is: runners obey `##` and `::`, and whatever is no plain letter may look like another
# one or like nothing. A format that took such a word apart to be safe would show a command about something else.
_UNSHOWABLE = re.compile(r"[^ -~]|##|::")


def quote(word: str) -> str:
    r"""The word as bash, zsh and ksh read it, in plain ASCII: `two words` as `'two words'`, `##` as `$'\x23\x23'`."""
    if not _UNSHOWABLE.search(word):
        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, _bytes(word)))}'"


def join(words: Iterable[str]) -> str:
    """The command that these words make."""
    return " ".join(map(quote, words))


def _bytes(word: str) -> bytes:
    """The word as the system hands it to a program; half of a pair of surrogates, which JSON may hold, too.

    No word of a command can hold a NUL, and a shell would forget what comes after it: so another character stands for
    it, and such a command is about nothing that is there.
    """
    shown = word.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        return shown.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return shown.encode("utf-8", "surrogatepass")


def _escaped(byte: int) -> str:
    is_plain = 0x20 <= byte < 0x7F and chr(byte) not in "'\\#:"
    return chr(byte) if is_plain else f"\\x{byte:02x}"
