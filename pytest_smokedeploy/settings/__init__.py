"""Options before the environment before `smokedeploy.yml`, resolved into one frozen object."""

from pytest_smokedeploy.settings.differences import differences as differences
from pytest_smokedeploy.settings.github import GitHubRun as GitHubRun
from pytest_smokedeploy.settings.model import ActivityLimits as ActivityLimits
from pytest_smokedeploy.settings.model import Settings as Settings
from pytest_smokedeploy.settings.model import load as load
from pytest_smokedeploy.settings.options import Options as Options
from pytest_smokedeploy.settings.resolve import RunConfig as RunConfig
from pytest_smokedeploy.settings.resolve import is_prod as is_prod
from pytest_smokedeploy.settings.resolve import resolve as resolve
from pytest_smokedeploy.settings.resolve import secrets_in as secrets_in
