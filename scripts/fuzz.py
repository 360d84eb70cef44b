"""Coverage-guided fuzzing of the parsers of what is published: the documentation page, and the service tags.

Whatever is parsed gives an edition with nothing but what its inbound table or its tag holds, or a NetcfgError. The
inputs begin with what the sandbox publishes, and with published ones where such files lie beside the clone. Both
parsers run side by side; the exit status is 1 when either failed, and the input that did it is kept.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

TARGETS = ("page", "tags")
INSTRUMENTED = ["netcfg.core", "netcfg.sources", "markdown_it", "html.parser", "_markupbase"]
LONGEST = 65_536  # bytes of an input: the real ones have 25,000
SLOWEST = 20  # seconds for one input
_TAG_FILE = re.compile(rb'href="([^"]*ServiceTags_Public_\d{8}\.json)"')
_COVERAGE = re.compile(r"^#(\d+)\s.*\bcov: (\d+)", re.MULTILINE)


def originals() -> Iterator[tuple[str, bytes]]:
    """What the mutations begin with, each with the parser that it is for."""
    from netcfg.sandbox.server import serve
    from netcfg.sources.places import standing_in
    from tests.sources import samples

    yield "page", samples.PAGE.encode()
    yield "page", samples.RENDERED.encode()
    yield "tags", samples.as_bytes(samples.tag_file())
    with serve("moved") as sandbox:
        places = standing_in(sandbox.url)
        yield "page", _download(places.page_source)
        yield "page", _download(places.rendered_page)
        for link in _TAG_FILE.findall(_download(places.download_pages[0])):
            yield "tags", _download(link.decode())
    for path in sorted((samples.SHARED / "pages").glob("*.md")):
        yield "page", path.read_bytes()
    for path in sorted((samples.SHARED / "service-tags").glob("*.json")):
        yield "tags", path.read_bytes()


def _download(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - the sandbox, on loopback
        content: bytes = answer.read()
        return content


def fuzz(target: str, corpus: Path, options: list[str]) -> None:
    """Feed one parser until the time is over, or it fails: this ends the process."""
    # In here, and in a process of its own, because it changes what is imported after it.
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.sources.held import SNIPPETS, check_page, check_tags

    check, mutate = {"page": (check_page, mutated_text), "tags": (check_tags, mutated_json)}[target]

    def mutator(content: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)  # noqa: S311 - a die, not a secret
        if dice.random() < 0.5:
            return bytes(atheris.Mutate(content, most))
        return mutate(content, dice, SNIPPETS)[:most]

    atheris.Setup([sys.argv[0], *options, str(corpus)], check, custom_mutator=mutator)
    atheris.Fuzz()


def mutated_text(content: bytes, dice: random.Random, snippets: Sequence[str]) -> bytes:
    """A piece is cut out, doubled, moved or put in, mostly whole lines: libFuzzer's own mutations break the layout."""
    lines = content.splitlines(keepends=True) or [b""]
    start, at = dice.randrange(len(lines)), dice.randrange(len(lines))
    piece = lines[start : start + dice.choice((1, 1, 2, 5, 20))]
    match dice.randrange(4):
        case 0:
            del lines[start : start + len(piece)]
        case 1:
            lines[at:at] = piece
        case 2:
            del lines[start : start + len(piece)]
            lines[at:at] = piece
        case _:
            spot = dice.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:spot] + dice.choice(snippets).encode() + lines[at][spot:]
    return b"".join(lines)


def mutated_json(content: bytes, dice: random.Random, snippets: Sequence[str]) -> bytes:
    """Something else in one place of the document: libFuzzer's own mutations are mostly no JSON."""
    with suppress(ValueError, RecursionError):
        document = json.loads(content)
        if spots := list(_spots(document)):
            container, key = dice.choice(spots)
            other, other_key = dice.choice(spots)
            match dice.randrange(4):
                case 0:
                    container.pop(key)
                case 1:
                    container[key] = json.loads(json.dumps(other[other_key]))
                case 2 if isinstance(container, list):
                    container.insert(key, json.loads(json.dumps(other[other_key])))
                case _:
                    container[key] = dice.choice((None, True, 0, -1, 1e400, "", "13", [], {}, *snippets))
            return json.dumps(document).encode()
    return mutated_text(content, dice, snippets)


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place inside `value`, as its container and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _spots(value[key])


def plant(into: Path) -> None:
    """A folder for each parser, with the originals; what reaches new code is added to it by the fuzzer."""
    for number, (target, content) in enumerate(originals()):
        folder = into / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"original-{number}").write_bytes(content)


def run(targets: Sequence[str], seconds: int, into: Path) -> int:
    """Each parser in a process of its own, side by side, because the fuzzer ends its process; how many failed."""
    processes = {}
    for target in targets:
        words = [sys.executable, "-P", __file__, "--seconds", str(seconds), "--only", target, "--corpus", str(into)]
        with (into / f"{target}.log").open("wb") as log:
            processes[target] = subprocess.Popen(words, stdout=log, stderr=log)
    return sum(_failed(target, process.wait(), into) for target, process in processes.items())


def _failed(target: str, status: int, into: Path) -> bool:
    log = (into / f"{target}.log").read_text(encoding="utf-8", errors="replace")
    *_, (inputs, reached) = [("0", "0"), *_COVERAGE.findall(log)]
    print(f"{target}: {int(inputs):,} inputs, {reached} places of the code reached, ", end="")
    if status == 0:
        print("nothing found")
        return False
    print(f"failed; see {into / target}.log")
    for path in sorted(into.glob(f"{target}-*")):
        print(f"  once more: scripts/fuzz --only {target} --input {path}")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="how long the parsers are fed; default 60")
    parser.add_argument("--only", choices=TARGETS, help="one of the two parsers")
    parser.add_argument("--input", type=Path, help="check this one input, which an earlier run kept; needs --only")
    parser.add_argument("--into", type=Path, help="keep inputs and logs here, and begin with what is here already")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)  # of the process that feeds one parser
    options = parser.parse_args()
    if (options.input or options.corpus) and not options.only:
        parser.error("--input needs --only")
    if options.input:
        from tests.sources.held import check_page, check_tags

        print({"page": check_page, "tags": check_tags}[options.only](options.input.read_bytes()) or "an error")
        return 0
    if options.corpus:
        limits = [f"-max_total_time={options.seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}"]
        kept = f"-artifact_prefix={options.corpus}/{options.only}-"
        fuzz(options.only, options.corpus / options.only, [*limits, "-rss_limit_mb=2048", kept])
    into = options.into or Path(tempfile.mkdtemp(prefix="netcfg-fuzz-"))
    plant(into)
    failed = run([options.only] if options.only else TARGETS, options.seconds, into)
    if not failed and options.into is None:
        shutil.rmtree(into)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
