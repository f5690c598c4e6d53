"""The phase ledger: steps that are recorded complete (PRE-1), attestations that have not expired (PRE-5)."""

from datetime import date

import pytest

from pytest_smokedeploy.model import Basis
from pytest_smokedeploy.preconditions import ledger

ON = date(2026, 6, 15)
ROW = "{done_on: 2026-06-01, by: p, evidence: e}"
WHOLE = "steps:\n" + "".join(f"  {number}: {ROW}\n" for number in range(1, 5))
ATTESTED = "attestations:\n  database: {what: migrated, by: p, on: 2026-06-01, until: 2026-06-15}\n"


@pytest.fixture
def file(tmp_path):
    """file(text) -> a ledger."""

    def write(text):
        made = tmp_path / "phase.yml"
        made.write_text(text)
        return made

    return write


def test_four_steps_recorded(file):
    found = ledger.steps_complete(file(WHOLE), ON)
    assert (found.holds, "3 by p on 2026-06-01" in found.seen) == (True, True)


def test_a_step_of_today_counts(file):
    assert ledger.steps_complete(file(WHOLE.replace("2026-06-01", "2026-06-15")), ON).holds is True


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("", "phase.yml:1: step 3 is not recorded"),
        ("  3: ~\n", "step 3 is not recorded"),
        ("  3: done\n", "step 3 is not recorded"),
        ("  3: {by: p, evidence: e}\n", "has no `done_on`"),
        (
            "  3: {done_on: 2026-06-01, by: a person's name, evidence: e}\n",
            'the placeholder "a person\'s name"',
        ),
        ("  3: {done_on: 2026-06-01, by: NAME, evidence: e}\n", "the placeholder 'NAME' for `by`"),
        ("  3: {done_on: 2026-06-01, by: '', evidence: e}\n", "has no `by`"),
        ("  3: {done_on: 2026-06-01, by: p, evidence: ' '}\n", "has no `evidence`"),
        ("  3: {done_on: 2026-06-16, by: p, evidence: e}\n", "phase.yml:4: step 3 is dated in the future"),
        ("  3: {done_on: soon, by: p, evidence: e}\n", "no date like 2026-01-31"),
        ("  3: {done_on: 2026-02-30, by: p, evidence: e}\n", "no date like 2026-01-31"),
    ],
)
def test_a_step_that_is_open_is_named_with_its_line(file, row, words):
    found = ledger.steps_complete(file(WHOLE.replace(f"  3: {ROW}\n", row)), ON)
    assert (found.holds, words in found.seen) == (False, True), found.seen
    assert found.remedy


@pytest.mark.parametrize("text", ["", "- a list\n", "steps: []\n", "steps: {}\n", "steps: [\n", "step: {}\n"])
def test_a_ledger_that_is_none(file, text):
    found = ledger.steps_complete(file(text), ON)
    assert (found.holds, found.remedy[:16] == "Mend phase.yml: ") == (False, text != "steps: {}\n")


def test_no_ledger(tmp_path):
    found = ledger.steps_complete(tmp_path / "phase.yml", ON)
    assert (found.holds, "phase.yml" in found.seen) == (False, True)


def test_an_attestation_is_shown_as_one(file):
    found = ledger.attested(file(ATTESTED), "database", ON)
    assert (found.holds, found.basis) == (True, Basis.ATTESTED)
    assert "attested by p on 2026-06-01, until 2026-06-15: migrated" in found.seen


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("until: 2026-06-15", "until: 2026-06-14", "phase.yml:2: database expired on 2026-06-14"),
        (
            "until: 2026-06-15",
            "until: for ever",
            "phase.yml:2: database has until 'for ever', which is no date",
        ),
        (", until: 2026-06-15", "", "has no `until`"),
        ("by: p", "by: ''", "has no `by`"),
        ("what: migrated", "what: ~", "has no `what`"),
        ("on: 2026-06-01", "on: 2026-06-16", "in the future"),
        ("database", "databases", "is not recorded"),
        ("attestations", "attested", "holds no keys under `attestations`"),
    ],
)
def test_an_attestation_that_does_not_hold(file, old, new, words):
    found = ledger.attested(file(ATTESTED.replace(old, new, 1)), "database", ON)
    assert (found.holds, words in found.seen) == (False, True), found.seen
