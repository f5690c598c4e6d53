"""What an operator does about each clause that does not hold, where nothing names a closer cause."""

from typing import Final

from pytest_smokedeploy.model.clauses import FORBIDDEN, STATED

_AGENT: Final = "Look at the agent's log, and at the receipt in evidence.json where it gave one."
_STATUS: Final = "Ask the agent for its status again by hand before the next run."
_TEMPLATES: Final = "See by `smokedeploy log startup.log` where it parts from the templates (log.milestones)."
_RUNTIME: Final = "Find out what in the runtime did it; startup.log has every line that it wrote."
_STOP: Final = (
    "Stop it by hand on the server now, or by `smokedeploy stop`; inspect it before any further run."
)

#: By clause, one sentence or two. That the workflow is started anew afterwards is added where it is shown.
REMEDIES: Final[dict[str, str]] = {
    "TGT-3": "Dispatch the workflow with environment dev, and set DEPLOY_ENDPOINT to the agent of dev.",
    "TGT-1": "Point DEPLOY_ENDPOINT at the agent of the environment dev.",
    "TGT-2": "Set EXECUTION_PLANE=paper for the runtime in the agent's own settings.",
    "TRG-1": "Dispatch the deploy workflow by hand, and re-run no run: that is a retry.",
    "TRG-2": "Dispatch with the commit's full SHA as image_tag.",
    "TRG-3": "Write `on: workflow_dispatch` with its inputs, and no other trigger.",
    "PRE-1": "Complete the step, and record it under review.",
    "PRE-2": "Add .github/workflows/deploy.yml; `smokedeploy init` lays one in.",
    "PRE-3": "Create the GitHub Environment `dev`, or let the workflow's token read it.",
    "PRE-4": "Set the secret in the GitHub Environment, and pass it to the step through `env`.",
    "PRE-5": "Migrate the database first.",
    "PRE-6": "Let the agent be reached through the tunnel and behind Access, and no other way.",
    "FLR-3": "Look into what went wrong, and record what was found.",
    "PRE-7": "Look at the preconditions that are not met.",
    **dict.fromkeys((f"AGT-{step}" for step in range(1, 8)), _AGENT),
    **dict.fromkeys((f"VER-{n}" for n in range(1, 6)), _STATUS),
    "VER-6": "Look at the first check that failed.",
    **dict.fromkeys(STATED, _TEMPLATES),
    "DET-1": "Look in startup.log for a restart, and at the container's restart policy.",
    **dict.fromkeys((*FORBIDDEN, "RUN-5", "RUN-6"), _RUNTIME),
    **dict.fromkeys(("STP-1", "STP-2", "STP-3", "EXT-3"), _STOP),
    "EXT-2": "Look at the first check that did not pass; the others may follow from it.",
    "EXT-4": "Understand it; then mend it.",
    "FLR-1": "Take out what can make the workflow end well after a failure.",
    "FLR-2": "Let nothing end or replace the stop; `smokedeploy stop` is the workflow's last step.",
    "FLR-4": "Take out what repeats a check or the run.",
    "EXT-1": "Run it live, by the deploy workflow.",
    "EXT-5": "Rest the phase on a live run that ended in PASS.",
}

#: For variables that the container lacks, or would, by who injects them (PRE-6, AGT-4).
VARIABLES: Final = {
    "server": (
        "Write what lacks into the agent's RUNTIME_ENV_FILE on the server, and restart the agent; "
        "or mend `runtime.environment` in the settings."
    ),
    "ci": (
        "Name what lacks in the agent's RUNTIME_ENV_KEYS on the server, take it out of RUNTIME_ENV_FILE "
        "there, and restart the agent; "
        "or mend `runtime` in the settings (`injected_by: server` leaves all of them to the server)."
    ),
}
#: For mounts that are not the settings', or would not be (PRE-6, AGT-4).
MOUNTS: Final = (
    "Mend `mounts` in the settings, or the agent's on the server and restart the agent; both name them alike."
)
