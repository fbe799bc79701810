"""What is kept of a run, and how it is checked."""

from protocol.glossary.term import Term

RECORDING_TERMS: dict[str, Term] = {
    "finding": Term(
        "finding",
        "A run that was kept: its request, every frame of its answer, a title, a note and a link.",
        "It shows what was measured once, on one device; Verify says whether it still holds.",
        ("app/findings/store.py",),
    ),
    "request": Term(
        "request hash",
        "A fingerprint of all that was asked: equal experiments have equal hashes.",
        "It says nothing about the answer: another model version gives another under the same hash.",
        ("protocol/canonical.py",),
        formula="SHA-256 of the request as canonical JSON, defaults written out",
        labels=("request", "request SHA-256"),
    ),
    "sha256": Term(
        "SHA-256",
        "A fingerprint of a file or a recording: change one bit and it is another.",
        "It proves sameness, not truth.",
        ("protocol/canonical.py", "app/findings/store.py"),
        marks=("SHA-256", "sha-256"),
        labels=("weights",),
    ),
    "device": Term(
        "device and dtype",
        "What the model ran on, and in numbers of how many bits.",
        "Another device rounds otherwise: tokens of nearly equal probability can change places.",
        ("model_worker/model/loading.py",),
        labels=("device",),
    ),
    "verify": Term(
        "Verify",
        "Replays the recorded tokens on the worker that is here now and compares every number: reproduced, drifted, or "
        "cannot run here.",
        "It checks that the measurement repeats, not that the interpretation is right.",
        ("app/findings/verification.py", "app/recordings/differences.py"),
        formula="reproduced = each token still the model's own choice, each number within the tolerance",
        labels=("Tokens that agree",),
    ),
    "tolerance": Term(
        "tolerance",
        "By how much a replayed number may differ: 0.001 nats in float32, 0.4 in bfloat16.",
        "A real change that is smaller passes as rounding.",
        ("app/findings/verification.py",),
        labels=("Largest change",),
    ),
    "let_pass": Term(
        "latents at their threshold",
        "Latents that fired in one run and not in the other because they stood right at their threshold: counted, and "
        "let pass.",
        "Only few may: beyond the tolerance's share they are a drift.",
        ("app/recordings/differences.py",),
        labels=("Let pass",),
    ),
}
