"""Refusals that more than one part gives. Knows nothing about why."""

from app.clock import day
from protocol.refusal import Refusal, Refused

DATABASE_BUSY = Refusal(
    code="database_busy",
    asked="The database is held by another program, and stays so.",
    allowed="What was kept before stays; what has to be written waits some seconds, no longer.",
    change="Try again in a moment; whoever runs this app can see what holds the database, such as a backup.",
)


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
