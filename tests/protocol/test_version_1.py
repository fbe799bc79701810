"""Frames as protocol 1 wrote them still read: findings hold them for ever."""

import pytest

from protocol.worker.frames import FRAME

pytestmark = pytest.mark.core

START = """{"kind":"start","seq":0,"protocol":1,"request":{"kind":"generate","model":"tiny","prompt":"Who is Batkin?",
"format":"chat","entity":{"start":7,"end":13},"sweeps":[{"target":{"kind":"latent","dictionary":"d","latent":4},
"mode":"add","unit":"residual_norm","scope":"entity_to_end","strengths":[0.5]}],"controls":{"n_directions":32,"seed":0},
"watch":[{"kind":"latent","dictionary":"d","latent":4}],"max_new_tokens":32},"request_sha256":"ab","model":{"id":"tiny",
"sha256":"cd","dtype":"float32","device":"cpu"},"dictionaries":[],"tokens":[{"id":2,"text":"<bos>","role":"bos"}],
"entity":{"start":1,"end":2,"text":"Batkin","found":"capitals"},"watched":[],"sweeps":[{"role":"known","label":"Known",
"layer":3,"paper_layer":4,"norm":1.0,"residual_norm":44.0,"positions":[1]}],"arms":[{"sweep":null,"strength":0.0,
"alpha":0.0},{"sweep":0,"strength":0.5,"alpha":22.0}]}"""
PROMPT = """{"kind":"prompt","seq":1,"arms":[{"activations":[[0.0]],"refusal_logodds":1.5,"top":[{"id":5,"text":"I",
"prob":0.9,"opens_refusal":true}]}],"fvu":[0.2]}"""
STEP = """{"kind":"step","seq":2,"step":0,"tokens":[{"arm":0,"id":5,"text":"I","logprob":-0.1}],"readings":[{"arm":0,
"activations":[1.0]}]}"""
VERDICT = """{"kind":"verdict","seq":3,"arm":0,"text":"I'm sorry.","outcome":"refused","rule":"refusal phrase",
"phrase":"i'm sorry"}"""


@pytest.mark.parametrize("line", [START, PROMPT, STEP, VERDICT], ids=["start", "prompt", "step", "verdict"])
def test_a_frame_of_version_1_still_reads(line: str) -> None:
    frame = FRAME.validate_json(line)
    assert frame.kind in line
    if frame.kind == "start":
        assert not frame.request.hold and frame.request.sampling.temperature == 0 and not frame.arms[1].held
