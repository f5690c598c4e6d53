"""Facts and this run's rules in, findings out: no clock, no network, no file."""

from pytest_smokedeploy.judging.log import Line, LineMatch, StartupLog

__all__ = ["Line", "LineMatch", "StartupLog"]
