"""The door: a live PASS that is whole and consistent goes through, and nothing else (EXT-5, EXT-1)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from pytest_smokedeploy.evidence import Journal, build, verify
from pytest_smokedeploy.evidence.document import sha256
from tests.evidence.conftest import DIGEST

HOUR = timedelta(hours=1)


def refused(folder, words, **how):
    report = verify(folder, **how)
    assert report.ok is False
    assert any(words in reason for reason in report.reasons), report.reasons


def test_a_live_pass_goes_through(passed):
    assert verify(passed, image_digest=DIGEST, max_age=HOUR).reasons == ()


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
    refused(folder, "is not what the journal makes of it")


def test_a_refusal_does_not(written):
    made = written().start()
    made.book.misuse("prod is refused", "TGT-3")
    refused(made.end(), "the verdict is REFUSED")


def test_a_run_that_never_finished_does_not(written):
    refused(written().start().checks().write(), "never finished")


def test_another_image_does_not(passed):
    refused(passed, "not sha256:", image_digest="sha256:" + "0" * 64)


def test_a_stale_one_does_not(passed):
    refused(passed, "old, and may be", max_age=HOUR, now=datetime.now(UTC) + 2 * HOUR)


def test_one_from_the_future_does_not(passed):
    refused(passed, "old, and may be", max_age=HOUR, now=datetime.now(UTC) - 2 * HOUR)


@pytest.mark.parametrize("place", ["environment", "execution_plane"])
def test_another_target_does_not(written, place):
    refused(written().start(**{place: "live"}).checks().end(), "did not run in dev on the paper plane")


@pytest.mark.parametrize("name", ["journal.jsonl", "startup.log", "junit.xml"])
def test_a_changed_or_missing_file_does_not(passed, name):
    (passed / name).write_text("something else\n")
    refused(passed, f"{name} is missing or is not the file")
    (passed / name).unlink()
    refused(passed, f"{name} is missing or is not the file")


@pytest.mark.parametrize("name", ["test-result.intoto.json", "test-result.predicate.json"])
def test_what_is_signed_must_be_of_this_evidence(passed, name):
    text = (passed / name).read_text()
    (passed / name).write_text(text.replace('"PASSED"', '"WARNED"'))
    refused(passed, f"{name} is not what the evidence makes of it")
    (passed / name).unlink()
    refused(passed, f"{name} can't be read")
    (passed / name).write_text(text)
    assert verify(passed).ok


def test_a_statement_about_another_evidence_does_not(passed):
    file = passed / "test-result.intoto.json"
    made = json.loads(file.read_text())
    made["subject"][-1]["digest"]["sha256"] = "0" * 64
    file.write_text(json.dumps(made))
    refused(passed, "test-result.intoto.json is not what the evidence makes of it")


def test_a_file_left_out_of_the_list_does_not(passed, edit):
    edit(passed, lambda d: d["files"].pop("startup.log"))
    refused(passed, "startup.log is not among its files")


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
        lambda d: d["facts"].pop(),
        lambda d: d["run"].update(actor="somebody else"),
    ],
)
def test_evidence_that_its_journal_does_not_make_does_not(passed, edit, act):
    edit(passed, act)
    refused(passed, "is not what the journal makes of it")


def test_a_fail_written_over_as_pass_does_not(written, edit):
    folder = written().start().checks(violated=("OBS-7",)).end()
    edit(folder, lambda d: d.update(verdict="PASS", clause="", exit_status=0))
    refused(folder, "verdict is not what the journal makes of it")


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"schema_version": "1"}', "[" * 10_000])
def test_what_is_no_evidence_does_not(passed, text):
    (passed / "evidence.json").write_text(text)
    assert verify(passed).ok is False


def test_another_schema_does_not(passed, edit):
    edit(passed, lambda d: d.update(schema_version="2"))
    refused(passed, "schema_version is '2'")


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
    edit(passed, lambda d: d.update(finished_at=datetime.now(UTC).isoformat()))
    refused(passed, "finished_at is not what the journal makes of it", max_age=HOUR)


def test_a_run_that_called_itself_otherwise_does_not(passed, edit):
    """What it knew of, and no fact tells."""
    file = passed / "journal.jsonl"
    file.write_text(file.read_text().replace('"verdict": "PASS"', '"verdict": "FAIL"'))
    document = build(Journal.read(file), {})
    edit(
        passed,
        lambda d: (
            d.update(timeline=document["timeline"]) or d["files"].update({"journal.jsonl": sha256(file)})
        ),
    )
    refused(passed, "ended saying FAIL")


def test_a_journal_with_a_line_that_is_no_event_does_not(passed, edit):
    file = passed / "journal.jsonl"
    with file.open("a") as journal:
        journal.write("nobody's line\n")
    edit(passed, lambda d: d["files"].update({"journal.jsonl": sha256(file)}))
    refused(passed, "no event")


def test_a_journal_that_nests_without_end_does_not(passed, edit):
    file = passed / "journal.jsonl"
    with file.open("a") as journal:
        journal.write('{"event": "x", "a": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
    edit(passed, lambda d: d["files"].update({"journal.jsonl": sha256(file)}))
    refused(passed, "malformed")
