"""The whole world of a smoke deploy on one machine: edge, GitHub, agent, engine, runtime, database."""

from pytest_smokedeploy.rehearsal.stack import Stack, healthy
from pytest_smokedeploy.rehearsal.world import Exchange, World

__all__ = ["Exchange", "Stack", "World", "healthy"]
