"""Judging: facts in, findings, blocking and verdict out. No clock, no network, no file, no pytest."""

from pytest_smokedeploy.judging.blocking import blocked as blocked
from pytest_smokedeploy.judging.blocking import may_not_deploy as may_not_deploy
from pytest_smokedeploy.judging.container import rests as rests
from pytest_smokedeploy.judging.container import runs as runs
from pytest_smokedeploy.judging.engine_record import RecordJudgement as RecordJudgement
from pytest_smokedeploy.judging.engine_record import RecordTimes as RecordTimes
from pytest_smokedeploy.judging.engine_record import in_words as in_words
from pytest_smokedeploy.judging.engine_record import judge_record as judge_record
from pytest_smokedeploy.judging.log import Line as Line
from pytest_smokedeploy.judging.log import LineMatch as LineMatch
from pytest_smokedeploy.judging.log import StartupLog as StartupLog
from pytest_smokedeploy.judging.record import Check as Check
from pytest_smokedeploy.judging.record import CheckOutcome as CheckOutcome
from pytest_smokedeploy.judging.record import Record as Record
from pytest_smokedeploy.judging.verdict import OWN_WORDS as OWN_WORDS
from pytest_smokedeploy.judging.verdict import Decision as Decision
from pytest_smokedeploy.judging.verdict import clause_states as clause_states
from pytest_smokedeploy.judging.verdict import decide as decide
from pytest_smokedeploy.judging.verdict import earned as earned
