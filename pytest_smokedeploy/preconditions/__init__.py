"""The model's hard preconditions: one module a neighbour, one method a clause."""

from pytest_smokedeploy.preconditions.checks import Preconditions

__all__ = ["Preconditions"]
