"""The deploy workflow's file, through the whole gate: a few of each table, and the file of the run's commit.

Both tables stand in tests.unit.judging.workflow_table, where each entry is judged by itself.
"""

from __future__ import annotations

from tests.rehearsal.gallery.case import Case, github, sound
from tests.rehearsal.gallery.repository import INTEGRATION, environ, unmet
from tests.unit.judging.workflow_table import DEPLOY, PASSES, REFUSED

CONTENTS = "/contents/.github/workflows/deploy.yml"
SOUND = (
    "anchors",
    "an ordinary deploy beside",
    "more environments offered",
    "python -m pytest",
    "a folder that all three are given",
    "an environment without a deployment",
    "a check before it",
)
WRONG = (
    "verify or true",
    "no verify",
    "make",
    "pytest's options",
    "an earlier stop",
    "an echo",
    "no exec",
    "no stop",
    "a stop on success",
    "a stop without its secrets",
    "prod",
    "an environment from an input",
    "an endpoint written out",
    "a loop",
    "a retry action",
    "a second step",
    "a matrix",
)


def refused(name: str) -> Case:
    """An entry of the second table, known before any request."""
    text, clause, words = REFUSED[name]
    return unmet(clause, words=words, status=4, workflow=text)


CASES: dict[str, Case] = {
    "no workflow": unmet("PRE-2", workflow=""),
    "the workflow is a folder": unmet("PRE-2", workflow="/"),
    "the workflow is no YAML": unmet("PRE-2", words="not YAML", workflow="on: [\njobs: {"),
    "the workflow has a merge key": unmet(
        "PRE-2", words="<<", workflow=f"{DEPLOY}\n  other: {{<<: {{a: b}}}}\n"
    ),
    "the commit has another workflow": unmet(
        "PRE-2", github(CONTENTS, 200, DEPLOY.replace("20", "30").encode()), "they differ first in line 28"
    ),
    "the commit has no workflow": unmet("PRE-2", github(CONTENTS, 404, {"message": "Not Found"}), "404"),
    "the commit's workflow is forbidden": unmet(
        "PRE-2", github(CONTENTS, 403, INTEGRATION), "contents: read"
    ),
    "the workflow's commit is not told": environ("PRE-2", "GITHUB_WORKFLOW_SHA", GITHUB_WORKFLOW_SHA=None),
    **{f"workflow: {name}": sound(workflow=PASSES[name]) for name in SOUND},
    **{f"workflow: {name}": refused(name) for name in WRONG},
}
