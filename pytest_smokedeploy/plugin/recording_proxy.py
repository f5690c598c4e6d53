"""Views that checks get: looking at a finding writes it down; reading never deploys."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.model import Finding


class RecordingProxy:
    """`thing`, with every finding that one of its methods returns handed to `take`."""

    def __init__(self, thing: object, take: Callable[[Finding], Finding]) -> None:
        self._thing = thing
        self._take = take

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a transparent view
        value = getattr(self._thing, name)
        if not callable(value):
            return value

        @wraps(value)
        def look(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a transparent view
            result = value(*args, **kwargs)
            return self._take(result) if isinstance(result, Finding) else result

        return look


class ReadOnlyAgent:
    """The agent's reading calls alone."""

    def __init__(self, client: AgentClient) -> None:
        self._client = client

    def health(self) -> Reading:
        """``GET /health``; errors as in AgentClient."""
        return self._client.health()

    def status(self) -> Reading:
        """``GET /v1/status``; errors as in AgentClient."""
        return self._client.status()

    def preflight(self) -> Reading:
        """``GET /v1/preflight``; errors as in AgentClient."""
        return self._client.preflight()
