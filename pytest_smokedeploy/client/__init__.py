"""The client of a Deploy Agent; answers of Cloudflare's edge become errors of their own."""

from pytest_smokedeploy.client.agent_client import AgentClient as AgentClient
from pytest_smokedeploy.client.answer import shown as shown
from pytest_smokedeploy.client.log_stream import LogRecord as LogRecord
from pytest_smokedeploy.client.log_stream import LogStream as LogStream
from pytest_smokedeploy.client.reading import Reading as Reading
