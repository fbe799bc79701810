"""Refusals that more than one part gives. Knows nothing about why."""

from app.clock import day
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
        f"This finding was deleted on {day(when)}.",
        why,
        "What it showed can't be opened by this link any more; ask whoever sent it.",
    )
