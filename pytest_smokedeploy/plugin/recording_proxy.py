"""What checks are given: a view that records findings, and the agent's reading calls."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from pytest_smokedeploy.client import AgentClient
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
    """The agent's reading calls alone, with the errors of AgentClient; it can't deploy or stop."""

    def __init__(self, client: AgentClient) -> None:
        self.health, self.status, self.preflight = client.health, client.status, client.preflight
