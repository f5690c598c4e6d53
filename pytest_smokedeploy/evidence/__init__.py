"""The journal, the evidence made from it, the in-toto statement, and `verify`."""

from pytest_smokedeploy.evidence.document import build as build
from pytest_smokedeploy.evidence.document import replay as replay
from pytest_smokedeploy.evidence.document import take as take
from pytest_smokedeploy.evidence.files import fault as fault
from pytest_smokedeploy.evidence.files import log_lines as log_lines
from pytest_smokedeploy.evidence.folder import JOURNAL as JOURNAL
from pytest_smokedeploy.evidence.folder import draft_folder as draft_folder
from pytest_smokedeploy.evidence.folder import owed as owed
from pytest_smokedeploy.evidence.folder import prepare as prepare
from pytest_smokedeploy.evidence.folder import tidy as tidy
from pytest_smokedeploy.evidence.folder import usable as usable
from pytest_smokedeploy.evidence.folder import write_folder as write_folder
from pytest_smokedeploy.evidence.folder import write_folder_somehow as write_folder_somehow
from pytest_smokedeploy.evidence.journal import Journal as Journal
from pytest_smokedeploy.evidence.journal import utc_now as utc_now
from pytest_smokedeploy.evidence.verify import stale as stale
from pytest_smokedeploy.evidence.verify import torn as torn
from pytest_smokedeploy.evidence.verify import verify as verify
