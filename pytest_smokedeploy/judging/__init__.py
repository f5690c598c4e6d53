"""Judging: facts in, findings, blocking and verdict out. No clock, no network, no file, no pytest."""

from pytest_smokedeploy.judging.blocking import blocked, may_not_deploy
from pytest_smokedeploy.judging.log import Line, LineMatch, StartupLog
from pytest_smokedeploy.judging.record import Check, CheckOutcome, Record
from pytest_smokedeploy.judging.verdict import OWN_WORDS, ClauseState, Decision, clause_states, decide, earned

__all__ = [
    "OWN_WORDS",
    "Check",
    "CheckOutcome",
    "ClauseState",
    "Decision",
    "Line",
    "LineMatch",
    "Record",
    "StartupLog",
    "blocked",
    "clause_states",
    "decide",
    "earned",
    "may_not_deploy",
]
