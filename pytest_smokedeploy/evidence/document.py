"""`evidence.json`: built from the journal alone, and replayed into the gate's verdict (DESIGN 6)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pytest_smokedeploy.judging import Check, Decision, Record, decide, rests, runs
from pytest_smokedeploy.model import CLAUSE, REMEDIES, STAGES, Basis, Finding, Stage

Event = Mapping[str, Any]

#: Why a run in which everything holds has not passed before its last event, at an agent that keeps a hold and
#: at any other.
OUTCOME_DUE: Final = "the outcome was not told yet"
END_DUE: Final = "the run's end was not written yet"

#: Lines of the log that the document quotes: key -> name of the event.
_QUOTED: Final = {"milestones": "milestone"} | {n: n for n in ("forbidden", "excepted", "undocumented")}

#: Events whose words may be the reason, with what to do at their end.
_REMEDIED: Final = ("misuse", "check.finished", "run.spoiled", "outcome.failed")


def replay(events: Sequence[Event]) -> Record:
    """A record that has taken the facts of a journal in their order."""
    record = Record(rehearsal=False)
    for event in events:
        take(record, event)
    return record


def take(record: Record, event: Event) -> None:  # noqa: C901 - one case a fact
    """Take the fact of an event into `record`, which most events do not change."""
    match event.get("event"):
        case "run.started":
            record.rehearsal |= bool(event.get("rehearsal"))
        case "checks.collected":
            rows = event["checks"]
            checks = [
                Check(str(r["id"]), str(r["title"]), Stage(r["stage"]), tuple(r["clauses"])) for r in rows
            ]
            record.expect(checks)
        case "misuse":
            record.rehearsal |= bool(event.get("rehearsal"))
            record.misuse(str(event["message"]), event.get("clause"))
        case "finding":
            record.finding(_finding(event))
        case "check.finished":
            record.result(event["id"], event["outcome"], str(event.get("words", "")), event.get("clause"))
        case "signal" | "run.spoiled":
            record.interrupt(str(event.get("words") or f"the run was interrupted by {event['name']}."))
        case "deploy.promised" | "deploy.sent":
            record.deploy = "sent"
            record.pending = OUTCOME_DUE if event.get("hold") else record.pending or END_DUE
        case "deploy.refused":
            record.deploy = "refused"
        case "stop.confirmed" | "stop.unconfirmed" as name:
            record.stop_confirmed = name == "stop.confirmed"
        case "outcome.failed":
            record.pending = str(event["words"])
        case "run.finished" if "outcome_known" in event:
            record.pending = ""


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
    record = replay(events)
    decision = decide(record)
    named: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        named[str(event.get("event"))].append(event)

    def first(name: str) -> Event:
        return next(iter(named[name]), {})

    started = first("run.started")
    answer = (first("deploy.answered") or first("deploy.failed")).get("answer")
    answer = answer if isinstance(answer, dict) else {}
    reported = {"reported": answer.get("image", ""), "digest": answer.get("image_digest") or ""}
    quoted = {
        key: [{k: v for k, v in event.items() if k != "event"} for event in named[f"log.{name}"]]
        for key, name in _QUOTED.items()
    }
    return {
        "schema_version": "1",
        "verdict": str(decision.verdict),
        "clause": decision.clause,
        "reason": decision.reason,
        "deciding": _deciding(record, decision, [e for name in _REMEDIED for e in named[name]]),
        "exit_status": decision.exit_status,
        "finished": bool(named["run.finished"]),
        "rehearsal": record.rehearsal,
        "started_at": events[0]["at"] if events else None,
        "finished_at": events[-1]["at"] if events else None,
        **{k: started.get(k, "") for k in ("environment", "execution_plane", "endpoint_host", "engine")},
        "image": {**started.get("image", {}), **reported},
        "agent": {**started.get("agent", {}), "extensions": _extensions(named["status.read"])},
        **{key: dict(started.get(key, {})) for key in ("settings", "run", "versions")},
        "deploy_id": str(first("deploy.promised").get("deploy_id", "")),
        "stages": _stages(named["checks.collected"], named["check.finished"]),
        "clauses": _clauses(decision),
        "receipt": {k: v for k, v in answer.items() if k != "status"},
        "log": {
            **quoted,
            "quiet_seconds": first("log.quiet").get("seconds"),
            "exit_code": named["log.end"][-1].get("exit_code") if named["log.end"] else None,
        },
        "events": _engine_events(named["events.read"]),
        "stop": _stop(record, events),
        "container": _container(named["status.read"], named["status.unread"]),
        "hold": _hold(events),
        "files": dict(sorted(files.items())),
    }


def _deciding(record: Record, decision: Decision, told: Sequence[Event]) -> dict[str, str]:
    """The reason, part by part; a part is "" where nothing says it.

    `told` are the events that may hold the reason, its remedy at the end.
    """
    finding = record.found(decision.clause)
    if finding is not None and " ".join(finding.words().split()) == decision.reason:
        return {name: getattr(finding, name) for name in ("expected", "seen", "meaning", "remedy")}
    remedies = (" ".join(str(event.get("remedy", "")).split()) for event in told)
    remedy = next((one for one in remedies if one and decision.reason.endswith(one)), "")
    own = [
        c.id for c in record.checks if not c.clauses and decision.reason.startswith(f"the check {c.title!r}")
    ]
    if own and decision.clause == "EXT-2":
        remedy = f"Look at {own[0]}: mend what it found, or the check itself."
    seen = decision.reason.removesuffix(remedy).rstrip()
    if decision.clause in record.violations or record.refusal:
        remedy = remedy or REMEDIES.get(decision.clause, "")
    return {"expected": "", "seen": seen, "meaning": "", "remedy": remedy}


def _container(reads: Sequence[Event], unread: Sequence[Event]) -> dict[str, Any]:
    """What the agent's last status told of its container, whoever deployed it."""
    if not reads:
        return {"state": "not told" if unread else "not asked", "at": unread[-1]["at"] if unread else None}
    answer = reads[-1]["answer"] if isinstance(reads[-1]["answer"], dict) else {}
    state = "running" if runs(answer) else "stopped" if rests(answer) else "neither"
    return {"state": state, "at": reads[-1]["at"]}


def _hold(events: Sequence[Event]) -> dict[str, Any]:
    """Whether the agent is on hold (FLR-3): as last read, or as follows from what the run did since."""
    found: dict[str, Any] = {"state": "not asked", "at": None, "words": "", "remedy": ""}
    for event in events:
        match event.get("event"):
            case "hold.read":
                read = {"words": str(event["words"]), "remedy": str(event["remedy"])}
                found = {"state": "on" if event["on"] else "off", "at": event["at"]} | read
            case "status.unread" if found["at"] is None:
                found |= {"state": "not known"}
            case "deploy.promised":
                # The agent takes the hold with the deploy; until a status tells it, it is not read.
                found |= {"state": "on" if event.get("hold") else "not offered", "at": None, "words": ""}
            case "deploy.refused" if found["at"] is None:
                found |= {"state": "not known"}
            case "outcome.failed" if event.get("told"):
                found |= {"state": "not known", "at": None, "words": ""}
            case "run.finished" if event.get("outcome_known"):
                found = {"state": "off", "at": event["at"], "words": "", "remedy": ""}
    return found


def _extensions(statuses: Sequence[Event]) -> list[str] | None:
    """What the agent's first status lists; None where none was read."""
    if not statuses:
        return None
    answer: Event = next((e["answer"] for e in statuses if isinstance(e.get("answer"), dict)), {})
    names = answer.get("extensions")
    return [str(name) for name in names] if isinstance(names, list) else []


def _engine_events(reads: Sequence[Event]) -> list[Any]:
    """What the engine told of the container, by the last answer."""
    answer: Event = next((e["answer"] for e in reversed(reads) if isinstance(e.get("answer"), dict)), {})
    events = answer.get("events")
    return events if isinstance(events, list) else []


def _stages(collected: Sequence[Event], finished: Sequence[Event]) -> list[dict[str, Any]]:
    """Every stage with its checks and how each ended."""
    end: dict[str, Any] = {"outcome": "not run", "words": "", "started_at": None, "finished_at": None}
    ended = {event["id"]: {key: event.get(key, end[key]) for key in end} for event in finished}
    rows = [row | ended.get(row["id"], end) for event in collected for row in event["checks"]]
    stages = {stage: [row for row in rows if row["stage"] == stage] for stage in map(str, STAGES)}
    return [
        {
            "stage": stage,
            "outcome": _stage_outcome(own),
            "checks": [{k: v for k, v in row.items() if k != "stage"} for row in own],
        }
        for stage, own in stages.items()
    ]


def _stage_outcome(rows: Sequence[Mapping[str, Any]]) -> str:
    outcomes = [row["outcome"] for row in rows]
    if "failed" in outcomes:
        return "failed"
    return next((outcome for outcome in outcomes if outcome != "passed"), "passed" if outcomes else "not run")


def _clauses(decision: Decision) -> list[dict[str, Any]]:
    rows = []
    for state in decision.clauses:
        clause, basis = CLAUSE[state.clause], state.basis and str(state.basis)
        named = {"clause": clause.id, "text": clause.text, "how": str(clause.how)}
        found: dict[str, Any] = {"state": state.state, "basis": basis, "words": state.words}
        rows.append(named | found)
    return rows


def _stop(record: Record, events: Sequence[Event]) -> dict[str, Any]:
    rows = [event for event in events if str(event.get("event", "")).startswith("stop.")]
    end: Event = next((e for e in reversed(rows) if e["event"] in {"stop.confirmed", "stop.unconfirmed"}), {})
    return {
        "owed": record.deploy == "sent",
        "confirmed": record.stop_confirmed,
        "at": end.get("at"),
        "words": end.get("words", ""),
        "events": [dict(event) for event in rows],
    }
