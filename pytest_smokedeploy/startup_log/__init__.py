"""Milestones, forbidden and undocumented lines: a pure reader of a runtime's log."""

from pytest_smokedeploy.startup_log.patterns import DOCUMENTED, FORBIDDEN, MILESTONES, Patterns
from pytest_smokedeploy.startup_log.reader import Line, Met, StartupLog

__all__ = ["DOCUMENTED", "FORBIDDEN", "MILESTONES", "Line", "Met", "Patterns", "StartupLog"]
