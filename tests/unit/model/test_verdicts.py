"""The exit status of each verdict is the README's."""

import re
from pathlib import Path

from pytest_smokedeploy.model.verdicts import EXIT_MISUSE, EXIT_STATUS, Verdict

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_states_every_exit_status():
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\d) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    stated = {(verdict, int(status)) for verdict, status in rows}
    held = {(verdict.value, status) for verdict, status in EXIT_STATUS.items()}
    assert stated == held | {(Verdict.REFUSED.value, EXIT_MISUSE)}


def test_only_a_pass_and_a_rehearsal_end_with_0():
    assert {verdict for verdict, status in EXIT_STATUS.items() if status == 0} == {"PASS", "REHEARSED"}
