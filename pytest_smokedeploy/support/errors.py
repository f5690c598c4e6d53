"""The package's errors, under one base; each carries its data.

A message says what happened, what it means, and what to do next. `clause` is the
clause of the Smoke Deploy Model that the error violates, where it violates one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(eq=False, repr=False)
class SmokedeployError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: what happened and what it means.
        clause: id of the violated clause (``"PRE-6"``), or None.
        remedy: what the operator does next, one sentence, or "".

    """

    message: str
    clause: str | None = field(default=None, kw_only=True)
    remedy: str = field(default="", kw_only=True)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class MisuseError(SmokedeployError):
    """The run cannot be a gate: known before any request leaves. Exit status 4."""


class SettingsError(MisuseError):
    """A settings file or option is wrong.

    Args:
        message: what is wrong.
        file: the file's name, or the option's or variable's.
        line: 1-based line in the file, or None.
        key: dotted key (``deadlines.deploy_seconds``), or "".

    """

    def __init__(self, message: str, *, file: str, line: int | None = None, key: str = "") -> None:
        place = f"{file}:{line}" if line is not None else file
        super().__init__(f"{place}: {f'{key}: ' if key else ''}{message}")


@dataclass(eq=False, repr=False, kw_only=True)
class AgentError(SmokedeployError):
    """A call to the Deploy Agent did not end in the contract's answer.

    Attributes:
        call: method and path, ``"POST /v1/deploy"``.
        status: HTTP status, or None where no answer came.
        ray: the edge's ``cf-ray``, or "".
        definite: True where the agent or the edge certainly did nothing: no stop is owed.
        reason: the agent's own reason, or "".

    """

    call: str
    status: int | None = None
    ray: str = ""
    definite: bool = False
    reason: str = ""


class AgentRefusedError(AgentError):
    """The agent's own definite no (400, 401, 403, 404, 405, 409, 413, 423), in the contract's words."""


@dataclass(eq=False, repr=False, kw_only=True)
class AgentFailedError(AgentError):
    """The agent answered 500: a step failed, and it may have left something running.

    Attributes:
        step: the failed step (``pull``, ``stop``, ``remove``, ``start``, ``running``), or "".
        answer: the JSON object that it answered, {} where it was none.

    """

    step: str = ""
    answer: Mapping[str, object] = field(default_factory=dict)


class EdgeError(AgentError):
    """Cloudflare answered in the agent's place (Access, tunnel, or the edge itself)."""


class UnreachableError(AgentError):
    """No connection, no answer in time, or half of one."""


class ContractError(AgentError):
    """An answer came that is not the contract's."""


class EngineError(SmokedeployError):
    """A container engine did not do what it was asked."""


class EvidenceError(SmokedeployError):
    """Evidence is missing, broken, or not what it is offered as (EXT-5)."""
