"""Container engines behind one protocol: Docker, and processes for rehearsals."""

from pytest_smokedeploy.agent.engines.base import ContainerSpec, ContainerState, Engine, LogRecord

__all__ = ["ContainerSpec", "ContainerState", "Engine", "LogRecord"]
