"""What every answer has in common: it may carry fields that this version does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="allow", frozen=True)
