"""Whether a world ended as it states; what did not, in words."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_smokedeploy.evidence import JOURNAL, Journal, verify
from tests.rehearsal.gallery.case import NONE, Case
from tests.rehearsal.gallery.catalogue import FAMILIES
from tests.rehearsal.gallery.gate import Ended, gate

#: Variables that an interpreter reads as it starts, and the one by which pytest marks whatever is installed
#: (it would warn of what the fork server has imported already).
_INTERPRETERS = re.compile(r"PYTHON|PYTEST_DISABLE_PLUGIN_AUTOLOAD")
#: The first world of each family starts as a user's does, so that nothing rests on the forks alone.
OWN_PROCESSES = frozenset(next(iter(cases)) for cases in FAMILIES.values())


def rehearse(case: Case, name: str, folder: Path) -> Ended:
    """Run the gate over one world of the catalogue, in `folder`, which is made."""
    folder.mkdir(parents=True)
    return gate(
        folder,
        *case.options,
        world=name,
        changes=case.settings,
        files=case.files,
        workflow=case.workflow,
        environ=case.environ,
        only=case.tests,
        forked=not (case.needs or name in OWN_PROCESSES or any(map(_INTERPRETERS.match, case.environ))),
    )


def caught(run: Ended) -> bool:
    """Whether the run did not pass: by its exit status and by its evidence, each for itself.

    One that was no gate at all is caught by `verify`, which the workflow runs after the gate.
    """
    if not run.document:
        return bool(verify(run.folder / "evidence"))
    return run.status != 0 and run.document["verdict"] not in {"PASS", "REHEARSED"}


def stopped(case: Case, run: Ended) -> bool:
    """Whether the runtime's end is the stated one; True where it may not be stopped at all."""
    return not run.told["running"] or not case.stopped


def _left_nothing(case: Case, run: Ended) -> list[str]:
    """What a run that was no gate left all the same, or its other status."""
    found = [f"it left {file.name}" for file in (run.folder / "evidence").glob("evidence.json")]
    found += [f"the agent heard {run.posts}"] if run.posts else []
    if run.status != case.exit_status:
        found.append(f"wanted exit {case.exit_status}, it was {run.status}: {run.output[-300:]!r}")
    if not verify(run.folder / "evidence"):
        found.append("`verify` takes it for evidence")
    return found


def misses(case: Case, run: Ended) -> list[str]:
    """Everything that ended otherwise than the case states, each in a line; empty if all is well."""
    document = run.document
    if case.verdict == NONE:
        return _left_nothing(case, run)
    if not document:
        return [f"no evidence, exit status {run.status}: {run.output[-300:]!r}"]
    found = []
    seen = (document["verdict"], document["clause"], run.status)
    if seen != (case.verdict, case.clause, case.exit_status):
        wanted = f"{case.verdict} {case.clause or '-'} exit {case.exit_status}"
        found.append(f"wanted {wanted}, got {seen[0]} {seen[1] or '-'} exit {seen[2]}: {document['reason']}")
    violated = {row["clause"] for row in document["clauses"] if row["state"] == "violated"}
    if missing := sorted(set(case.also) - violated):
        found.append(f"not violated: {', '.join(missing)}")
    if document["exit_status"] != run.status:
        found.append(f"the evidence says exit {document['exit_status']}, it was {run.status}")
    if case.words not in document["reason"]:
        found.append(f"the reason does not say {case.words!r}: {document['reason']}")
    if ("/v1/deploy" in run.posts) is not case.deploys or (run.posts and not case.deploys):
        found.append(f"the agent heard {run.posts}")
    if run.told["running"] is case.stopped:
        found.append("the runtime still ran at the end" if case.stopped else "it was stopped after all")
    return found + _untold(case, run) + _half(run)


def _half(run: Ended) -> list[str]:
    """Findings that do not say all: what was expected and seen, what it means, what to do next."""
    file = run.folder / "evidence" / JOURNAL
    events = Journal.read(file) if file.exists() else []
    facts = [f for f in events if f["event"] == "finding" and f["holds"] is not True]
    parts = ("expected", "seen", "meaning", "remedy")
    return [f"{f['clause']} has no {part}" for f in facts for part in parts if not f[part]]


def _untold(case: Case, run: Ended) -> list[str]:
    """What the terminal should say and does not."""
    verdict, reason = run.document["verdict"], run.document["reason"]
    shown = " ".join(run.output.split())
    found = [f"the terminal does not say {words!r}" for words in case.says if words not in shown]
    if "\x1b" in run.output or "\x9b" in run.output:
        found.append("the terminal is told to do something")
    if verdict not in run.output:
        found.append(f"the terminal does not say {verdict}")
    if reason[:60] not in shown:
        found.append(f"the terminal does not say why: {reason}")
    return found
