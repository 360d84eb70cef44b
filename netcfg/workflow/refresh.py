"""Refresh: fetch what is published, believe it only when it is plausible, and keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from netcfg.core.errors import NetcfgError
from netcfg.core.guards import Acceptance
from netcfg.core.ranges import Catalogue, Edition, is_to_come
from netcfg.core.refresh import Failure, Judgement, Refreshed, disagreements, judge
from netcfg.workflow.collaborators import Place, Progress


def refresh(
    places: Sequence[Place],
    catalogue: Catalogue,
    acceptances: Iterable[Acceptance],
    today: date,
    progress: Progress,
    *,
    check_only: bool = False,
    shown: Callable[[], date | None] = lambda: None,
) -> Refreshed:
    """Fetch from every place side by side, judge each edition against what is known, and keep the good ones.

    One place that fails leaves the last good edition where it is, and stops no other. `shown` is the day that the
    publishers' answers show, once there are any: nothing is confirmed for a later one, whatever this machine's clock
    says.
    """
    accepted = tuple(acceptances)
    judgements: list[Judgement] = []
    failures: list[Failure] = []
    with ThreadPoolExecutor(max(len(places), 1)) as pool:
        fetched = [(place, pool.submit(_fetch, place, progress)) for place in places]
    theirs = shown() or today
    notes = [_ahead(today, theirs)] if is_to_come(today, theirs) else []
    today = min(today, theirs)
    for place, future in fetched:
        try:
            judgement = judge(future.result(), catalogue, accepted, today, is_live=place.is_live)
            if judgement.is_kept and not check_only:
                place.keep(judgement.edition)
        except NetcfgError as error:
            failures.append(Failure(place.name, error))
        else:
            judgements.append(judgement)
            if judgement.is_kept:
                catalogue = Catalogue((*catalogue.editions, judgement.edition))
    return Refreshed(tuple(judgements), tuple(failures), (*notes, *disagreements(catalogue)), check_only)


def _ahead(today: date, theirs: date) -> str:
    clocks = f"the clock of this machine shows {today}, and the publishers' answers {theirs}"
    return f"{clocks}: what is still published is confirmed for the earlier day"


def _fetch(place: Place, progress: Progress) -> Edition:
    progress.step(f"asking {place.name}")
    return place.fetch()
