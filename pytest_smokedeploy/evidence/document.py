"""`evidence.json`: built from the journal alone, and replayed into the gate's verdict (DESIGN 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pytest_smokedeploy.judging import Check, Decision, Record, decide
from pytest_smokedeploy.model import CLAUSE, STAGES, Basis, Finding, Stage

SCHEMA_VERSION: Final = "1"
Event = Mapping[str, Any]

#: Events that move the gate; `evidence.json` carries them, so that `verify` can recompute.
_FACTS: Final = frozenset(
    {
        "run.started",
        "checks.collected",
        "misuse",
        "finding",
        "check.finished",
        "signal",
        "deploy.promised",
        "deploy.refused",
        "stop.confirmed",
        "stop.unconfirmed",
        "outcome.taken",
        "outcome.failed",
        "run.spoiled",
    }
)
#: Events of the timeline that are told elsewhere in the document.
_UNTOLD: Final = frozenset({"checks.collected", "finding", "check.finished"})


def replay(events: Sequence[Event]) -> Record:
    """A gate that has taken the facts of a journal in their order."""
    started = next((e for e in events if e.get("event") == "run.started"), {})
    gate = Record(rehearsal=bool(started.get("rehearsal", False)))
    for event in events:
        _take(gate, event)
    return gate


def _take(gate: Record, event: Event) -> None:
    match event.get("event"):
        case "checks.collected":
            gate.expect([_check(row) for row in event["checks"]])
        case "misuse":
            gate.misuse(str(event["message"]), event.get("clause"))
        case "finding":
            gate.finding(_finding(event))
        case "check.finished":
            gate.result(event["id"], event["outcome"], str(event.get("words", "")), event.get("clause"))
        case "signal" | "run.spoiled":
            gate.interrupt(str(event.get("words") or f"the run was interrupted by {event['name']}."))
        case "deploy.promised":
            gate.deploy = "sent"
            gate.hold = str(event.get("hold") or "")
        case "deploy.refused":
            gate.deploy = "refused"
        case "stop.confirmed" | "stop.unconfirmed" as name:
            gate.stop_confirmed = name == "stop.confirmed"
        case "outcome.taken" | "outcome.failed":
            gate.hold = str(event.get("words", ""))
        case _:
            pass


def _check(row: Mapping[str, Any]) -> Check:
    return Check(str(row["id"]), str(row["title"]), Stage(row["stage"]), tuple(row["clauses"]))


def _finding(event: Event) -> Finding:
    basis = event.get("basis")
    return Finding(
        clause=str(event["clause"]),
        holds=event["holds"],
        expected=str(event["expected"]),
        seen=str(event["seen"]),
        basis=Basis[str(basis).upper()] if basis else None,
        meaning=str(event.get("meaning", "")),
        remedy=str(event.get("remedy", "")),
    )


def build(events: Sequence[Event], files: Mapping[str, str]) -> dict[str, Any]:
    """The evidence of a run.

    Args:
        events: the journal's, in order.
        files: name -> SHA-256 of each file beside it (statement and report are made from this, and left out).

    """
    decision = decide(replay(events))
    first: dict[str, Event] = {}
    last: dict[str, Event] = {}
    for event in events:
        first.setdefault(str(event.get("event")), event)
        last[str(event.get("event"))] = event
    started = first.get("run.started", {})
    answer = _answer(first)
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": str(decision.verdict),
        "clause": decision.clause,
        "reason": decision.reason,
        "exit_status": decision.exit_status,
        "finished": "run.finished" in last,
        "rehearsal": bool(started.get("rehearsal", False)),
        "started_at": events[0]["at"] if events else None,
        "finished_at": events[-1]["at"] if events else None,
        "environment": started.get("environment", ""),
        "execution_plane": started.get("execution_plane", ""),
        "image": {
            **started.get("image", {}),
            "reported": answer.get("image", ""),
            "digest": answer.get("image_digest") or "",
        },
        "endpoint_host": started.get("endpoint_host", ""),
        "agent": {**started.get("agent", {}), "extensions": _extensions(events)},
        "engine": started.get("engine", ""),
        "settings": dict(started.get("settings", {})),
        "run": dict(started.get("run", {})),
        "versions": dict(started.get("versions", {})),
        "deploy_id": str(first.get("deploy.promised", {}).get("deploy_id", "")),
        "stages": _stages(events),
        "clauses": _clauses(decision),
        "receipt": {k: v for k, v in answer.items() if k != "status"},
        "log": {
            "milestones": [_bare(e) for e in events if e.get("event") == "log.milestone"],
            "forbidden": [_bare(e) for e in events if e.get("event") == "log.forbidden"],
            "excepted": [_bare(e) for e in events if e.get("event") == "log.excepted"],
            "undocumented": [_bare(e) for e in events if e.get("event") == "log.undocumented"],
            "quiet_seconds": first.get("log.quiet", {}).get("seconds"),
            "exit_code": last.get("log.end", {}).get("exit_code"),
        },
        "stop": _stop(events),
        "timeline": [dict(e) for e in events if str(e.get("event")) not in _UNTOLD],
        "facts": [dict(e) for e in events if str(e.get("event")) in _FACTS],
        "files": dict(sorted(files.items())),
    }


def _answer(first: Mapping[str, Event]) -> dict[str, Any]:
    answer = first.get("deploy.answered", first.get("deploy.failed", {})).get("answer")
    return answer if isinstance(answer, dict) else {}


def _extensions(events: Sequence[Event]) -> list[str]:
    for event in events:
        answer = event.get("answer")
        if event.get("event") == "status.read" and isinstance(answer, dict):
            names = answer.get("extensions")
            return [str(name) for name in names] if isinstance(names, list) else []
    return []


def _bare(event: Event) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "event"}


def _stages(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Every stage with its checks and how each ended."""
    collected = [row for e in events if e.get("event") == "checks.collected" for row in e["checks"]]
    ended = {e["id"]: e for e in events if e.get("event") == "check.finished"}
    stages = []
    for stage in STAGES:
        rows = []
        for row in collected:
            if row["stage"] != stage:
                continue
            end = ended.get(row["id"], {})
            rows.append(
                {
                    **row,
                    "outcome": end.get("outcome", "not run"),
                    "words": end.get("words", ""),
                    "started_at": end.get("started_at"),
                    "finished_at": end.get("finished_at"),
                }
            )
        stages.append({"stage": str(stage), "outcome": _stage_outcome(rows), "checks": rows})
    return stages


def _stage_outcome(rows: Sequence[Mapping[str, Any]]) -> str:
    outcomes = [row["outcome"] for row in rows]
    if not outcomes:
        return "not run"
    if "failed" in outcomes:
        return "failed"
    return "passed" if set(outcomes) == {"passed"} else next(o for o in outcomes if o != "passed")


def _clauses(decision: Decision) -> list[dict[str, Any]]:
    return [
        {
            "clause": s.clause,
            "text": CLAUSE[s.clause].text,
            "how": str(CLAUSE[s.clause].how),
            "state": s.state,
            "basis": None if s.basis is None else str(s.basis),
            "checks": list(s.checks),
            "words": s.words,
        }
        for s in decision.clauses
    ]


def _stop(events: Sequence[Event]) -> dict[str, Any]:
    rows = [e for e in events if str(e.get("event", "")).startswith("stop.")]
    end = next((e for e in reversed(rows) if e["event"] in {"stop.confirmed", "stop.unconfirmed"}), None)
    return {
        "owed": any(e.get("event") == "deploy.promised" for e in events)
        and not any(e.get("event") == "deploy.refused" for e in events),
        "confirmed": end is not None and end["event"] == "stop.confirmed",
        "at": end["at"] if end else None,
        "words": end.get("words", "") if end else "",
        "events": [dict(e) for e in rows],
    }
