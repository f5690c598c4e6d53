"""Deploy, verify, observe, stop: one smoke deploy, and the promise to stop."""

from pytest_smokedeploy.lifecycle.cycle import Lifecycle as Lifecycle
from pytest_smokedeploy.lifecycle.deployment import Deployment as Deployment
from pytest_smokedeploy.lifecycle.observation import LogReading as LogReading
from pytest_smokedeploy.lifecycle.recorder import FactRecorder as FactRecorder
from pytest_smokedeploy.lifecycle.shutdown import Shutdown as Shutdown
from pytest_smokedeploy.lifecycle.verification import StatusReading as StatusReading
