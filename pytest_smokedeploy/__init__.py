"""pytest-smokedeploy: a test suite that is the smoke deploy."""

__version__ = "0.1.0"
