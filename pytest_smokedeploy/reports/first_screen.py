"""The first screen of a run: what an operator must know at once, from the evidence alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_smokedeploy.model import REMEDIES

_PROCEEDS: Final = "The phase may proceed."
_STOPS: Final = "The phase does not proceed."
_REHEARSAL: Final = "A rehearsal: nothing was decided."
#: What the operator does once the cause is mended, live and after a rehearsal.
_ANEW: Final = "start the workflow anew by hand."
_RELEASE: Final[Mapping[str, str]] = {
    "on": "release the hold, and ",
    "not known": "release the hold if it is on, and ",
}
_AGAIN: Final = "rehearse again: nothing is on hold."
_LIVE: Final = "A rehearsal is no evidence: pass `smokedeploy check --live`, then start the workflow by hand."
_MEND: Final = "Mend that."
#: What a run that deployed nothing says of an earlier deploy's container, by what its last status told.
_EARLIER: Final[Mapping[str, str]] = {
    "running": "an earlier container was running, by the agent's status of",
    "stopped": "no earlier container was running, by the agent's status of",
    "neither": "an earlier container was neither running nor stopped, by the agent's status of",
    "not told": "whether an earlier container runs is not known: the agent gave no status at",
    "not asked": "whether an earlier container runs was not asked",
}
#: What is said of a hold, by what is known of it.
_HOLDS: Final[Mapping[str, str]] = {
    "on": "The agent is on hold{by}: it refuses every deploy until a person releases it.",
    "off": "The agent is not on hold{by}.",
    "not known": "It is not known whether the agent is on hold.",
    "not offered": "The agent keeps no hold.",
    "not asked": "The agent was not asked whether it is on hold.",
}


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """What an operator must know at once; each text is a sentence or more, or "".

    Attributes:
        verdict: the verdict, one word.
        meaning: whether the phase proceeds.
        clause: id of the deciding clause, "" where none is the cause.
        asks: what that clause asks, "" where that is what was expected.
        expected: what was expected.
        seen: what was seen; the whole reason where it has no parts.
        consequence: what that means.
        next: what the operator does.
        container: whether anything is running.
        running: whether something may be.
        hold: whether the agent is on hold, and of when its status is.
        held: whether it is, or may be.
        because: since when, by whom and why; "" where that is what was seen.
        release: how a person releases it.

    """

    verdict: str
    meaning: str
    clause: str
    asks: str
    expected: str
    seen: str
    consequence: str
    next: str
    container: str
    running: bool
    hold: str
    held: bool
    because: str
    release: str


def first_screen(document: Mapping[str, Any]) -> FirstScreen:
    """The first screen of the run that `document` is the evidence of."""
    deciding, hold, clause = document["deciding"], document["hold"], str(document["clause"])
    row = next((row for row in document["clauses"] if row["clause"] == clause), {"text": ""})
    running = bool(document["stop"]["owed"]) and not document["stop"]["confirmed"]
    held = hold["state"] in {"on", "not known"} and not document["rehearsal"]
    return FirstScreen(
        verdict=str(document["verdict"]),
        meaning=_meaning(document),
        clause="" if _cut(document, row) else clause,
        asks="" if row["text"] == deciding["expected"] or _cut(document, row) else str(row["text"]),
        expected=str(deciding["expected"]),
        seen=str(deciding["seen"]),
        consequence=str(deciding["meaning"]),
        next=_next(document, running=running, held=held),
        container=_container(document),
        running=running,
        hold=_hold(document),
        held=held,
        because=_because(hold) if held and str(hold["words"]) not in str(deciding["seen"]) else "",
        release=str(hold["remedy"]) if held and hold["remedy"] != deciding["remedy"] else "",
    )


def _cut(d: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether the run was cut off: the clause is then the first that was not proven, and no cause."""
    unproven = row.get("state") == "not proven" and row["words"] != d["reason"]
    return unproven and not d["deciding"]["expected"] and row["clause"] != "STP-1"


def moment(at: object) -> str:
    """A time of the evidence as it is shown: ``2026-01-31 10:00:27 UTC``."""
    day, _, clock = str(at or "").removesuffix("Z").partition("T")
    return f"{day} {clock.partition('.')[0]} UTC" if clock else "a time that is not known"


def _meaning(d: Mapping[str, Any]) -> str:
    if d["rehearsal"]:
        return _REHEARSAL
    return _PROCEEDS if d["verdict"] == "PASS" else _STOPS


def _next(d: Mapping[str, Any], *, running: bool, held: bool) -> str:
    if d["verdict"] in {"PASS", "REHEARSED"}:
        return _LIVE if d["rehearsal"] else ""
    remedy = str(d["deciding"]["remedy"])
    if running and not d["rehearsal"]:
        # First, whatever decided the verdict.
        remedy = " ".join(dict.fromkeys(filter(None, (REMEDIES["STP-1"], remedy))))
    release = _RELEASE[d["hold"]["state"]] if held and remedy != d["hold"]["remedy"] else ""
    anew = _AGAIN if d["rehearsal"] else f"{release}{_ANEW}"
    if not remedy and d["verdict"] == "REFUSED":
        remedy = _MEND
    then = "Once it is mended," if d["verdict"] == "FAIL" else "Then"
    return f"{remedy} {then} {anew}" if remedy else f"{anew[0].upper()}{anew[1:]}"


def _container(d: Mapping[str, Any]) -> str:
    stop = d["stop"]
    if not stop["owed"]:
        nothing = "This run deployed nothing"
        if d["rehearsal"]:
            return f"{nothing}."
        earlier = d["container"]
        read = f" {moment(earlier['at'])}" if earlier["at"] else ""
        return f"{nothing}; {_EARLIER[earlier['state']]}{read}."
    # Where the stop decided the verdict its words are what was seen.
    seen = str(d["deciding"]["seen"]).rstrip(".")
    why = "" if stop["words"].rstrip(".") in seen else f": {stop['words'].rstrip('.')}"
    if not stop["confirmed"]:
        if d["rehearsal"]:
            return f"No stop was confirmed{why}. The rehearsal's world ended with the run."
        return f"The container may be running, on {d['endpoint_host'] or 'the server'}{why}."
    late = any(row["clause"] == "STP-2" and row["state"] == "violated" for row in d["clauses"])
    confirmed = f"the status showed the container stopped at {moment(stop['at'])}"
    return f"Nothing is running: {confirmed}{', not in time (STP-2)' if late else ''}."


def _hold(d: Mapping[str, Any]) -> str:
    hold = d["hold"]
    if d["rehearsal"]:
        ended = "the rehearsal's agent ended with it"
        return f"Nothing is on hold: {'no agent was asked' if hold['state'] == 'not asked' else ended}."
    by = f", by its status of {moment(hold['at'])}" if hold["at"] else ""
    return _HOLDS[hold["state"]].format(by=by)


def _because(hold: Mapping[str, Any]) -> str:
    words = str(hold["words"]).rstrip(".")
    return f"{words[:1].upper()}{words[1:]}." if words else ""
