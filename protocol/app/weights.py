"""What an app says to whoever runs it about weights that are fetched. Knows nothing about where they come from."""

from typing import Literal

from pydantic import Field

from protocol.base import Message, Text


class WeightsAsked(Message):
    """The body that begins to fetch."""

    accept: Literal[True] = Field(description="the licence was read and is accepted")


class WeightsFetched(Message):
    """How far it is. `question`: what is asked before, licence and sizes; `said`: what it said so far, a line a step;
    `why`: what went wrong and what to do; `serve`: the command that serves the model, once its weights are here."""

    state: Literal["absent", "fetching", "here", "failed"]
    question: Text = ""
    said: tuple[Text, ...] = ()
    why: Text = ""
    serve: Text = ""
