"""The receipt of a deploy: its steps as they are done, readable while they are."""

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from pytest_smokedeploy.agent.engines.base import LAYER, utc_now
from pytest_smokedeploy.contract import Outcome, StepName
from pytest_smokedeploy.support.errors import EngineError, SmokedeployError

#: An image has at most 127 layers; what an engine reports beyond that is not kept.
_LAYERS: Final = 128
T = TypeVar("T")


class Receipt:
    """Steps in the order done, each once.

    Args:
        began: called with a step before it is begun.

    Attributes:
        cancelled: set once no further step may begin.
        step: the step under way, failed or done last.
        why: why it was cancelled.
        facts: what else the answer tells of the deploy so far.
        begun: steps that were begun, however they ended.

    """

    def __init__(self, began: Callable[[StepName], None]) -> None:
        self.cancelled = threading.Event()
        self.step = StepName.PULL
        self.why = "the deploy was cancelled"
        self.facts: dict[str, Any] = {}
        self.begun: list[StepName] = []
        self._began = began
        self._rows: list[dict[str, Any]] = []
        self._layers: dict[str, str] = {}
        self._telling = threading.Lock()

    def rows(self) -> list[dict[str, Any]]:
        """The steps so far, as the contract shows them."""
        return list(self._rows)

    def told(self, line: str) -> None:
        """Take a progress line, ``layer 5f70bf18a086: Downloading, ...``; each layer's last one is kept."""
        layer, colon, _ = line.partition(": ")
        with self._telling:
            if colon and layer.startswith(LAYER) and (layer in self._layers or len(self._layers) < _LAYERS):
                self._layers[layer] = line

    def layers(self) -> list[str]:
        """How far each layer of the pull is, one line each."""
        with self._telling:
            return list(self._layers.values())

    def do(self, step: StepName, act: Callable[[], T]) -> T:
        """Do one step, once."""
        began = utc_now()
        value = self.look(step, act)
        self._note(step, Outcome.DONE, began)
        return value

    def look(self, step: StepName, act: Callable[[], T]) -> T:
        """Do what belongs to a step without noting it done."""
        began = utc_now()
        self.step = step
        if self.cancelled.is_set():
            raise self.failed(step, began, f"{self.why}.")
        try:
            if step not in self.begun:
                self.begun.append(step)
                self._began(step)
            return act()
        except SmokedeployError as error:
            cut = isinstance(error, EngineError) and self.cancelled.is_set()
            raise self.failed(step, began, f"{self.why}." if cut else str(error)) from error

    def absent(self, step: StepName) -> None:
        """There was nothing to do."""
        self.step = step
        self._note(step, Outcome.ABSENT, utc_now())

    def failed(self, step: StepName, began: str, words: str) -> SmokedeployError:
        """Note the step failed; returns what to raise."""
        self._note(step, Outcome.FAILED, began, detail=words)
        return SmokedeployError(words)

    def _note(self, step: StepName, outcome: Outcome, began: str, **detail: str) -> None:
        row = {"step": str(step), "outcome": str(outcome), "started_at": began, "finished_at": utc_now()}
        self._rows.append(row | detail)
