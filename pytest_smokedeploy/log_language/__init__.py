"""The log language: what a line of the runtime's log may be, written as templates."""

from pytest_smokedeploy.log_language.language import Entry, Excepted, Language, Reading
from pytest_smokedeploy.log_language.proposal import propose
from pytest_smokedeploy.log_language.templates import TemplateError

__all__ = ["Entry", "Excepted", "Language", "Reading", "TemplateError", "propose"]
