"""Check requests against Discord's own description of its API, where that file is at hand.

https://github.com/discord/discord-api-spec; a second opinion on
`discord_limits`: it knows the shapes, but not every limit (content of 4000 characters, no sum over embeds).
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "discord-openapi.json"


def problems(method: str, route: str, body: Any) -> list[str]:
    """Return what the description of a route (`/channels/{channel_id}/messages`) finds wrong with a request's body."""
    validator = _validator(method.lower(), route)
    if validator is None or validator.is_valid(body):
        return []
    worst = jsonschema.exceptions.best_match(validator.iter_errors(body))
    path = worst.json_path.removeprefix("$").lstrip(".") or "body"
    return [f"{path}: {worst.message[-120:]} (says the OpenAPI file)"]


def answers(method: str, route: str, said: Any) -> list[str]:
    """Return what the description of a route finds wrong with what is answered there, where it is at hand."""
    described = _spec()["paths"].get(route, {}).get(method.lower(), {}).get("responses", {})
    content = described.get("200", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    found = jsonschema.Draft202012Validator(_quick(content["schema"])).iter_errors(said)
    worst = jsonschema.exceptions.best_match(found)
    return [] if worst is None else [f"{worst.json_path}: {worst.message[-120:]}"]


@functools.cache
def _validator(method: str, route: str) -> Any:
    operation = _spec()["paths"].get(route, {}).get(method, {})
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else jsonschema.Draft202012Validator(_quick(content["schema"]))


@functools.cache
def _spec() -> Any:
    """Return the description, with what its reader must know besides."""
    if not SPEC.exists():
        return {"paths": {}}
    spec = json.loads(SPEC.read_text(encoding="utf-8"))
    schemas = spec["components"]["schemas"]
    # Permissions are strings: https://docs.discord.com/developers/topics/permissions
    schemas["ApplicationCommandUpdateRequest"]["properties"]["default_member_permissions"] = {}
    # Of a new file it is the number: https://docs.discord.com/developers/reference#uploading-files
    schemas["MessageAttachmentRequest"]["properties"]["id"] = {"type": ["string", "integer"]}
    return spec


def _quick(schema: Any) -> Any:
    """Return a schema that says the same and is checked in a fifth of the time.

    References are replaced by what they name, and what is one of several is tried only until one fits: the
    alternatives exclude each other.
    """
    if isinstance(schema, list):
        return [_quick(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _named(schema["$ref"].rpartition("/")[2])
    return {"anyOf" if key == "oneOf" else key: _quick(value) for key, value in schema.items()}


@functools.cache
def _named(name: str) -> Any:
    return _quick(_spec()["components"]["schemas"][name])
