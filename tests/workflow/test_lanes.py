"""Lanes: whatever the work, two that hold the same are never done at once, and everything is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.workflow.lanes import Aside, side_by_side
from tests.pace import beside

Holds = Sequence[Collection[str]]


class Witness:
    """Sees who is at work, and says when two are that may not be."""

    def __init__(self, holds: Holds) -> None:
        self.holds = [frozenset(each) for each in holds]
        self.lock = threading.Lock()
        self.at_work: set[int] = set()
        self.most = 0
        self.begun: list[int] = []
        self.faults: list[str] = []

    def enter(self, number: int) -> None:
        with self.lock:
            met = [each for each in self.at_work if self.holds[each] & self.holds[number]]
            self.faults += [f"{number} beside {each}" for each in met]
            self.at_work.add(number)
            self.most = max(self.most, len(self.at_work))

    def leave(self, number: int) -> None:
        with self.lock:
            self.at_work.remove(number)

    def work(self, number: int, aside: Aside, *, steps_aside: bool) -> int:
        with self.lock:
            self.begun.append(number)
        self.enter(number)
        time.sleep(0.0002)
        self.leave(number)
        if steps_aside:
            with aside():
                time.sleep(0.0002)
        self.enter(number)
        time.sleep(0.0002)
        self.leave(number)
        return -number


def run(holds: Holds, do: Callable[[int, Aside], int], most: int, stop: threading.Event | None = None) -> list[int]:
    work = list(range(len(holds)))
    return [done for _, done in side_by_side(work, do, lambda each: holds[each], most, stop or threading.Event())]


@settings(max_examples=60)
@given(
    st.lists(st.sets(st.sampled_from("abcd"), max_size=3), max_size=20), st.integers(1, 6), st.sets(st.integers(0, 19))
)
def test_two_that_hold_the_same_are_never_done_at_once_and_all_are_done_once(
    holds: Holds, most: int, waiting: set[int]
):
    witness = Witness(holds)
    done = run(holds, lambda each, aside: witness.work(each, aside, steps_aside=each in waiting), most)
    assert witness.faults == []
    assert sorted(done) == sorted(-each for each in range(len(holds)))
    assert witness.most <= most
    assert len(witness.begun) == len(set(witness.begun))


@settings(max_examples=60)
@given(st.lists(st.sets(st.sampled_from("abc"), max_size=2), max_size=20), st.integers(1, 6))
def test_those_that_hold_the_same_are_begun_in_their_order(holds: Holds, most: int):
    witness = Witness(holds)
    run(holds, lambda each, aside: witness.work(each, aside, steps_aside=False), most)
    for lane in "abc":
        begun = [each for each in witness.begun if lane in holds[each]]
        assert begun == sorted(begun)


def test_two_networks_of_many_vaults_are_not_kept_waiting_for_one_another():
    holds = ["a"] * 40 + ["b"] * 40
    meeting = threading.Barrier(2, timeout=10)

    def do(number: int, aside: Aside) -> int:
        meeting.wait()  # each needs one of the other network at work with it
        return number

    assert len(run(holds, do, 16)) == 80


def test_who_steps_aside_lets_the_next_of_its_lane_go():
    second = threading.Event()

    def do(number: int, aside: Aside) -> int:
        if number == 1:
            second.set()
        else:
            with aside():
                assert second.wait(10)
        return number

    assert sorted(run(["a", "a"], do, 2)) == [0, 1]


def test_who_comes_back_has_its_turn_before_those_that_were_not_begun():
    begun: list[str] = []

    def do(number: int, aside: Aside) -> int:
        begun.append(str(number))
        if number == 0:
            with aside():
                pass
            begun.append("0 again")
        return number

    run(["a"] * 4, do, 1)
    assert begun == ["0", "0 again", "1", "2", "3"]


@given(st.integers(0, 11), st.integers(1, 4))
@settings(max_examples=30)
def test_once_it_is_to_stop_nothing_new_begins_and_what_was_begun_is_done(moment: int, most: int):
    stop, begun, lock = threading.Event(), [], threading.Lock()

    def do(number: int, aside: Aside) -> int:
        with lock:
            begun.append(number)
            if len(begun) == moment + 1:
                stop.set()
        return number

    done = run([()] * 12, do, most, stop)
    assert sorted(done) == sorted(begun)
    assert moment + 1 <= len(done) <= moment + most


def test_what_nobody_expected_is_raised_when_the_others_that_were_begun_are_done():
    done: list[int] = []
    both = threading.Barrier(2, timeout=10)

    def do(number: int, aside: Aside) -> int:
        both.wait()
        if number == 0:
            raise RuntimeError("a bug")
        time.sleep(0.05)
        done.append(number)
        return number

    with pytest.raises(RuntimeError, match="a bug"):
        run([()] * 10, do, 2)
    assert done == [1]


@settings(max_examples=40)
@given(
    st.lists(st.sets(st.sampled_from("abc"), max_size=2), min_size=1, max_size=16),
    st.integers(1, 6),
    st.sets(st.integers(0, 15), min_size=1),
    st.sets(st.integers(0, 15)),
    st.booleans(),
)
def test_whoever_has_a_bug_nobody_waits_for_ever(
    holds: Holds, most: int, bugs: set[int], waiting: set[int], comes_aside: bool
):
    witness = Witness(holds)

    def do(number: int, aside: Aside) -> int:
        if number in bugs and comes_aside:
            with aside():
                raise RuntimeError("a bug")
        witness.work(number, aside, steps_aside=number in waiting)
        if number in bugs:
            raise RuntimeError("a bug")
        return number

    if bugs.isdisjoint(range(len(holds))):
        beside(lambda: run(holds, do, most))
    else:
        with pytest.raises(RuntimeError, match="a bug"):
            beside(lambda: run(holds, do, most))
    assert witness.faults == []
    assert witness.at_work == set()


def test_when_nobody_takes_the_results_any_more_nothing_new_begins():
    begun: list[int] = []

    def do(number: int, aside: Aside) -> int:
        begun.append(number)
        time.sleep(0.01)
        return number

    results = side_by_side(range(50), do, lambda each: "a", 4, threading.Event())
    next(results)
    results.close()
    time.sleep(0.05)
    assert len(begun) <= 3


def test_ten_thousand_that_share_two_networks_are_handed_out_quickly():
    began = time.process_time()
    assert len(run(["a", "b"] * 5000, lambda number, aside: number, 16)) == 10000
    assert time.process_time() - began < 5
