"""How much one client may ask in a minute: of the model and the disk, and of everything else. Knows nothing about
passwords."""

from fastapi import Request

from app.door.budget import Budget
from app.door.clients import client_of
from app.http.errors import RefusedWith
from app.http.prefix import path_of
from protocol.refusal import Refused

FREE = ("/healthz", "/readyz")


class Limits:
    """A guard with two budgets; 0: no limit."""

    def __init__(self, *, runs_per_minute: int, reads_per_minute: int) -> None:
        self._runs = Budget(runs_per_minute) if runs_per_minute else None
        self._reads = Budget(reads_per_minute) if reads_per_minute else None

    async def __call__(self, request: Request) -> None:
        path = path_of(request.scope)
        if path in FREE or path.startswith("/static/"):
            return
        # Runs, saves and checks are POST. Taking something back or stopping it must stay possible.
        is_run = request.method == "POST"
        budget, client = self._runs if is_run else self._reads, client_of(request)
        if budget is not None and not await budget.take(client):
            what = "runs, saves and checks" if is_run else "requests"
            raise too_many("too_many_requests", what, budget, await budget.wait_s(client))


def too_many(code: str, what: str, budget: Budget, wait_s: int) -> Refused:
    return RefusedWith(
        {"Retry-After": str(wait_s)},
        429,
        code,
        f"You sent more {what} than one client may.",
        f"{budget.per_minute:,} a minute are allowed.",
        f"Wait {wait_s} seconds and try again.",
    )
