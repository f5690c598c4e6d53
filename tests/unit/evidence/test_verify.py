"""The door: a live PASS that is whole and consistent goes through, and nothing else (EXT-5, EXT-1)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from pytest_smokedeploy import __version__
from pytest_smokedeploy.evidence import Journal, verify, write_folder
from tests.unit.evidence.conftest import DIGEST

HOUR = timedelta(hours=1)
NOT_MADE = "is not what the journal and its files make of it"


def refused(folder, words, **how):
    reasons = verify(folder, **how)
    assert any(words in reason for reason in reasons), reasons


def test_a_live_pass_goes_through(passed):
    assert verify(passed, image_digest=DIGEST, max_age=HOUR) == []


def test_a_failure_does_not(written):
    refused(written().start().checks(violated=("OBS-7",)).end(), "the verdict is FAIL")


def test_what_is_incomplete_does_not(written):
    refused(written().start().checks(skip=("OBS-7",)).end(), "the verdict is INCOMPLETE")


def test_a_rehearsal_does_not(written):
    folder = written(rehearsal=True).start().checks().end()
    refused(folder, "REHEARSED")
    refused(folder, "a rehearsal never counts")


def test_a_rehearsal_that_calls_itself_live_does_not(written, edit):
    folder = written(rehearsal=True).start().checks().end()
    edit(folder, lambda d: d.update(verdict="PASS", rehearsal=False, exit_status=0))
    refused(folder, NOT_MADE)
    refused(folder, "a rehearsal never counts")


def test_a_refusal_does_not(written):
    made = written().start()
    made.facts.note("misuse", message="prod is refused", clause="TGT-3")
    refused(made.end(), "the verdict is REFUSED")


def test_a_run_that_never_finished_does_not(written):
    refused(written().start().checks().write(), "never finished")


def test_another_image_does_not(passed):
    refused(passed, "not sha256:", image_digest="sha256:" + "0" * 64)


def test_a_stale_one_does_not(passed):
    refused(
        passed,
        "it is 2.0 hours old, and may be 1 (--max-age)",
        max_age=HOUR,
        now=datetime.now(UTC) + 2 * HOUR,
    )


def test_one_from_the_future_does_not(passed):
    refused(passed, "it ends 2.0 hours from now by", max_age=HOUR, now=datetime.now(UTC) - 2 * HOUR)


@pytest.mark.parametrize("place", ["environment", "execution_plane"])
def test_another_target_does_not(written, place):
    refused(written().start(**{place: "live"}).checks().end(), "did not run in dev on the paper plane")


@pytest.mark.parametrize("name", ["startup.log", "junit.xml"])
def test_a_changed_or_missing_file_does_not(passed, name):
    (passed / name).write_text("something else\n")
    refused(passed, f'{NOT_MADE}: \'    "{name}": ')
    (passed / name).unlink()
    refused(passed, f"{name} can't be read: No such file")


def test_a_changed_or_missing_journal_does_not(passed):
    file = passed / "journal.jsonl"
    file.write_text(file.read_text().replace("what was seen", "what was not", 1))
    refused(passed, NOT_MADE)
    file.write_text("something else\n")
    refused(passed, "journal.jsonl is malformed")
    file.unlink()
    refused(passed, "journal.jsonl can't be read: No such file")


@pytest.mark.parametrize("name", ["test-result.intoto.json", "test-result.predicate.json"])
def test_what_is_signed_must_be_of_this_evidence(passed, name):
    text = (passed / name).read_text()
    (passed / name).write_text(text.replace('"PASSED"', '"WARNED"'))
    refused(passed, NOT_MADE)
    (passed / name).unlink()
    refused(passed, f"{name} can't be read")
    (passed / name).write_text(text)
    assert verify(passed) == []


def test_a_statement_about_another_evidence_does_not(passed):
    file = passed / "test-result.intoto.json"
    made = json.loads(file.read_text())
    made["subject"][-1]["digest"]["sha256"] = "0" * 64
    file.write_text(json.dumps(made))
    refused(passed, f"test-result.intoto.json:1 {NOT_MADE}")


def test_a_file_left_out_of_the_list_does_not(passed, edit):
    edit(passed, lambda d: d["files"].pop("startup.log"))
    refused(passed, NOT_MADE)


def violate(document):
    document["clauses"][3]["state"] = "violated"


@pytest.mark.parametrize(
    "act",
    [
        violate,
        lambda d: d.update(reason="all was well"),
        lambda d: d["image"].update(digest="sha256:" + "0" * 64),
        lambda d: d["stages"][1]["checks"].pop(),
        lambda d: d["stop"].update(confirmed=False),
        lambda d: d["hold"].update(state="off"),
        lambda d: d["run"].update(actor="somebody else"),
    ],
)
def test_evidence_that_its_journal_does_not_make_does_not(passed, edit, act):
    edit(passed, act)
    refused(passed, NOT_MADE)


def test_a_fail_written_over_as_pass_does_not(written, edit):
    folder = written().start().checks(violated=("OBS-7",)).end()
    edit(folder, lambda d: d.update(verdict="PASS", clause="", exit_status=0))
    made, edited = (f"""'  "verdict": "{verdict}",\\n'""" for verdict in ("FAIL", "PASS"))
    refused(folder, f"evidence.json:3 {NOT_MADE}: {made} was expected, and {edited} is there.")
    refused(folder, "the verdict is FAIL")


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"schema_version": "1"}', "[" * 10_000])
def test_what_is_no_evidence_does_not(passed, text):
    (passed / "evidence.json").write_text(text)
    assert verify(passed) != []


def test_another_schema_does_not(passed, edit):
    edit(passed, lambda d: d.update(schema_version="2"))
    refused(passed, f"evidence.json:2 {NOT_MADE}")


def test_a_missing_folder_does_not(tmp_path):
    refused(tmp_path / "nowhere", "can't be read")


def test_the_statement_binds_the_image_and_the_evidence(passed):
    signed = json.loads((passed / "test-result.intoto.json").read_text())
    assert signed["subject"][0]["digest"]["sha256"] == DIGEST.removeprefix("sha256:")
    assert signed["predicate"]["result"] == "PASSED"
    assert json.loads((passed / "test-result.predicate.json").read_text()) == signed["predicate"]


@pytest.mark.parametrize("how", [{"violated": ("OBS-7",)}, {"skip": ("OBS-7",)}])
def test_nothing_but_a_pass_is_stated_as_passed(written, how):
    folder = written().start().checks(**how).end()
    assert json.loads((folder / "test-result.intoto.json").read_text())["predicate"]["result"] == "FAILED"


@pytest.mark.parametrize("digest", ["", "sha256:", "latest", DIGEST.upper(), DIGEST[:-1]])
def test_a_digest_that_is_none_is_never_met(written, digest):
    """A variable of CI's that was never set must not fit evidence that knows no digest."""
    made = written().start(image={"requested": "ghcr.io/example/runtime:1.2.3"})
    made.journal.write("deploy.answered", status=200, answer={})
    refused(made.checks().end(), "is no digest", image_digest=digest)


def test_evidence_made_younger_does_not(passed, edit):
    edit(passed, lambda d: d.update(finished_at=(datetime.now(UTC) + 2 * HOUR).isoformat()))
    refused(passed, f'{NOT_MADE}: \'  "finished_at": ', max_age=HOUR)
    refused(passed, "old, and may be", now=datetime.now(UTC) + 2 * HOUR, max_age=HOUR)


def test_a_run_that_called_itself_otherwise_does_not(passed):
    """What it knew of, and no fact tells."""
    file = passed / "journal.jsonl"
    file.write_text(file.read_text().replace('"verdict": "PASS"', '"verdict": "FAIL"'))
    write_folder(passed, Journal.read(file))
    refused(passed, "ended saying FAIL")


@pytest.mark.parametrize(
    "line",
    ["nobody's line", '{"event": "x", "a": ' + "[" * 100_000 + "]" * 100_000 + "}"],
    ids=["text", "deep"],
)
def test_a_journal_with_a_line_that_is_no_event_does_not(passed, line):
    file = passed / "journal.jsonl"
    with file.open("a") as journal:
        journal.write(f"{line}\n")
    write_folder(passed, Journal.read(file))
    refused(passed, "journal.jsonl is malformed: it holds lines that are no event")


def test_a_folder_of_another_version_is_refused_with_the_version_to_verify_it_with(written):
    folder = written().start(versions={"smokedeploy": "0.0.9"}).checks().end()
    words = (
        f"it was made by pytest-smokedeploy 0.0.9, and this is {__version__}. Verify it with that version."
    )
    assert verify(folder) == [words]
