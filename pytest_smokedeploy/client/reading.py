"""Reads an answer by the contract: a `Reading`, or the error that it is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ValidationError

from pytest_smokedeploy.client.answer import BODY_CAP, HttpAnswer, problems, shown
from pytest_smokedeploy.client.edge import diagnose, error_code, is_access
from pytest_smokedeploy.contract import DEFINITE_NO, Failure
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError, AgentRefusedError, ContractError

_OK: Final = 200
_ACCEPTED: Final = 202
_ON_HOLD: Final = 423
# Breaches of one answer that are kept (chosen: enough to see the cause).
_PROBLEMS: Final = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """A 200 with a JSON object (or a 202, where one was asked for).

    Attributes:
        raw: the object as it came.
        value: the contract's model of it, or None where it breaks the contract.
        problems: each breach of the contract in one line.
        status: the HTTP status.
        ray: the edge's ``cf-ray``, or "".
        date: the server's time of the answer, aware; None without a Date header.

    """

    raw: dict[str, object]
    value: BaseModel | None
    problems: tuple[str, ...]
    status: int
    ray: str
    date: datetime | None

    def held_against(self, model: type[BaseModel]) -> Reading:
        """The same answer by another model of the contract; breaches found before are kept."""
        value, found = _by(model, self.raw, list(self.problems))
        return replace(self, value=value, problems=found)


@dataclass(frozen=True, slots=True)
class Probe:
    """A call without a token (PRE-6).

    Attributes:
        status: the HTTP status.
        ray: the edge's ``cf-ray``, or "".
        guarded: True only where Access itself refused it.
        words: what happened, one sentence.

    """

    status: int
    ray: str
    guarded: bool
    words: str


def read(answer: HttpAnswer, model: type[BaseModel], accepted: type[BaseModel] | None = None) -> Reading:
    """Read `answer` by `model`; `accepted` is the model of a 202 that was asked for.

    Raises:
        EdgeError: the edge answered.
        AgentRefusedError: the agent refused, and did nothing.
        AgentFailedError: the agent's 500.
        ContractError: anything else that is not a 200 with a JSON object.

    """
    if accepted is not None and answer.status == _ACCEPTED and not answer.too_big:
        model = accepted
    elif (error := failure(answer)) is not None:
        raise error
    try:
        data, twice = answer.json
    except ValueError as cause:
        raise _breach(answer, f"a body that is not JSON ({cause}): {_peek(answer)}") from cause
    if not isinstance(data, dict):
        raise _breach(answer, f"JSON that is not an object: {_peek(answer)}")
    value, found = _by(model, data, [f"{shown(key, 60)}: stands twice in one object" for key in twice])
    return Reading(data, value, found, answer.status, answer.ray, answer.date)


def _by(
    model: type[BaseModel], data: dict[str, object], found: list[str]
) -> tuple[BaseModel | None, tuple[str, ...]]:
    """`data` by `model`, None where there is any breach, and each breach once."""
    value: BaseModel | None = None
    try:
        value = model.model_validate(data)
    except ValidationError as invalid:
        found += problems(invalid)
    return None if found else value, tuple(dict.fromkeys(found))[:_PROBLEMS]


def failure(answer: HttpAnswer) -> AgentError | None:
    """The error that `answer` is, or None for a 200 of the agent."""
    if (edge := diagnose(answer)) is not None:
        return edge
    if answer.too_big:
        return _breach(answer, f"a body over {BODY_CAP} bytes")
    if answer.status == _OK:
        return None
    said = _failure(answer)
    reason = shown(said.words()) if said else ""
    if answer.status in DEFINITE_NO and reason:
        words = f"The agent refused {answer.call} with {answer.status}: {reason}"
        clause = "FLR-3" if answer.status == _ON_HOLD else None
        return AgentRefusedError(
            words, call=answer.call, status=answer.status, definite=True, reason=reason, clause=clause
        )
    if answer.status >= 500:  # noqa: PLR2004
        step = said.step.value if said and said.step else ""
        at = f" at the step {step}" if step else ""
        words = f"The agent failed at {answer.call} with {answer.status}{at}: {reason or 'it gave no reason'}"
        return AgentFailedError(
            words,
            call=answer.call,
            status=answer.status,
            reason=reason,
            step=step,
            answer=answer.json_object or {},
        )
    if answer.status == _ACCEPTED:
        return _breach(answer, "202, which promises work and is not success")
    where = ""
    if 300 <= answer.status < 400 and "location" in answer.headers:  # noqa: PLR2004 - redirects
        where = f" to {shown(answer.headers['location'].partition('?')[0], 100)}"
    return _breach(answer, f"a status{where} that is not the contract's: {reason or _peek(answer)}")


def probe(answer: HttpAnswer) -> Probe:
    """The outcome of a call without a token (PRE-6).

    Raises:
        EdgeError: no agent behind the edge, so that it is unknown whether Access guards it.

    """
    if is_access(answer):
        words = f"an anonymous call is refused by Access with {answer.status}"
        return Probe(answer.status, answer.ray, guarded=True, words=words)
    error = failure(answer)
    if error is None:
        words = "an anonymous call was let in and answered 200: nothing guards the agent"
    elif isinstance(error, AgentRefusedError):
        words = f"an anonymous call passed the edge; only the agent itself refused it ({answer.status})"
    elif error_code(answer) is not None:
        raise error
    elif answer.status in (401, 403):
        words = f"an anonymous call was refused with {answer.status}, but not by Access"
    elif isinstance(error, ContractError | AgentFailedError):
        words = f"an anonymous call reached something behind the edge, which answered {answer.status}"
    else:
        raise error
    return Probe(answer.status, answer.ray, guarded=False, words=words)


def _failure(answer: HttpAnswer) -> Failure | None:
    """The body of a failure; where a field breaks the contract, the reason and the step alone."""
    told = answer.json_object or {}
    words = {name: told[name] for name in ("reason", "error") if isinstance(told.get(name), str)}
    for fields in (told, words | {name: told[name] for name in ("step",) if name in told}, words):
        with suppress(ValidationError):
            return Failure.model_validate(fields)
    return None


def _breach(answer: HttpAnswer, what: str) -> ContractError:
    call, status = answer.call, answer.status
    words = f"{call} was answered {status} with {what}."
    remedy = "Check that the endpoint is a Deploy Agent of this contract, and its version."
    # By the status alone (DESIGN 3): whatever the body is, the agent did nothing.
    no = status in DEFINITE_NO
    return ContractError(words, call=call, status=status, ray=answer.ray, definite=no, remedy=remedy)


def _peek(answer: HttpAnswer) -> str:
    return repr(shown(answer.text, 80)) if answer.body else "it is empty"
