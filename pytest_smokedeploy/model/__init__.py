"""The Smoke Deploy Model as data: stages, clauses, findings, remedies, verdicts and their exit statuses."""

from pytest_smokedeploy.model.clauses import CHECKED as CHECKED
from pytest_smokedeploy.model.clauses import CLAUSE as CLAUSE
from pytest_smokedeploy.model.clauses import CLAUSES as CLAUSES
from pytest_smokedeploy.model.clauses import MILESTONES as MILESTONES
from pytest_smokedeploy.model.clauses import RANK as RANK
from pytest_smokedeploy.model.clauses import STATED as STATED
from pytest_smokedeploy.model.clauses import Basis as Basis
from pytest_smokedeploy.model.clauses import Forbidden as Forbidden
from pytest_smokedeploy.model.clauses import How as How
from pytest_smokedeploy.model.clauses import Stated as Stated
from pytest_smokedeploy.model.findings import MEANS as MEANS
from pytest_smokedeploy.model.findings import UNTOLD as UNTOLD
from pytest_smokedeploy.model.findings import Finding as Finding
from pytest_smokedeploy.model.remedies import REMEDIES as REMEDIES
from pytest_smokedeploy.model.stages import STAGES as STAGES
from pytest_smokedeploy.model.stages import Stage as Stage
from pytest_smokedeploy.model.verdicts import EXIT_FAILED as EXIT_FAILED
from pytest_smokedeploy.model.verdicts import EXIT_OK as EXIT_OK
from pytest_smokedeploy.model.verdicts import Verdict as Verdict
