"""Holds what a run told against what really was; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.soak.plan import CANCELS, HEALTHY, KILLS, SIGNALS

Facts = dict[str, Any]
#: Seconds within which two times of two processes count as one.
_NEAR: Final = 0.1
_VERDICT: Final = re.compile(r"^(PASS|FAIL|INCOMPLETE|REFUSED) +", re.MULTILINE)
_SIGNALLED: Final = frozenset({*SIGNALS, *CANCELS, *KILLS})
#: Sentences that say that nothing was deployed.
_NOTHING: Final = ("This run deployed nothing", "nothing was deployed", "no deploy was sent")
#: Sentences that say that the agent is on hold, and that it is not.
_ON: Final = ("agent is on hold since", "The agent is on hold for this run.")
_OFF: Final = ("the agent's status shows no hold", "The agent is not on hold.")

#: The kinds of fault that are counted.
KINDS: Final = ("outlived", "second deploy", "untrue", "taken by verify", "healthy", "other")


def faults(run: Facts) -> list[tuple[str, str]]:
    """(Kind, what is wrong), for each fault of this run."""
    found = [("other", f"the soak could not end it as planned: {run['broken']}")] if run["broken"] else []
    for kind, judge in (
        ("outlived", _outlived),
        ("second deploy", _second),
        ("untrue", _passed_untruly),
        ("untrue", _words),
        ("untrue", _hold),
        ("taken by verify", _taken),
        ("healthy", _healthy),
        ("other", _unclean),
    ):
        found += [(kind, words) for words in judge(run)]
    return found


def _outlived(run: Facts) -> Iterator[str]:
    if run["running_at_last"] is not False:
        yield f"a container still runs {run['bound']:.1f} s after the run began"
    for row in run["containers"]:
        if row["finished"] and row["finished"] > run["bound"]:
            yield f"a container ran until {row['finished']:.1f} s, and its bound was {run['bound']:.1f} s"
    if (at := run["rescued_at"]) is not None:
        if run["stop"]["running"]:
            yield "`smokedeploy stop` ended with 0 while the container ran"
        if [row for row in run["containers"] if (row["started"] or 0) > at]:
            yield "a container was started after `smokedeploy stop` had ended with 0"
    if run["folder"] and run["folder"]["confirmed"] and run["running_at_end"] and run["status"] is not None:
        yield "the stop was confirmed, and the container ran when the gate had ended"


def _second(run: Facts) -> Iterator[str]:
    for name, count in (
        ("deploys reached the agent", run["deploys"]),
        ("deploys were begun", _count(run, "deploy.begun")),
        ("containers were created", run["events"].count("create")),
        ("containers were started", run["events"].count("start")),
    ):
        if count > 1:
            yield f"{count} {name}"


def _passed(run: Facts) -> bool:
    return bool(run["folder"]) and run["folder"]["verdict"] == "PASS" and not run["refusals"]


def _passed_untruly(run: Facts) -> Iterator[str]:
    if run["status"] == 0 and not _passed(run):
        yield f"exit status 0 beside {run['folder'] and run['folder']['verdict']}: {run['refusals']}"
    if not _passed(run):
        return
    if not _count(run, "hold.lifted"):
        yield "PASS, and the agent was not told so"
    if run["status"] != 0 and not _after(run["hurt"], run["outcome_at"]):
        yield f"PASS beside the exit status {run['status']}"
    if run["way"] in _SIGNALLED and run["hurt"] and run["hurt"] < run["folder"]["finished_at"] - _NEAR:
        yield f"PASS though {run['way']} came at {run['hurt']:.2f} s"
    actions = [action for action in run["events"] if action not in {"kill", "die", "stop", "destroy"}]
    ended = [row["finished"] for row in run["containers"]]
    if len(ended) != 1 or not ended[0] or run["stop_at"] is None or ended[0] < run["stop_at"] - _NEAR:
        yield f"PASS, and the containers ended at {ended}, the stop was asked for at {run['stop_at']}"
    if actions not in (["create", "start"], []):
        yield f"PASS, and the engine told of {actions}"


def _after(first: float | None, second: float | None) -> bool:
    return first is not None and second is not None and first >= second - _NEAR


def _words(run: Facts) -> Iterator[str]:
    """Sentences that are not true."""
    folder, created = run["folder"], "create" in run["events"] or bool(run["containers"])
    told = [run["output"], run["commands"], *([folder["reason"]] if folder else [])]
    if created and (said := next((words for words in _NOTHING for text in told if words in text), "")):
        yield f"said that {said!r}, and a container was created"
    if folder and folder["verdict"] == "REFUSED" and created:
        yield "REFUSED, and a container was created"
    said = _VERDICT.findall(run["output"])
    if said and folder and said[-1] != folder["verdict"]:
        yield f"the output says {said[-1]}, and the folder {folder['verdict']}"
    if folder and run["status"] is not None and run["status"] > 0 and folder["exit_status"] == 0:
        yield f"the folder says exit status 0, and it was {run['status']}"


def _hold(run: Facts) -> Iterator[str]:
    lifted = _count(run, "hold.lifted")
    if run["begun"] and not lifted and not run["held"]:
        yield "no hold, though the agent was not told that the run passed"
    if lifted and not _passed(run) and run["outcome_at"] is None:
        yield "the hold came off, and no outcome was told"
    if (later := run.get("next")) and tuple(later) != ("REFUSED", "FLR-3"):
        yield f"the next run, before a person looked, ended in {later}"
    stop = run.get("stop", {"words": ""})
    for text in (run["output"], stop["words"]):
        on, off = (any(words in text for words in said) for said in (_ON, _OFF))
        if on and lifted and not run["held"] and not _during_outcome(run):
            yield "said that the agent is on hold, and it is not"
        if off and run["held"]:
            yield "said that the agent is not on hold, and it is"


def _during_outcome(run: Facts) -> bool:
    return run["outcome_at"] is not None and run["way"] not in (HEALTHY, *_SIGNALLED)


def _taken(run: Facts) -> Iterator[str]:
    if not run["refusals"] and (run["folder"] or {}).get("verdict") != "PASS":
        yield "verify takes a folder that says no PASS"
    if run["verified"] == 0 and run["refusals"]:
        yield f"`smokedeploy verify` takes a folder that it refused before: {run['refusals']}"


def _healthy(run: Facts) -> Iterator[str]:
    if run["runtime"] == "deaf":
        return  # it is killed, and its exit code is no documented one
    if run["hurt"] is None and not (run["status"] == 0 and _passed(run)):
        yield f"nothing happened to it, and it ended with {run['status']}: {run['folder']}"
    if run["hurt"] is None and run["held"]:
        yield "nothing happened to it, and the agent is on hold"


def _unclean(run: Facts) -> Iterator[str]:
    if run["status"] is None:
        yield "the gate did not end"
    for name in ("output", "commands", "agent_log"):
        for word in ("INTERNALERROR", "Traceback (most recent call last)"):
            if word in run[name] and not _early(run):
                yield f"{word} in the {name}"
    if run["unreleased"]:
        yield f"nothing ran, and the hold could not be released: {run['unreleased']}"
    if run["secret"]:
        yield f"a secret stands in {run['secret']}"


def _early(run: Facts) -> bool:
    """Whether a signal may have come before the gate had its own handlers: Python then ends by itself."""
    return run["way"] in _SIGNALLED and not run["calls"]


def _count(run: Facts, what: str) -> int:
    return sum(row["what"] == what for row in run["audit"])


# -- which layer stopped it ---------------------------------------------------------------------------


def stopped(run: Facts) -> tuple[str, float] | None:
    """Which layer stopped the container, and how many seconds after the run was hurt; None for neither."""
    ended = [row["finished"] for row in run["containers"] if row["finished"]]
    if run["hurt"] is None or not ended or max(ended) < run["hurt"] - _NEAR:
        return None
    return _layer(run), max(ended) - run["hurt"]


def _layer(run: Facts) -> str:
    for row in run["audit"]:
        what, why = row["what"], row["why"]
        if what == "lease.ran_out" and "was stopped" in why:
            return "lease"
        if what == "container.stopped" and row["who"] == "agent":
            return "agent's end" if "was ended within its lease" in why else "agent's restart"
        if what == "container.stopped" or (what == "deploy.failed" and "cancelled by a stop" in why):
            return "gate" if row["at"] <= run["ended"] + _NEAR else "smokedeploy stop"
    return "engine's end or the runtime's own"
