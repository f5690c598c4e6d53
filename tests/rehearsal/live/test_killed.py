"""A gate killed in every window of its end: the folder never passes, and `smokedeploy stop` completes it."""

import json

import pytest

from pytest_smokedeploy.evidence import torn, verify

OUTCOME = "/v1/outcome"
#: Kills its process right before a file operation, seen by the interpreter's own audit events.
KILLS = """import os
import signal
import sys

seen = []


def hook(event, args):
    if event == "os.rename" and str(args[0]).endswith(".new"):
        seen.append(args)
        if len(seen) == {rename}:
            os.kill(os.getpid(), signal.SIGKILL)
    if event == "open" and {line} and str(args[0]).endswith("journal.jsonl") and "+" in str(args[1]):
        os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(hook)
"""
#: What is killed right before: the number of the renaming (0 for none), whether it is the journal's last line
#: instead, whether the outcome was told, and what the completed evidence says.
NOT_TOLD = "the outcome was not told yet"
HALF = "the run left evidence that its journal does not make"
WINDOWS = {
    "the first file of INCOMPLETE": (4, False, False, NOT_TOLD),
    "the report of INCOMPLETE": (6, False, False, NOT_TOLD),
    "the evidence of INCOMPLETE": (7, False, False, NOT_TOLD),
    "the journal's last line": (0, True, True, NOT_TOLD),
    "the first file of a pass": (8, False, True, HALF),
    "the report of a pass": (10, False, True, HALF),
    "the evidence of a pass": (11, False, True, HALF),
}


@pytest.mark.parametrize("window", list(WINDOWS))
def test_a_gate_killed_right_before(live, window):
    rename, line, told, reason = WINDOWS[window]
    world = live()
    world.lay(conftest=KILLS.format(rename=rename, line=line))
    folder = world.folder / "evidence"
    assert world.start().wait(120) == -9, (world.folder / "output.txt").read_text()
    assert (OUTCOME in world.posts, world.stack.status()["hold"] is None) == (told, told)
    assert verify(folder) != []
    done = world.command("stop")
    assert done.returncode == 0, done.stdout + done.stderr
    said = "the agent's status shows no hold" if told else "the agent is on hold since"
    assert said in done.stdout
    document = json.loads((folder / "evidence.json").read_text())
    assert (document["verdict"], document["clause"]) == ("INCOMPLETE", "FLR-3")
    assert reason in document["reason"]
    assert [row["clause"] for row in document["clauses"] if row["state"] != "proven"] == []
    assert "<h1>INCOMPLETE</h1>" in (folder / "report.html").read_text()
    assert (torn(folder), verify(folder) != [], list(folder.glob(".*"))) == ("", True, [])
    again = world.command("stop")
    assert (again.returncode, "everything is left alone" in again.stdout) == (0, True)
    assert json.loads((folder / "evidence.json").read_text()) == document
