"""Files of evidence that are too large: refused by the command line in bounded memory (EXT-5)."""

import subprocess
import sys

import pytest

from pytest_smokedeploy.evidence.files import MOST_BYTES
from tests.unit.evidence.test_files import HUGE, READ

#: As `ulimit -v` takes it, in KiB: an interpreter and the product fit, and no file of 2 GiB does.
MEMORY = 1_500_000


def limited(*arguments):
    """A command of ours whose memory is bounded."""
    return subprocess.run(
        ["bash", "-c", f'ulimit -v {MEMORY} && exec "$0" "$@"', sys.executable, "-m", "pytest_smokedeploy"]
        + [str(argument) for argument in arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", READ)
def test_a_file_of_2_gib_is_refused_in_bounded_memory(passed, name):
    with (passed / name).open("r+b") as file:
        file.truncate(HUGE)
    done = limited("verify", passed)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    most = MOST_BYTES.get(name)
    words = f"{name} has {HUGE} bytes, and may have {most}." if most else f"{name} goes on after its end."
    assert words in done.stderr


def test_a_journal_of_2_gib_stops_nothing_in_bounded_memory_and_says_what_to_do(passed):
    with (passed / "journal.jsonl").open("r+b") as file:
        file.truncate(HUGE)
    done = limited("stop", "--evidence", passed)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert f"has {HUGE} bytes, and may have {MOST_BYTES['journal.jsonl']}. Whether a stop is" in done.stderr
    assert "is not known. Ask the agent's GET /v1/status" in done.stderr


def test_a_journal_as_large_and_as_wide_as_may_be_is_read_in_bounded_memory(passed):
    file = passed / "journal.jsonl"
    left = MOST_BYTES["journal.jsonl"] - file.stat().st_size - 100
    with file.open("a") as journal:
        journal.write(f'{{"at": "", "event": "log.quiet", "seconds": [{",".join(["{}"] * (left // 3))}]}}\n')
    done = limited("verify", passed)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "evidence.json:" in done.stderr
