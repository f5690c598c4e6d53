"""The folder of evidence that the pure tests write."""

from tests.unit.evidence.conftest import written  # noqa: F401 - a fixture
