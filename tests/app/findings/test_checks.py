"""A check that takes long: it is answered soon how far it has come, and goes on by itself."""

import asyncio

import pytest

from app.clock import timestamp
from app.findings.checks import MOST_CHECKS, Arrived, Checks
from protocol.app.verify import Checking, Verification
from protocol.refusal import Refused


def test_a_long_check_says_how_far_it_has_come_and_is_one_for_all_who_ask() -> None:
    """A circuit's on the real model gave no answer within five minutes."""
    n_begun, end = 0, asyncio.Event()

    async def check(arrived: Arrived) -> Verification:
        nonlocal n_begun
        n_begun += 1
        arrived()
        arrived()
        await end.wait()
        return Verification(verdict="reproduced", checked=timestamp())

    async def asked() -> None:
        checks = Checks(answer_within_s=0.01)
        first, second = await asyncio.gather(*(checks.ask("Ab3", check, 30) for _ in range(2)))
        for told in (first, second):
            assert isinstance(told, Checking)
            assert (told.n_frames, told.n_recorded) == (2, 30)
        assert n_begun == 1
        end.set()
        answer = await checks.ask("Ab3", check, 30)
        assert isinstance(answer, Verification) and answer.verdict == "reproduced"
        assert n_begun == 1, "what came out meanwhile was kept for who asks again"
        await checks.ask("Ab3", check, 30)
        assert n_begun == 2

    asyncio.run(asked())


def test_no_more_checks_are_under_way_than_the_worker_has_room_for() -> None:
    async def check(_arrived: Arrived) -> Verification:
        await asyncio.Event().wait()
        raise AssertionError

    async def asked() -> None:
        checks = Checks(answer_within_s=0)
        for n in range(MOST_CHECKS):
            assert isinstance(await checks.ask(f"slug{n}", check, 1), Checking)
        with pytest.raises(Refused) as busy:
            await checks.ask("one more", check, 1)
        assert busy.value.status == 503
        checks.close()

    asyncio.run(asked())


def test_what_a_check_raises_is_raised_to_who_asks() -> None:
    async def check(_arrived: Arrived) -> Verification:
        raise Refused(410, "gone", "A finding was asked.", "It was taken back.", "Ask for another.")

    with pytest.raises(Refused, match="taken back"):
        asyncio.run(Checks().ask("Ab3", check, 1))
