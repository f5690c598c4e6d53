"""Deploy, verify, observe, stop: one smoke deploy, and the promise to stop."""

from pytest_smokedeploy.lifecycle.cycle import Lifecycle
from pytest_smokedeploy.lifecycle.deployment import Deployment
from pytest_smokedeploy.lifecycle.observation import LogReading
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.verification import StatusReading

__all__ = ["Deployment", "FactRecorder", "Lifecycle", "LogReading", "Shutdown", "StatusReading"]
