"""The base model answers beside the chat model, as transformers' own does, and neither notices the other."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from protocol.refusal import Refused
from protocol.worker.replay import AnswerTokens, ReplayRequest
from tests.model_worker.driving import answer, answers, ids_of, of_kind, request_for

OPENING = "The movie Titanic was directed by"


@pytest.fixture(scope="module")
def engine(embedded: Loaded) -> Engine:
    return Engine(embedded, row=read_row(card_folders()[0]))


def asked(loaded: Loaded, form: str, **changes):
    return request_for(loaded, prompt=OPENING, format=form, max_new_tokens=6, **changes)


def test_the_base_reads_a_text_on_as_transformers_own_does(engine: Engine, embedded: Loaded) -> None:
    frames = answer(engine, asked(embedded, "base", sweeps=()))
    start = frames[0]
    assert embedded.card.base is not None
    own = AutoModelForCausalLM.from_pretrained(card_folders()[0] / embedded.card.base, attn_implementation="eager")
    ids = torch.tensor([[token.id for token in start.tokens]])
    with torch.no_grad():
        wanted = own.generate(ids, max_new_tokens=6, do_sample=False)[0, ids.shape[1] :].tolist()
    found = ids_of(frames, 0)
    assert found == wanted[: len(found)] and found
    assert start.model.id == f"{embedded.card.id}, base" and start.model.sha256 != embedded.sha256


def test_it_is_steered_and_controlled_like_the_chat_model(engine: Engine, embedded: Loaded) -> None:
    request = asked(embedded, "base")
    request = request.model_copy(update={"controls": request.controls.model_copy(update={"n_directions": 2})})
    frames = answer(engine, request)
    assert len(of_kind(frames, "verdict")) == 4 and len(of_kind(frames, "control")) == 3
    assert frames[-1].kind == "done"


def test_both_at_once_say_what_each_says_alone(engine: Engine, embedded: Loaded) -> None:
    requests = [asked(embedded, form) for form in ("base", "raw")]
    alone = [answer(engine, request) for request in requests]
    together = answers(engine, *requests)
    for one, other in zip(alone, together, strict=True):
        assert [ids_of(one, arm) for arm in range(4)] == [ids_of(other, arm) for arm in range(4)]
    assert alone[0][0].tokens == alone[1][0].tokens


def test_a_recording_of_the_base_is_replayed_by_the_base(engine: Engine, embedded: Loaded) -> None:
    frames = answer(engine, asked(embedded, "base", sweeps=()))
    recorded = (AnswerTokens(arm=0, ids=tuple(ids_of(frames, 0))),)
    again = list(filter(None, _driven(engine, ReplayRequest(run=frames[0].request, answers=recorded))))
    assert not of_kind(again, "departure") and ids_of(again, 0) == ids_of(frames, 0)
    assert again[0].model == frames[0].model


def test_a_card_without_a_base_refuses_before_the_first_frame(embedded: Loaded) -> None:
    with pytest.raises(Refused, match="names none"):
        next(Engine(embedded).generate(asked(embedded, "base")))


def _driven(engine: Engine, request: ReplayRequest):
    for frame in engine.replay(request):
        yield frame
        engine.advance()
