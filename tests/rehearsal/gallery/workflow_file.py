"""The deploy workflow's file: what stands around the gate runs it again, hides its end, or can't be read."""

from __future__ import annotations

from tests.rehearsal.gallery.case import Case, sound
from tests.rehearsal.gallery.repository import DEPLOY, flow, unmet

GATE = "run: exec .venv/bin/pytest -p smokedeploy smoke_tests"
UNSEEN = "no step of deploy.yml is seen to run the gate"


def around(clause: str, new: str, words: str = "", old: str = GATE) -> Case:
    """Something around the gate in the workflow, known before any request."""
    return flow(clause, old, new, words, 4)


CASES: dict[str, Case] = {
    "no workflow": unmet("PRE-2", workflow=""),
    "the workflow is a folder": unmet("PRE-2", workflow="/"),
    "the workflow is no YAML": unmet("PRE-2", words="not YAML", workflow="on: [\njobs: {"),
    "a loop around the gate": around(
        "FLR-4",
        "run: |\n          for i in 1 2 3; do pytest -p smokedeploy smoke_tests && break; done",
        "loop",
    ),
    "a retry action": around(
        "FLR-4",
        "uses: nick-fields/retry@v3\n        with: {command: pytest -p smokedeploy smoke_tests}",
        "nick-fields/retry",
    ),
    "a second step tries again": around(
        "FLR-4", f"{GATE}\n      - if: failure()\n        {GATE}", "more than once"
    ),
    "a matrix": around(
        "FLR-4", "    strategy: {matrix: {n: [1, 2]}}\n    steps:", "matrix", old="    steps:"
    ),
    "continue-on-error": around("FLR-1", f"continue-on-error: true\n        {GATE}", "continue-on-error"),
    "the job continues on error": around(
        "FLR-1", "    continue-on-error: true\n    steps:", "job", old="    steps:"
    ),
    "the shell goes on": around(
        "FLR-1", f"run: |\n          set +e\n          {GATE[10:]}\n          echo done", "goes on"
    ),
    "the gate runs always": around("FLR-2", f"if: always()\n        {GATE}", "cancelled"),
    "a matrix of two environments": around(
        "TGT-3",
        "    strategy: {matrix: {where: [dev, prod]}}\n    environment: ${{ matrix.where }}",
        "'prod'",
        old="    environment: dev",
    ),
    "a matrix made as it runs": around(
        "FLR-4",
        "    strategy: {matrix: '${{ fromJSON(inputs.image_tag) }}'}\n    steps:",
        "fromJSON",
        old="    steps:",
    ),
    # What can't be read is no violation, and is said aloud.
    "a script of one's own": sound(workflow=DEPLOY.replace(GATE, "run: ci/smoke"), says=(UNSEEN,)),
    "a called workflow": sound(
        workflow=f"{DEPLOY[: DEPLOY.index('jobs:')]}jobs:\n  gate:\n    uses: ./.github/workflows/gate.yml\n",
        says=(UNSEEN,),
    ),
    "no exec": around("FLR-2", "run: .venv/bin/pytest -p smokedeploy smoke_tests", "without `exec`"),
    "exec in a shell of its own": around("FLR-2", f"run: bash -c '{GATE[5:]}'", "without `exec`"),
    "or true": around("FLR-1", f"{GATE} || true", "|| true"),
    "a pipe": around("FLR-1", f"{GATE} | tee log", "pipe"),
    "the stop is not always": around("FLR-2", "if: success()", "smokedeploy stop", old="if: always()"),
    "the stop looks in another folder": around(
        "FLR-2", f"{GATE} --smokedeploy-evidence out", "smoke-evidence"
    ),
    "the stop is given another folder": around(
        "FLR-2",
        "run: exec .venv/bin/smokedeploy stop --evidence=out",
        "looks in out",
        old="run: exec .venv/bin/smokedeploy stop",
    ),
    "the stop starts elsewhere": around(
        "FLR-2", f"working-directory: sub\n        {GATE}", "sub/smoke-evidence"
    ),
    "both are given the folder": sound(
        workflow=DEPLOY.replace(GATE, f"{GATE} --smokedeploy-evidence=./out").replace(
            "run: exec .venv/bin/smokedeploy stop", "run: exec .venv/bin/smokedeploy stop --evidence out"
        )
    ),
    "the job runs in prod": around("TGT-3", "environment: prod", "prod", old="environment: dev"),
}
