"""What can be asked: one prompt or two, other bases, targets, places of the answer, what is held, the base model."""

import pytest
import torch

from model_worker.circuits.circuit import circuit
from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.inquiry import read_inquiry
from model_worker.circuits.rule import PLAIN
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget
from protocol.worker.circuits import CircuitRequest, ReadTarget, TokensTarget
from protocol.worker.frames import Frame
from protocol.worker.requests import Controls, GenerateRequest
from tests.model_worker.circuits.test_gradients import JORDAN
from tests.model_worker.driving import answer, of_kind

UNKNOWN = LatentTarget(dictionary="resid_post/layer_2_unknown", latent=1)
FEW = {"n_nodes": 24, "n_edges": 40, "n_checked": 12, "midpoints": 8, "n_controls": 0}


def first_frames(loaded: Loaded, last: str, **changed: object) -> list[Frame]:
    """Up to the first of kind `last`."""
    request = CircuitRequest.model_validate(JORDAN.model_dump() | FEW | {"model": loaded.card.id} | changed)
    frames = []
    for frame in circuit(loaded, loaded.gemma, RoleBook(most=4), request):
        if frame is not None:
            frames.append(frame)
            if frame.kind == last:
                break
    return frames


def nodes_of(frames: list[Frame]) -> list:
    return [node for frame in of_kind(frames, "nodes") for node in frame.nodes]


@pytest.mark.parametrize("basis", ["latents", "neurons"])
def test_one_prompt_alone_has_a_circuit(embedded: Loaded, basis: str) -> None:
    frames = first_frames(embedded, "edges", beside=None, basis=basis)
    assert len(frames[0].sides) == 1
    assert {node.b for node in nodes_of(frames)} == {None}
    checked, edges = of_kind(frames, "checked")[-1], of_kind(frames, "edges")
    assert checked.in_a
    assert checked.in_b == ()
    assert {frame.side for frame in edges} == {"a"}
    assert {node.kind for node in nodes_of(frames)} <= {"mlp"} if basis == "neurons" else {"sae", "error"}


def test_a_random_model_has_a_circuit_of_the_layers_that_are_read(random_model: Loaded) -> None:
    """Two of four layers have a dictionary: the others count as error, and say so."""
    frames = first_frames(random_model, "edges")
    assert frames[0].without == (0, 3)
    assert [frame.layer for frame in of_kind(frames, "nodes")] == [2, 1]
    assert all(frame.unexplained < 1e-4 for frame in of_kind(frames, "edges"))
    gap = frames[0].sides[0].m - frames[0].sides[1].m
    assert all(abs(frame.total - gap) < 0.05 * abs(gap) for frame in of_kind(frames, "nodes"))


def test_a_latent_is_a_target(embedded: Loaded) -> None:
    """What it reads at the last token; nothing behind its layer counts."""
    target = ReadTarget(of=LatentTarget(dictionary="resid_post/layer_4", latent=5))
    frames = first_frames(embedded, "checked", target=target)
    assert frames[0].target.reads == "L4 #5"
    assert [frame.layer for frame in of_kind(frames, "nodes")] == [4, 3, 2, 1, 0]


def test_any_token_after_what_was_said_is_a_target(embedded: Loaded) -> None:
    frames = first_frames(embedded, "nodes", beside=None, said="This", target=TokensTarget())
    alone = first_frames(embedded, "nodes", beside=None, target=TokensTarget())
    side = frames[0].sides[0]
    assert side.n_said == 1
    assert side.tokens[-1].text == "This"
    assert [token.id for token in side.tokens[:-1]] == [token.id for token in alone[0].sides[0].tokens]
    assert frames[0].target.up.id == side.top[0].id != alone[0].target.up.id


def test_a_word_is_the_token_that_it_is_behind_a_space(embedded: Loaded) -> None:
    """The vocabulary has it with a space alone; without one it would be cut to its first letter."""
    asked = TokensTarget(up="basketball", against="football")
    target = first_frames(embedded, "circuit", beside=None, said="This player plays", target=asked)[0].target
    assert [target.up.text, target.against.text] == [" basketball", " football"]


def test_what_is_held_is_in_force(embedded: Loaded, embedded_engine: Engine) -> None:
    """As an answer's first token has it."""
    held = Held(target=UNKNOWN, scope="entity", mode="add", strength=1.0)
    frames = first_frames(embedded, "edges", beside=None, hold=(held,))
    asked = GenerateRequest(
        model=JORDAN.model, prompt=JORDAN.prompt, hold=(held,), max_new_tokens=1, controls=Controls(n_directions=0)
    )
    prompt = of_kind(answer(embedded_engine, asked), "prompt")[0]
    own = {token.id: token.prob for token in frames[0].sides[0].top}
    for token in prompt.arms[-1].top[:4]:
        assert own[token.id] == pytest.approx(token.prob, abs=1e-4)
    assert prompt.arms[0].top[0].id != prompt.arms[-1].top[0].id


def test_a_prompt_without_a_name_has_groups_by_place_alone(embedded: Loaded) -> None:
    """Nothing in a sum is “not recognised”, and no token of it is a name."""
    sums = {"prompt": "12 + 41 =", "beside": {"prompt": "12 + 45 ="}, "format": "base", "target": TokensTarget()}
    frames = first_frames(embedded, "arrows", **sums)
    assert {side.entity.found for side in frames[0].sides} == {"whole_prompt"}
    assert [column.place for column in frames[0].columns] == ["before"] * (len(frames[0].columns) - 1) + ["end"]
    groups = of_kind(frames, "groups")[-1]
    assert {group.role for group in groups.groups} == {"rest", "end_neither"} and groups.named_by == (0, 0)


def test_the_base_model_has_circuits_of_its_own(embedded: Loaded) -> None:
    engine = Engine(embedded, row=read_row(card_folders()[0]))
    request = CircuitRequest.model_validate(
        JORDAN.model_dump()
        | FEW
        | {"prompt": "Michael Jordan plays", "beside": None, "format": "base", "target": TokensTarget()}
    )
    frames = []
    for frame in engine.circuit(request):
        if frame is not None:
            frames.append(frame)
            if frame.kind == "checked":
                break
    assert frames[0].model.id.endswith(", base")
    assert {one.id for one in frames[0].dictionaries} <= {card.id for card in embedded.card.dictionaries}
    assert nodes_of(frames)


def test_a_swap_of_all_of_a_layer_is_the_other_prompt(embedded: Loaded) -> None:

    inquiry = read_inquiry(embedded, embedded.gemma, JORDAN)
    for layer in range(6):
        with torch.no_grad():
            x = inquiry.sides[1].residuals[layer].unsqueeze(0)
            assert inquiry.target(inquiry.a.run(x, first=layer + 1), PLAIN).item() == pytest.approx(
                inquiry.m[1], abs=1e-4
            )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"basis": "transcoder", "dictionaries": ("resid_post/layer_4",)}, "unknown_dictionary"),
        ({"dictionaries": ("transcoder/layer_4",)}, "unknown_dictionary"),
        ({"target": {"kind": "tokens", "up": "a", "against": "a"}}, "same_tokens"),
        ({"beside": {"prompt": "Tell me now what sport Michael Batkin plays!"}}, "not_aligned"),
        ({"beside": {"prompt": JORDAN.prompt}}, "same_prompts"),
        ({"beside": {"prompt": f"  {JORDAN.prompt} "}}, "same_prompts"),
        ({"beside": {"prompt": JORDAN.prompt, "entity": {"start": 11, "end": 18}}}, "same_prompts"),
        ({"dictionaries": ("resid_post/layer_3_known", "chat_resid_post/layer_3")}, "two_dictionaries"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_the_first_frame(embedded: Loaded, changed: dict, code: str) -> None:
    with pytest.raises(Refused) as refused:
        first_frames(embedded, "circuit", **changed)
    assert refused.value.refusal.code == code
    assert refused.value.refusal.change


@pytest.mark.parametrize(
    ("prompts", "asked"),
    [
        (("Why is the sky blue?", "tell me now, is Bob blue?"), "before what differs"),
        ((JORDAN.prompt, "Tell me now what sport Michael Batkin plays!"), "before the name"),
    ],
)
def test_prompts_that_do_not_align_have_a_name_only_where_one_was_seen(
    embedded: Loaded, prompts: tuple[str, str], asked: str
) -> None:
    with pytest.raises(Refused) as refused:
        first_frames(embedded, "circuit", prompt=prompts[0], beside={"prompt": prompts[1]})
    assert asked in refused.value.refusal.asked
    assert ("their names may differ" in refused.value.refusal.allowed) == ("the name" in asked)
