"""The log language: what a line of the runtime's log may be, written as templates."""

from pytest_smokedeploy.log_language.given import Log as Log
from pytest_smokedeploy.log_language.language import Language as Language
from pytest_smokedeploy.log_language.proposal import propose as propose
from pytest_smokedeploy.log_language.rules import Entry as Entry
from pytest_smokedeploy.log_language.templates import TemplateError as TemplateError
