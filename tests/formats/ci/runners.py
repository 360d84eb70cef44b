"""How the two runners read a line of a log, written down from what is known of them and not from our escaping."""

from __future__ import annotations

from dataclasses import dataclass, field
from unicodedata import category


@dataclass(frozen=True)
class Command:
    """What a runner takes from a line: what is to be done, with which values, and the text."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    message: str = ""


def azure_pipelines(output: str) -> list[Command]:
    """The agent of Azure Pipelines. What has no shape may be skipped where it looks for its sign."""
    return [each for line in output.splitlines() if (each := logging_command(seen(line)))]


def github(output: str) -> list[Command]:
    """GitHub's runner, which obeys the older form too."""
    return [each for line in output.splitlines() if (each := workflow_command(seen(line)))]


def logging_command(line: str) -> Command | None:
    start = line.lower().find("##vso")
    if start < 0:
        # The page that shows the log takes these for a heading, an error, a group.
        return Command("##[") if "##[" in line else None
    inside, closed, message = line[start:].removeprefix("##vso[").partition("]")
    assert closed, f"no end: {line}"
    name, _, rest = inside.partition(" ")
    values = dict(each.split("=", 1) for each in rest.split(";") if "=" in each)
    return Command(name, {key.lower(): _agent(value) for key, value in values.items()}, _agent(message))


def _agent(text: str) -> str:
    for code, plain in (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")):
        text = text.replace(code, plain)
    return text


def workflow_command(line: str) -> Command | None:
    trimmed = line.strip()
    if not trimmed.startswith("::"):
        return Command("##[") if "##[" in line else None
    inside, closed, message = trimmed[2:].partition("::")
    assert closed, f"no end: {line}"
    name, _, rest = inside.partition(" ")
    values = dict(each.split("=", 1) for each in rest.split(",") if "=" in each)
    return Command(name, {key: _property(value) for key, value in values.items()}, _data(message))


def _data(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _property(text: str) -> str:
    for code, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, plain)
    return text


def seen(line: str) -> str:
    return "".join(each for each in line if category(each) not in ("Cf", "Mn"))
