"""Options before the environment before `smokedeploy.yml`, resolved into one frozen object."""

from pytest_smokedeploy.settings.differences import differences
from pytest_smokedeploy.settings.github import GitHubRun
from pytest_smokedeploy.settings.model import ActivityLimits, Settings, load
from pytest_smokedeploy.settings.options import Options
from pytest_smokedeploy.settings.resolve import RunConfig, is_prod, resolve

__all__ = [
    "ActivityLimits",
    "GitHubRun",
    "Options",
    "RunConfig",
    "Settings",
    "differences",
    "is_prod",
    "load",
    "resolve",
]
