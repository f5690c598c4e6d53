"""The Smoke Deploy Model as data: stages, clauses, findings, verdicts and their exit statuses."""

from pytest_smokedeploy.model.clauses import (
    CHECKED,
    CLAUSE,
    CLAUSES,
    MILESTONES,
    RANK,
    Basis,
    Clause,
    How,
    stage_of,
)
from pytest_smokedeploy.model.findings import MEANS, UNTOLD, Finding
from pytest_smokedeploy.model.stages import STAGES, Stage
from pytest_smokedeploy.model.verdicts import EXIT_FAILED, EXIT_MISUSE, EXIT_OK, EXIT_STATUS, Verdict

__all__ = [
    "CHECKED",
    "CLAUSE",
    "CLAUSES",
    "EXIT_FAILED",
    "EXIT_MISUSE",
    "EXIT_OK",
    "EXIT_STATUS",
    "MEANS",
    "MILESTONES",
    "RANK",
    "STAGES",
    "UNTOLD",
    "Basis",
    "Clause",
    "Finding",
    "How",
    "Stage",
    "Verdict",
    "stage_of",
]
