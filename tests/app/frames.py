"""A small, valid recording, made with the protocol's own models. Knows nothing of any model."""

from protocol.canonical import sha256
from protocol.steering import LatentTarget, Sweep
from protocol.version import PROTOCOL
from protocol.worker import frames, study_frames
from protocol.worker.latent_frames import (
    FiresFound,
    Firing,
    LatentsFound,
    Lens,
    LensToken,
    NamesRead,
    Snippet,
    WritesFound,
)
from protocol.worker.models import DictionaryCard, DirectionCard, ModelCard, Watched
from protocol.worker.requests import GenerateRequest
from protocol.worker.studies import KnowledgeRequest, StudyRequest

TARGET = LatentTarget(dictionary="scripted-sae", latent=7)
REQUEST = GenerateRequest(
    model="scripted",
    prompt="What sport does Michael Batkin play?",
    sweeps=(Sweep(target=TARGET, strengths=(0.5, 1.0)),),
)
STUDY = KnowledgeRequest(model="scripted")
CARD = ModelCard(
    id="scripted",
    title="Scripted",
    note="Says what a test wrote down.",
    licence="none",
    weights="none",
    dtype="float32",
    n_layers=2,
    d_model=8,
    max_prompt_tokens=64,
    dictionaries=(DictionaryCard(id="scripted-sae", layer=1, source="none", d_sae=16, trained_on="base"),),
    directions=(
        DirectionCard(
            role="known",
            label="known entity",
            target=TARGET,
            scope="entity_to_end",
            strengths=(0.5, 1.0),
            evidence="none, this is a test",
        ),
    ),
    watch=(Watched(target=TARGET, role="unknown", label="unknown entity"),),
    residual_norm=(3.0, 4.0),
    refusal_openings=(" I",),
    examples=(),
)

REFUSAL = "I don't know who that is."
INVENTION = "He plays curling."


def recording(request: GenerateRequest = REQUEST, n_steps: int = 4) -> list[bytes]:
    """The lines of a whole stream: the baseline refuses, strength 1 of any sweep invents."""
    held = bool(request.hold)
    arms = (
        *(frames.Arm(sweep=None, strength=0.0, alpha=0.0, held=on) for on in (False, True)[: 1 + held]),
        *(
            frames.Arm(sweep=n, strength=strength, alpha=4 * strength, held=held)
            for n, sweep in enumerate(request.sweeps)
            for strength in sweep.strengths
        ),
    )
    used = frames.SteeringUsed(
        role="known", label="Known entity", layer=1, paper_layer=2, norm=1.0, residual_norm=4.0, positions=(1, 2)
    )
    reading = frames.PromptReading(
        activations=((0.0, 2.5, 3.25),),
        refusal_logodds=2.0,
        top=(frames.NextToken(id=5, text=" I", prob=0.88, opens_refusal=True),),
    )
    start = frames.Start(
        seq=0,
        protocol=PROTOCOL,
        request=request,
        request_sha256=sha256(request),
        model=frames.ModelUsed(id="scripted", sha256="0" * 64, dtype="float32", device="cpu"),
        dictionaries=(frames.DictionaryUsed(id="scripted-sae", layer=1, paper_layer=2, d_sae=16, sha256="0" * 64),),
        tokens=(
            frames.Token(id=1, text="<bos>", role="bos"),
            frames.Token(id=2, text="Michael", role="entity"),
            frames.Token(id=3, text=" Batkin", role="entity"),
        ),
        entity=frames.EntityTokens(start=1, end=3, text="Michael Batkin", found="capitals"),
        watched=(),
        held=(used,) * len(request.hold),
        sweeps=(used,) * len(request.sweeps),
        arms=arms,
    )
    said: list[frames.Frame] = [start, frames.Prompt(seq=1, arms=(reading,) * len(arms), fvu=(0.1,))]
    for step in range(n_steps):
        tokens = tuple(frames.NewToken(arm=arm, id=5, text=" word", logprob=-0.1) for arm in range(len(arms)))
        readings = tuple(frames.Reading(arm=arm, activations=(1.5,)) for arm in range(len(arms))) if step else ()
        said.append(frames.Step(seq=len(said), step=step, tokens=tokens, readings=readings))
    for arm in range(len(arms)):
        invents = arms[arm].strength == 1.0
        said.append(
            frames.Verdict(
                seq=len(said),
                arm=arm,
                text=INVENTION if invents else REFUSAL,
                outcome="invented" if invents else "refused",
                rule="scripted",
                phrase=None if invents else "I don't know",
            )
        )
    said.append(frames.Done(seq=len(said), elapsed_s=0.25, n_tokens=n_steps * len(arms)))
    return [frame.model_dump_json().encode() + b"\n" for frame in said]


def study_recording(request: StudyRequest = STUDY, n_steps: int = 6) -> list[bytes]:
    """The lines of a whole study: a trial a step, and a figure that counts them, anew after every other one."""
    names = tuple(
        study_frames.StudyName(name=f"Name {n}", type="player", label=label, group=label, split="test", n_tokens=2)
        for n, label in enumerate(("known", "unknown") * 2)
    )
    opening = study_frames.Study(
        seq=0,
        protocol=PROTOCOL,
        request=request,
        request_sha256=sha256(request),
        model=frames.ModelUsed(id="scripted", sha256="0" * 64, dtype="float32", device="cpu"),
        dictionaries=(frames.DictionaryUsed(id="scripted-sae", layer=1, paper_layer=2, d_sae=16, sha256="0" * 64),),
        names=names,
        n_steps=n_steps,
    )
    said: list[frames.Frame] = [opening]
    for step in range(n_steps):
        answer = study_frames.TrialAnswer(text=REFUSAL, outcome="refused", rule="scripted")
        prompt = f"Are you sure you know {names[step % 4].name}?"
        said.append(study_frames.Trial(seq=len(said), trial=step, name=step % 4, prompt=prompt, answers=(answer,)))
        said.append(study_frames.Progress(seq=len(said), n_done=step + 1, doing="asking"))
        if step % 2:
            said.append(study_figure(len(said), step + 1))
    said.append(frames.Done(seq=len(said), elapsed_s=0.25, n_tokens=n_steps))
    return [frame.model_dump_json().encode() + b"\n" for frame in said]


def study_figure(seq: int, n: int) -> study_frames.Figure:
    """A table of bars with an interval, a control, and a cell that a spreadsheet would take for a formula."""
    return study_frames.Figure(
        seq=seq,
        id="shift",
        title="Yes less no, by label",
        claim=f"Over {n} prompts the push moves nothing; neither does its control.",
        columns=tuple(
            study_frames.Column(name=name, unit=unit)
            for name, unit in (("group", ""), ("shift", "logits"), ("low", ""), ("high", ""), ("arm", ""))
        ),
        rows=(("known", 0.5, 0.25, 0.75, "baseline"), ("=1+1", -1.25, -2.0, None, "control")),
        plot=study_frames.Plot(form="bars", x=0, y=1, low=2, high=3, series=4),
        notes=("Scripted: <b>nothing</b> was measured.",),
    )


def names_checked() -> list[bytes]:
    """The lines that tell what a set amounts to."""
    said: list[frames.Frame] = [
        study_frames.NamesChecked(
            seq=0,
            n=2,
            n_known=2,
            n_unknown=0,
            n_left_out=0,
            types=("player",),
            lengths=(study_frames.LengthsOf(type="player", label="known", n_tokens=2, n=2, n_kept=2),),
            length_auroc=None,
            length_auroc_unmatched=None,
        ),
        frames.Done(seq=1, elapsed_s=0.0, n_tokens=0),
    ]
    return [frame.model_dump_json().encode() + b"\n" for frame in said]


def latent_read() -> list[bytes]:
    """The lines that tell of one latent."""
    said: list[frames.Frame] = [
        Lens(
            seq=0,
            norm=1.0,
            promoted=(LensToken(id=5, text=" I", logit=0.9),),
            suppressed=(LensToken(id=6, text=" He", logit=-0.4),),
        ),
        Firing(
            seq=1,
            n_tokens=40,
            n_firing=3,
            max_activation=2.5,
            snippets=(Snippet(texts=("Michael", " Batkin"), activations=(0.0, 2.5), peak=1),),
            names=(NamesRead(entity_type="player", known=(0.0, 0.1), unknown=(2.0,)),),
        ),
        frames.Done(seq=2, elapsed_s=0.1, n_tokens=0),
    ]
    return [frame.model_dump_json().encode() + b"\n" for frame in said]


def latents_found() -> list[bytes]:
    """The lines that tell which latents have to do with a word."""
    said: list[frames.Frame] = [
        LatentsFound(
            seq=0,
            words="soccer",
            tokens=(" soccer",),
            n_tokens=40,
            n_places=2,
            writes=(WritesFound(target=TARGET, token=LensToken(id=5, text=" soccer", logit=0.9), rank=1),),
            fires=(
                FiresFound(
                    target=TARGET,
                    n_fired=1,
                    n_elsewhere=3,
                    max_activation=2.5,
                    snippet=Snippet(texts=("plays", " soccer"), activations=(0.0, 2.5), peak=1),
                ),
            ),
        ),
        frames.Done(seq=1, elapsed_s=0.1, n_tokens=0),
    ]
    return [frame.model_dump_json().encode() + b"\n" for frame in said]
