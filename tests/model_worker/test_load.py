"""A short sitting of what `make load` does for minutes."""

from collections.abc import Iterator

import pytest

from benchmarks.load.__main__ import CACHE_MIB, ready
from benchmarks.load.answers import Token, differs
from benchmarks.load.checks import Check
from benchmarks.load.drag import drag
from benchmarks.load.process import Worker, started
from benchmarks.load.vanish import vanish

SLACK = 5.0  # they wait about 0.4 s on two idle cores; other tests and jobs may share them


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with started("--prompt-cache-mib", CACHE_MIB) as worker:
        yield worker


def failed(checks: list[Check]) -> list[Check]:
    assert len(checks) > 10
    return [check for check in checks if not check.ok]


async def test_four_users_who_drag_get_their_last_texts_soon_and_right_and_leave_nothing(worker: Worker) -> None:
    card = await ready(worker)
    assert failed(await drag(worker, card, seconds=3, n_users=4, seed=1, n_compared=20, slack=SLACK)) == []


async def test_thirty_clients_who_vanish_at_any_moment_leave_nothing(worker: Worker) -> None:
    assert failed(await vanish(worker, await ready(worker), times=30, seed=1)) == []


@pytest.mark.core
def test_answers_may_differ_only_after_two_tokens_that_were_equally_likely() -> None:
    told = {(0, 0): [Token(5, 0.5), Token(6, 5e-5), Token(7, 0.5)]}
    assert not differs(told, {(0, 0): [Token(5, 0.5), Token(9, 4e-5), Token(8, 0.5), Token(1, 0.5)]})
    assert differs(told, {(0, 0): [Token(4, 0.5), Token(6, 5e-5), Token(7, 0.5)]})
    assert differs(told, {(0, 0): told[0, 0][:2]})
    assert differs(told, told | {(1, 0): []})
