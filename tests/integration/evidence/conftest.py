"""The folder of evidence that the pure tests write."""

from tests.unit.evidence.conftest import passed, written  # noqa: F401 - fixtures
