"""The receipt of a deploy: its steps as they are done, readable while they are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from pytest_smokedeploy.agent.engines.base import LAYER, utc_now
from pytest_smokedeploy.contract import Outcome, StepName
from pytest_smokedeploy.support.errors import EngineError, SmokedeployError

#: An image has at most 127 layers; whatever an engine tells beyond that is not kept.
_LAYERS: Final = 128
T = TypeVar("T")


class StepError(SmokedeployError):
    """A step failed; no further one is done.

    Attributes:
        step: the step.

    """

    def __init__(self, step: StepName, message: str) -> None:
        super().__init__(message)
        self.step = step


class Receipt:
    """Steps in the order done, each once.

    Args:
        cancelled: set once no further step may begin.
        began: called with a step before it is begun.

    Attributes:
        step: the step under way or done last.
        why: why it was cancelled.
        facts: what else the answer tells of the deploy so far.

    """

    def __init__(self, cancelled: threading.Event, began: Callable[[StepName], None]) -> None:
        self.step = StepName.PULL
        self.why = "the deploy was cancelled"
        self.facts: dict[str, Any] = {}
        self._cancelled = cancelled
        self._began = began
        self._begun: list[StepName] = []
        self._rows: list[dict[str, Any]] = []
        self._layers: dict[str, str] = {}
        self._telling = threading.Lock()

    def rows(self) -> list[dict[str, Any]]:
        """The steps so far, as the contract shows them."""
        return list(self._rows)

    def told(self, line: str) -> None:
        """A pull got on: ``layer 5f70bf18a086: Downloading, ...``; the last word on each layer is kept."""
        layer, colon, _ = line.partition(": ")
        with self._telling:
            if colon and layer.startswith(LAYER) and (layer in self._layers or len(self._layers) < _LAYERS):
                self._layers[layer] = line

    def progress(self) -> list[str]:
        """How far each layer of the pull is, one line each."""
        with self._telling:
            return list(self._layers.values())

    def begun(self, step: StepName) -> bool:
        """Whether `step` was begun, however it ended."""
        return step in self._begun

    def do(self, step: StepName, act: Callable[[], T], detail: str | None = None) -> T:
        """Do one step, once."""
        began = utc_now()
        value = self.look(step, act)
        self._note(step, Outcome.DONE, began, detail)
        return value

    def look(self, step: StepName, act: Callable[[], T]) -> T:
        """Do what belongs to a step without noting it done."""
        began = utc_now()
        self.step = step
        if self._cancelled.is_set():
            raise self.failed(step, began, f"{self.why}.")
        try:
            if step not in self._begun:
                self._begun.append(step)
                self._began(step)
            return act()
        except EngineError as error:
            words = f"{self.why}." if self._cancelled.is_set() else str(error)
            raise self.failed(step, began, words) from error
        except SmokedeployError as error:
            raise self.failed(step, began, str(error)) from error

    def absent(self, step: StepName) -> None:
        """There was nothing to do."""
        self.step = step
        self._note(step, Outcome.ABSENT, utc_now())

    def failed(self, step: StepName, began: str, words: str) -> StepError:
        """Note the step failed; returns what to raise."""
        self._note(step, Outcome.FAILED, began, words)
        return StepError(step, words)

    def _note(self, step: StepName, outcome: Outcome, began: str, detail: str | None = None) -> None:
        row = {"step": str(step), "outcome": str(outcome), "started_at": began, "finished_at": utc_now()}
        self._rows.append({**row, "detail": detail} if detail else row)
