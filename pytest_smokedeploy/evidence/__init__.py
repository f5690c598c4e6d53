"""What was seen, kept: the journal, the evidence made from it, the statement, and `verify`."""

from pytest_smokedeploy.evidence.document import build, replay
from pytest_smokedeploy.evidence.files import fault
from pytest_smokedeploy.evidence.folder import owed, prepare, write_folder
from pytest_smokedeploy.evidence.journal import Journal, utc_now
from pytest_smokedeploy.evidence.statement import predicate, statement
from pytest_smokedeploy.evidence.verify import Report, torn, verify

__all__ = [
    "Journal",
    "Report",
    "build",
    "fault",
    "owed",
    "predicate",
    "prepare",
    "replay",
    "statement",
    "torn",
    "utc_now",
    "verify",
    "write_folder",
]
