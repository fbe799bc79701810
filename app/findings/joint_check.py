"""Two prompts of one finding: what the checks of both come to. Knows nothing about how either was made."""

from collections.abc import Callable

from protocol.app.verify import Drift, Verification

_WORST_FIRST = ("cannot_run", "drifted", "reproduced")


def together(first: Verification, second: Verification) -> Verification:
    """One that holds where both do, as old as the older; where it does not, the first prompt's reason comes first."""
    worst = min((first, second), key=lambda one: _WORST_FIRST.index(one.verdict))
    return worst.model_copy(
        update={
            "checked": min(first.checked, second.checked),
            "n_tokens": first.n_tokens + second.n_tokens,
            "n_tokens_kept": first.n_tokens_kept + second.n_tokens_kept,
            "n_numbers": first.n_numbers + second.n_numbers,
            "n_jumps": first.n_jumps + second.n_jumps,
            "n_drifts": first.n_drifts + second.n_drifts,
            "largest_nats": _largest(first, second, lambda one: one.largest_nats),
            "largest_activation": _largest(first, second, lambda one: one.largest_activation),
            "first": first.first or _of_second(second.first),
            "changed": tuple(dict.fromkeys(first.changed + second.changed)),
        }
    )


def _largest(first: Verification, second: Verification, number: Callable[[Verification], float | None]) -> float | None:
    return max((value for value in (number(first), number(second)) if value is not None), default=None)


def _of_second(drift: Drift | None) -> Drift | None:
    return drift and drift.model_copy(update={"where": f"second prompt, {drift.where}"})
