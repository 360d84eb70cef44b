"""The file that holds a configuration, read whole and once."""

from __future__ import annotations

from pathlib import Path

from netcfg.core.errors import ConfigurationUnreadable

LONGEST = 1 << 18  # more than 2,000 vaults with what is meant for each; it takes a second or two to read


def read(file: str) -> str:
    """The text of a configuration, the same whatever its lines end with, which is Git's to choose. Whatever keeps us
    from it is an error: what cannot be read is not absent."""
    path = Path(file)
    try:
        if path.is_dir():
            raise ConfigurationUnreadable(file, "it is a folder", "name a file")
        with path.open("rb") as stream:
            content = stream.read(LONGEST + 1)
    except FileNotFoundError:
        raise ConfigurationUnreadable(
            file, "it is not there", "check the name, or write one with 'netcfg init'"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationUnreadable(file, reason, "check who may read it") from error
    if len(content) > LONGEST:
        raise ConfigurationUnreadable(file, f"it is longer than {LONGEST:,} bytes", "write several, one for each run")
    try:
        return content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationUnreadable(file, f"line {line} is not UTF-8", "save it as UTF-8") from None
