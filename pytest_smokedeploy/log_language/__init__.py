"""The log language: what a line of the runtime's log may be, written as templates."""

from pytest_smokedeploy.log_language.language import Language, Reading
from pytest_smokedeploy.log_language.proposal import propose
from pytest_smokedeploy.log_language.rules import Entry, Excepted, Given
from pytest_smokedeploy.log_language.templates import TemplateError

__all__ = ["Entry", "Excepted", "Given", "Language", "Reading", "TemplateError", "propose"]
