"""The rules of a run that are not the model's: every setting whose value differs from its default."""

from typing import Any

from pydantic import BaseModel


def differences(part: BaseModel, prefix: str = "") -> dict[str, Any]:
    """Each differing value as JSON data by its dotted key, in the order of docs/settings.md.

    A key without a default (`image.repository`, `agent.container_name`) is not among them.
    """
    found: dict[str, Any] = {}
    whole = part.model_dump(mode="json")
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            found |= differences(value, f"{prefix}{name}.")
        elif not field.is_required() and value != field.get_default(call_default_factory=True):
            found[f"{prefix}{name}"] = whole[name]
    return found
