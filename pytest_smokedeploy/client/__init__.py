"""The Deploy Agent over HTTP; what the edge answers in its place is named in words."""

from pytest_smokedeploy.client.agent_client import AgentClient
from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.client.log_stream import LogRecord, LogStream
from pytest_smokedeploy.client.reading import Probe, Reading

__all__ = ["AgentClient", "LogRecord", "LogStream", "Probe", "Reading", "shown"]
