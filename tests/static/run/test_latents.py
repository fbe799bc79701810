"""Active latents as the page unpacks them, beside the frames of the model that ships."""

import pytest

from model_worker.engine import Engine
from protocol.steering import Sweep
from protocol.worker.requests import ReadLatents
from tests.active_latents import decoded
from tests.model_worker.driving import answer, request_for
from tests.static.javascript import JavaScript

ACTIVE = "tests/static/run/active.js"
PROMPT = "What sport does Michael Batkin play?"


def test_active_latents_are_those_that_the_frames_say_and_a_steered_prompt_begins_as_the_baselines(
    javascript: JavaScript, embedded_engine: Engine
) -> None:
    card = embedded_engine.loaded.card
    ids = [dictionary.id for dictionary in card.dictionaries]
    known = card.directions[0]
    sweep = Sweep(target=known.target, unit=known.unit, scope=known.scope, strengths=(1.25,))
    read = (ReadLatents(dictionary=ids[0], top=5), ReadLatents(dictionary=ids[3]))
    request = request_for(embedded_engine.loaded, prompt=PROMPT, sweeps=(sweep,), read=read, watch=())
    frames = [frame.model_dump(mode="json") for frame in answer(embedded_engine, request)]
    told = javascript.call(ACTIVE, "active", frames, [ids[0], ids[3], ids[1]])
    by_frames = decoded(frames)
    tokens = next(frame for frame in frames if frame["kind"] == "start")["tokens"]
    began = min(by_frames[1, ids[3]])
    assert 0 < began < len(tokens), "the second arm is steered from the name on"
    for dictionary, arms in zip((ids[0], ids[3]), told, strict=False):
        for arm, places in enumerate(arms):
            own, baseline = by_frames.get((arm, dictionary), {}), by_frames[0, dictionary]
            for pos, active in enumerate(places):
                expected = own.get(pos, baseline[pos] if pos < len(tokens) else None)
                if expected is None:
                    assert active is None
                    continue
                assert [latent for latent, _ in active] == [latent for latent, _ in expected]
                assert [value for _, value in active] == pytest.approx([value for _, value in expected])
    assert max(len(active) for active in told[0][0]) == 5
    smallest = by_frames[0, ids[0]][5][-1][1]
    absent = [javascript.call(ACTIVE, "silent", frames, id, 5) for id in (ids[0], ids[3])]
    assert absent == [{"value": pytest.approx(smallest), "atMost": True}, {"value": 0, "atMost": False}]
    assert all(active is None for arm in told[2] for active in arm), "a dictionary that was not read says nothing"
