"""Refusals that more than one part gives. Knows nothing about why."""

from protocol.refusal import Refused


def unknown_run() -> Refused:
    return Refused(
        404,
        "unknown_run",
        "No run has this id.",
        "Runs that nobody saved are deleted after a day.",
        "Run the request again.",
    )


def unknown_finding() -> Refused:
    return Refused(
        404,
        "unknown_finding",
        "No finding has this link.",
        "A link ends in the ten letters and digits that saving gave it.",
        "Check the link, or ask whoever sent it.",
    )


def deleted_finding(when: str, why: str) -> Refused:
    return Refused(
        410,
        "deleted_finding",
        f"This finding was deleted on {when[:10]}.",
        why,
        "Its recording is gone with it; ask whoever sent the link.",
    )
