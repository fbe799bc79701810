"""A slider's places on the page are those that the worker steers: one table, two that read it."""

from model_worker.steering.interventions import positions
from protocol.vocabulary import SCOPES
from protocol.worker.tokens import EntityTokens, Token
from tests.static.javascript import JavaScript

ROLES = ["bos", "template", "text", "entity", "entity", "text", "template"]
TOKENS = [Token(id=i, text="x", role=role) for i, role in enumerate(ROLES)]
NAMED = [0, 2, 5]


def test_every_scope_means_the_same_tokens_on_the_page_and_in_the_worker(javascript: JavaScript) -> None:
    tokens = [one.model_dump(mode="json") for one in TOKENS]
    for start in range(len(TOKENS)):
        for end in range(start + 1, len(TOKENS) + 1):
            for scope in SCOPES:
                entity = {"start": start, "end": end}
                shown = javascript.call(
                    "static/run/places.js",
                    "placesOf",
                    {"scope": scope, "positions": NAMED},
                    {"tokens": tokens, "entity": entity},
                )
                steered = positions(scope, NAMED, EntityTokens(**entity, text="x", found="given"), TOKENS)
                assert shown == list(steered), (scope, entity)
