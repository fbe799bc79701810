"""An explicit yes to a licence, said before anything is fetched: by a variable, or typed on a terminal.

Knows nothing about what is fetched afterwards.
"""

from collections.abc import Callable, Mapping

from model_worker.store.source import WeightsSource
from protocol.refusal import Refused

Ask = Callable[[str], str]


def licence_question(source: WeightsSource, original: bool = False) -> str:
    """What somebody must know who says yes. original: of the files that the hub has."""
    sizes = (
        f"Fetched once: weights and tokenizer of {source.hub}, {mib(source.stored_bytes)} at most. "
        if original
        else f"Fetched once: {mib(source.fetched_bytes)} in {len(source.packages)} packages. "
        f"Kept: {mib(source.stored_bytes)}; {mib(source.needed_bytes)} are needed meanwhile. "
    )
    return (
        f"{source.title}: {source.came_from(original)}.\n"
        f"Licence: {source.licence}. It comes with the weights, and whoever passes them on passes it on too.\n"
        f"{sizes}After that it works offline."
    )


def require_consent(
    source: WeightsSource, environment: Mapping[str, str], ask: Ask | None, original: bool = False
) -> None:
    """ask: shows a question and returns what was typed; None where nobody sits there. Raises Refused (403)."""
    said = environment.get(source.accept_variable, "")
    if said == "1":
        return
    if not said and ask is not None:
        said = ask(f"{licence_question(source, original)}\nType yes if you accept the licence: ")
        if said.strip().lower() == "yes":
            return
    allowed = "The licence was not accepted." if said else "Nobody has said yes to the licence."
    raise Refused(
        403,
        "licence_not_accepted",
        f"The weights {source.name} asked.",
        f"{allowed} It is: {source.licence}. Nothing was fetched.",
        f"Read it; if you accept it, say so: {source.accept_variable}=1 before the command.",
    )


def mib(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
