"""What is sound and must pass, however unusual: a gate that cries wolf is switched off."""

from __future__ import annotations

from tests.gallery.case import Case, sound

CASES: dict[str, Case] = {
    "healthy": sound(),
    "CI injects the environment": sound(
        settings={"runtime": {"injected_by": "ci", "environment": {"EXECUTION_PLANE": "paper"}}}
    ),
    "a user's own check": sound(
        files={
            "test_7_own.py": (
                "import pytest\n\n"
                'pytestmark = pytest.mark.smoke_stage("verify")\n\n\n'
                "def test_the_status_names_the_plane(smoke_status):\n"
                '    assert smoke_status.raw["execution_plane"] == "paper"\n'
            )
        }
    ),
}
