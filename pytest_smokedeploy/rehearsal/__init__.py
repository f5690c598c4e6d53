"""The whole world of a smoke deploy on one machine: edge, GitHub, agent, engine, runtime, database."""

from pytest_smokedeploy.rehearsal.stack import Stack as Stack
from pytest_smokedeploy.rehearsal.stack import healthy as healthy
from pytest_smokedeploy.rehearsal.world import Exchange as Exchange
from pytest_smokedeploy.rehearsal.world import World as World
