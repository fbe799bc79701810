"""What was answered whole is told again, and nothing else."""

from collections.abc import Generator

import pytest

from model_worker.finished_answers import FinishedAnswers
from protocol.refusal import Refused
from protocol.worker.circuits import CircuitRequest
from protocol.worker.frames import Done, Frame

ONE, OTHER = (CircuitRequest(model="m", prompt=prompt) for prompt in ("one", "other"))


def counting(made: list[int], n: int = 3) -> Generator[Frame | None]:
    made.append(n)
    for seq in range(n):
        yield None
        yield Done(seq=seq, elapsed_s=len(made), n_tokens=0)


def test_the_same_request_is_answered_by_the_same_frames() -> None:
    answers, made = FinishedAnswers(10_000), []
    first = [frame for frame in answers.answer(ONE, lambda: counting(made)) if frame]
    assert list(answers.answer(ONE, lambda: counting(made))) == first
    assert len(made) == 1
    list(answers.answer(OTHER, lambda: counting(made)))
    assert len(made) == 2


def test_an_answer_that_was_left_or_refused_is_made_anew() -> None:
    answers, made = FinishedAnswers(10_000), []
    left = answers.answer(ONE, lambda: counting(made))
    next(left)
    left.close()

    def refuses() -> Generator[Frame | None]:
        raise Refused(422, "no", "This asked.", "That is allowed.", "Change it.")
        yield None

    with pytest.raises(Refused):
        list(answers.answer(ONE, refuses))
    assert answers.n_bytes == 0
    list(answers.answer(ONE, lambda: counting(made)))
    assert len(made) == 2


def test_they_take_no_more_than_their_budget() -> None:
    answers, made = FinishedAnswers(400), []
    for n in range(9):
        list(answers.answer(CircuitRequest(model="m", prompt=f"{n}"), lambda: counting(made)))
        assert answers.n_bytes <= 400
    list(answers.answer(CircuitRequest(model="m", prompt="8"), lambda: counting(made)))
    list(answers.answer(CircuitRequest(model="m", prompt="0"), lambda: counting(made)))
    assert len(made) == 10
