"""A refusal in three parts: what was asked, what is allowed, what to change."""

from typing import Annotated, Self

from pydantic import Field, ValidationError

from protocol.base import Message, NotAllowed, Text

Place = Annotated[int | None, Field(ge=1, exclude_if=lambda place: place is None)]
"""Counted from 1. A refusal that is about no particular place is spelled without it."""


class Refusal(Message):
    """In the body of every 4xx and 503, and in an `error` frame.

    name_number   which name of a set it is about; line: of a pasted text. The words say it too, for a reader
    """

    code: str
    asked: Text
    allowed: Text
    change: Text
    name_number: Place = None
    line: Place = None


class RefusalBody(Message):
    """What every refused request is answered with."""

    refusal: Refusal


class Refused(Exception):
    """Raised where a request can't be met. `status` is the HTTP status before the first frame."""

    def __init__(
        self,
        status: int,
        code: str,
        asked: str,
        allowed: str,
        change: str,
        *,
        name_number: int | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(f"{asked} {allowed} {change}")
        self.status = status
        self.refusal = Refusal(
            code=code, asked=asked, allowed=allowed, change=change, name_number=name_number, line=line
        )

    @classmethod
    def of(cls, status: int, refusal: Refusal) -> Self:
        """What somebody else refused."""
        return cls(status, **dict(refusal))


def from_validation(error: ValidationError) -> Refused:
    """The first problem of a request that did not validate. Never repeats the input."""
    first = error.errors(include_url=False, include_input=False)[0]
    if isinstance(rule := first.get("ctx", {}).get("error"), NotAllowed):
        return Refused(422, "invalid_request", *rule.parts)
    # A location can hold a key that the client made up.
    path = ".".join(str(part) for part in first["loc"])
    where = "".join(c if c.isprintable() else "?" for c in path)[:80] or "the request"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "union_tag_invalid":  # the one message of pydantic's that quotes the input
        message = "This kind is not known"
    if first["type"] == "json_invalid":
        return Refused(422, "not_json", "The body is not valid JSON.", f"{message}.", "Send one JSON object in UTF-8.")
    return Refused(
        422,
        "invalid_request",
        f"The field {where} can't be used.",
        f"{message[:1].upper()}{message[1:]}.",
        f"Change {where} and send it again.",
    )
