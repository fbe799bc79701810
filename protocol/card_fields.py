"""The fields of a model's card as the tables of docs/models.md: `python -m protocol.card_fields` writes them there.

A table for a message, in the order in which a reader meets them; what a field means is its own description. Knows
nothing about any particular model.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from protocol.worker.models import ModelCard

MODELS_PAGE = Path(__file__).parents[1] / "docs" / "models.md"
BEGINS, ENDS = "<!-- fields: python -m protocol.card_fields -->", "<!-- end of fields -->"

Schema = dict[str, Any]


def field_tables() -> str:
    """Markdown. Raises ValueError for a field without a description."""
    whole = ModelCard.model_json_schema()
    return "\n\n".join(_table(name, schema) for name, schema in [("ModelCard", whole), *_reached(whole)])


def written_into(page: str) -> str:
    """The page with the tables between their marks."""
    before, rest = page.split(BEGINS)
    return f"{before}{BEGINS}\n\n{field_tables()}\n\n{ENDS}{rest.split(ENDS)[1]}"


def _reached(whole: Schema) -> Iterator[tuple[str, Schema]]:
    """Each message once, after the first that has it."""
    defs, seen, waiting = whole.get("$defs", {}), set[str](), [whole]
    while waiting:
        for name in _names(waiting.pop(0)["properties"]):
            if name not in seen:
                seen.add(name)
                waiting.append(defs[name])
                yield name, defs[name]


def _names(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rsplit("/", 1)[1]
        for key, value in schema.items():
            yield from _names(value) if key != "discriminator" else ()
    elif isinstance(schema, list):
        for value in schema:
            yield from _names(value)


def _table(name: str, schema: Schema) -> str:
    rows = [
        f"**{name}**: {schema['description'].splitlines()[0]}",
        "",
        "| field | is | unless given | means |",
        "|---|---|---|---|",
    ]
    for field, own in schema["properties"].items():
        if "description" not in own:
            raise ValueError(f"{name}.{field} has no description")
        default = (
            "needed" if field in schema.get("required", ()) else f"`{json.dumps(own['default'], ensure_ascii=False)}`"
        )
        rows.append(
            f"| `{field}` | {_kind(own)} | {default} | {own['description']} |".replace("|resid_post|", "‖resid_post‖")
        )
    return "\n".join(rows)


def _kind(own: Schema) -> str:
    """In a reader's words."""
    if "$ref" in own:
        return str(own["$ref"]).rsplit("/", 1)[1]
    for several in ("anyOf", "oneOf"):
        if several in own:
            return " or ".join("null" if one.get("type") == "null" else _kind(one) for one in own[several])
    if "const" in own:
        return f"`{own['const']}`"
    if "enum" in own:
        return " · ".join(f"`{one}`" for one in own["enum"])
    if own["type"] == "array":
        return f"list of {_kind(own['items'])}"
    if own["type"] == "object":
        return f"{_kind(own['additionalProperties'])} by name"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    least = {"exclusiveMinimum": "> {}", "minimum": "≥ {}", "exclusiveMaximum": "< {}", "maximum": "≤ {}"}
    limits = [text.format(f"{own[key]:g}") for key, text in least.items() if key in own and own["type"] != "string"]
    if "pattern" in own:
        limits.append("letters, digits and . _ / -")
    return ", ".join([words[own["type"]], *limits])


if __name__ == "__main__":
    MODELS_PAGE.write_text(written_into(MODELS_PAGE.read_text("utf-8")), "utf-8")
