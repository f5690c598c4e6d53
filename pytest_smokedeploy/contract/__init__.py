"""Requests and answers of a Deploy Agent (DESIGN 4), as pydantic models.

The gate and the agent both import this room, and never each other. Answers may carry fields that this
version does not know; requests may not.
"""

from pytest_smokedeploy.contract.events import EngineEvent as EngineEvent
from pytest_smokedeploy.contract.events import EventRecord as EventRecord
from pytest_smokedeploy.contract.log import End as End
from pytest_smokedeploy.contract.log import Heartbeat as Heartbeat
from pytest_smokedeploy.contract.log import LogError as LogError
from pytest_smokedeploy.contract.log import LogLine as LogLine
from pytest_smokedeploy.contract.receipt import Accepted as Accepted
from pytest_smokedeploy.contract.receipt import Deployed as Deployed
from pytest_smokedeploy.contract.receipt import DeployProgress as DeployProgress
from pytest_smokedeploy.contract.receipt import Failure as Failure
from pytest_smokedeploy.contract.receipt import Limits as Limits
from pytest_smokedeploy.contract.receipt import Mount as Mount
from pytest_smokedeploy.contract.receipt import Step as Step
from pytest_smokedeploy.contract.requests import REASON_CHARACTERS as REASON_CHARACTERS
from pytest_smokedeploy.contract.requests import DeployRequest as DeployRequest
from pytest_smokedeploy.contract.requests import LeaseRequest as LeaseRequest
from pytest_smokedeploy.contract.requests import OutcomeRequest as OutcomeRequest
from pytest_smokedeploy.contract.requests import ReleaseRequest as ReleaseRequest
from pytest_smokedeploy.contract.requests import Run as Run
from pytest_smokedeploy.contract.requests import StopRequest as StopRequest
from pytest_smokedeploy.contract.status import Activity as Activity
from pytest_smokedeploy.contract.status import Health as Health
from pytest_smokedeploy.contract.status import LastDeploy as LastDeploy
from pytest_smokedeploy.contract.status import Leased as Leased
from pytest_smokedeploy.contract.status import OutcomeTaken as OutcomeTaken
from pytest_smokedeploy.contract.status import Preflight as Preflight
from pytest_smokedeploy.contract.status import Released as Released
from pytest_smokedeploy.contract.status import Status as Status
from pytest_smokedeploy.contract.status import Stopped as Stopped
from pytest_smokedeploy.contract.words import ASSERTION_HEADER as ASSERTION_HEADER
from pytest_smokedeploy.contract.words import DEFINITE_NO as DEFINITE_NO
from pytest_smokedeploy.contract.words import DEPLOY as DEPLOY
from pytest_smokedeploy.contract.words import DEPLOYS as DEPLOYS
from pytest_smokedeploy.contract.words import EVENTS as EVENTS
from pytest_smokedeploy.contract.words import HEALTH as HEALTH
from pytest_smokedeploy.contract.words import HEARTBEAT_SECONDS as HEARTBEAT_SECONDS
from pytest_smokedeploy.contract.words import HOLD_RELEASE as HOLD_RELEASE
from pytest_smokedeploy.contract.words import LAST_LINES as LAST_LINES
from pytest_smokedeploy.contract.words import LEASE as LEASE
from pytest_smokedeploy.contract.words import LOGS as LOGS
from pytest_smokedeploy.contract.words import LONGEST_WAIT_SECONDS as LONGEST_WAIT_SECONDS
from pytest_smokedeploy.contract.words import NDJSON as NDJSON
from pytest_smokedeploy.contract.words import OUTCOME as OUTCOME
from pytest_smokedeploy.contract.words import PERSON_HEADER as PERSON_HEADER
from pytest_smokedeploy.contract.words import PREFER as PREFER
from pytest_smokedeploy.contract.words import PREFLIGHT as PREFLIGHT
from pytest_smokedeploy.contract.words import RESPOND_ASYNC as RESPOND_ASYNC
from pytest_smokedeploy.contract.words import STATUS as STATUS
from pytest_smokedeploy.contract.words import STEPS as STEPS
from pytest_smokedeploy.contract.words import STOP as STOP
from pytest_smokedeploy.contract.words import STOPPED_STATES as STOPPED_STATES
from pytest_smokedeploy.contract.words import WAIT as WAIT
from pytest_smokedeploy.contract.words import DeployState as DeployState
from pytest_smokedeploy.contract.words import EngineState as EngineState
from pytest_smokedeploy.contract.words import Extension as Extension
from pytest_smokedeploy.contract.words import Outcome as Outcome
from pytest_smokedeploy.contract.words import StepName as StepName
from pytest_smokedeploy.contract.words import Time as Time
from pytest_smokedeploy.contract.words import last_instant as last_instant
from pytest_smokedeploy.contract.words import parse_time as parse_time
