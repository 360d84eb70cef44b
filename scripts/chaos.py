"""Chaos: netcfg does its work while everything goes wrong, and whatever comes, nothing may be lost or left open.

A schedule is drawn from its seed: what a vault holds, up to four commands, faults, somebody else who changes the vault
between any two requests, and the request at which the run is killed. It is played in this process, without sockets and
without waiting, and every write is judged as the sandbox does it (scripts/disorder/watch.py says by what). In the end
the faults are taken away: one more run has to arrive, and the next has to find nothing to do.

  scripts/chaos --runs 10000           schedules of seeds 0 to 9999, on all processors
  scripts/chaos --seed 1836            one of them, told step by step; and shorter, if it goes wrong
  scripts/chaos --rounds 20            fleets of sixty vaults, by real processes that real signals end and kill
  scripts/chaos --window 500           how long a vault is out of sight between the last look and the write
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

if __name__ == "__main__" and os.environ.get("PYTHONHASHSEED") != "0":
    # The order of a set is drawn anew in every process, and a seed has to tell the same story in all of them.
    os.execve(sys.executable, sys.orig_argv, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606 - this very script

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.disorder import fleets, window  # noqa: E402 - the clone is found first
from scripts.disorder.play import play  # noqa: E402
from scripts.disorder.shrink import shrink  # noqa: E402
from scripts.disorder.tally import Tally  # noqa: E402

SHARE = 50  # schedules that a worker plays before it tells of them


def play_some(first: int, count: int) -> Tally:
    """The tally of so many schedules."""
    tally = Tally()
    for seed in range(first, first + count):
        tally.add(play(seed))
    return tally


def run(first: int, count: int, workers: int) -> Tally:
    """All schedules, with a line now and then of how far it is."""
    whole, begun = Tally(), time.monotonic()
    shares = [(seed, min(SHARE, first + count - seed)) for seed in range(first, first + count, SHARE)]
    for number, tally in enumerate(_played(shares, workers), 1):
        whole.join(tally)
        if number % 20 == 0 or tally.wrong:
            seconds = time.monotonic() - begun
            print(
                f"{whole.schedules:>7,} of {count:,} in {seconds:,.0f} s: {len(whole.wrong)} went wrong"
                + "".join(f", seed {seed}" for seed in sorted(tally.wrong)),
                file=sys.stderr,
                flush=True,
            )
    return whole


def _played(shares: list[tuple[int, int]], workers: int) -> Iterator[Tally]:
    if workers == 1:
        yield from (play_some(*each) for each in shares)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(play_some, *zip(*shares, strict=True))


def tell(seed: int) -> bool:
    """One schedule step by step, and the shortest that goes wrong in the same way; whether it does."""
    played = play(seed)
    print("\n".join(played.story))
    if not played.wrongs:
        print("nothing went wrong")
        return False
    shorter = shrink(played)
    left_out = len(shorter.schedule.without)
    print(f"\nthe shortest that goes wrong in the same way ({left_out} things left out):")
    print("\n".join(shorter.story))
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, metavar="N", help="play so many schedules")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="tell one schedule; with --runs or --rounds the first one"
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes; all processors"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="fleets by real processes")
    parser.add_argument("--seconds", type=float, default=600, help="no round begins after that many")
    parser.add_argument("--world", default=fleets.WORLD, help="of the fleets")
    parser.add_argument("--window", type=int, metavar="N", help="measure so many applies")
    options = parser.parse_args()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as for whatever a shell starts in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if options.window:
        window.measure(options.window)
        return
    if options.rounds:
        raise SystemExit(
            1 if fleets.play_rounds(options.seed or 0, options.rounds, options.seconds, options.world) else 0
        )
    if options.runs:
        tally = run(options.seed or 0, options.runs, options.workers)
        print("\n".join(tally.lines()))
        raise SystemExit(1 if tally.wrong else 0)
    if options.seed is None:
        parser.error("say --runs N, --seed N, --rounds N or --window N")
    raise SystemExit(1 if tell(options.seed) else 0)


if __name__ == "__main__":
    main()
