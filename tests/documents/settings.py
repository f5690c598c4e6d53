"""`smokedeploy.yml`, every key with its type and default, and its JSON Schema for editors."""

from __future__ import annotations

import json
from typing import Any

from pytest_smokedeploy.settings import Settings

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_HEAD = """# Settings

`smoke_tests/smokedeploy.yml`. Every key has the model's own default but two: `image.repository` and
`agent.container_name`. An unknown key, a wrong type or a key that stands twice ends the run before any
request, with one line that names file, line and key. Editors complete and check the file by
`pytest_smokedeploy/schemas/settings.schema.json`. Written by `python -m tests.documents`.
"""


def schema() -> dict[str, Any]:
    made = Settings.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "smokedeploy.yml", **made}


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    whole = schema()
    rows = list(_rows(whole, whole, ""))
    table = "\n".join(["| key | takes | default | what it is |", "|---|---|---|---|", *rows])
    return f"{_HEAD}\n{table}\n"


def _rows(node: dict[str, Any], whole: dict[str, Any], prefix: str):
    required = node.get("required", ())
    for name, raw in node["properties"].items():
        part = resolved(raw, whole)
        key = f"{prefix}{name}"
        if part.get("type") == "object" and "properties" in part:
            yield f"| **`{key}`** | | | {cell(part.get('description', ''))} |"
            yield from _rows(part, whole, f"{key}.")
            continue
        default = "required" if name in required else f"`{json.dumps(raw.get('default'))}`"
        yield f"| `{key}` | {takes(raw, whole)} | {cell(default)} | {cell(raw.get('description', ''))} |"


def resolved(node: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    return whole["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def takes(node: dict[str, Any], whole: dict[str, Any]) -> str:
    node = resolved(node, whole)
    if several := node.get("anyOf") or node.get("oneOf"):
        return " or ".join(
            dict.fromkeys(takes(part, whole) for part in several if part.get("type") != "null")
        )
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum")
    bounds = f", {low} to {high}" if low is not None and high is not None else ""
    if node.get("type") == "array":
        return f"a list of {takes(node.get('items', {}), whole)}"
    if node.get("type") == "object" and "properties" in node:
        return "`{" + ", ".join(node["properties"]) + "}`"
    if node.get("type") == "object":
        values = node.get("additionalProperties")
        return f"a map, to each key {takes(values, whole)}" if isinstance(values, dict) else "a map"
    if node.get("format") == "date-time":
        return "a time, RFC 3339"
    return _WORDS.get(node.get("type", ""), "") + bounds


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
