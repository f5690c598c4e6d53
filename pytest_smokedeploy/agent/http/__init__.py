"""The agent over HTTP: calls, Access, limits, log feed."""
