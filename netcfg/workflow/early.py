"""Organizations that are looked up while something else keeps us waiting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread

from netcfg.core.geography import Organization


class EarlyOrganizations:
    """Organizations, each of which is looked up once, by whoever asks or expects to ask first."""

    def __init__(self, look_up: Callable[[str], Organization]) -> None:
        self._look_up = look_up
        self._lock = Lock()
        self._answers: dict[str, Future[Organization]] = {}

    def expect(self, organization: str) -> None:
        """Begin to look the organization up."""
        self._begin(organization)

    def look_up(self, organization: str) -> Organization:
        """The organization with what is known of its geography; none at all is an error."""
        return self._begin(organization).result()

    def _begin(self, organization: str) -> Future[Organization]:
        mine: Future[Organization] = Future()
        with self._lock:
            answer = self._answers.setdefault(organization.casefold(), mine)
        if answer is mine:
            # Not a pool: its threads keep the process from ending, and whoever expected the answer may not need it.
            Thread(target=self._ask, args=(organization, mine), name="netcfg-organization", daemon=True).start()
        return answer

    def _ask(self, organization: str, answer: Future[Organization]) -> None:
        try:
            answer.set_result(self._look_up(organization))
        except BaseException as error:  # noqa: BLE001 - raised again for whoever asks
            answer.set_exception(error)
