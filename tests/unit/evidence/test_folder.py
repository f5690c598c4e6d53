"""The evidence folder: made, cleared of an older run, written whole, in UTF-8 whatever was said."""

import json

import pytest

from pytest_smokedeploy.evidence import prepare
from pytest_smokedeploy.evidence.files import sha256
from pytest_smokedeploy.evidence.statement import predicate, statement
from pytest_smokedeploy.support.errors import EvidenceError
from tests.unit.evidence.conftest import DIGEST

IMAGE = "ghcr.io/example/runtime:1.2.3"
EVIDENCE = "e5" * 32


def document(**changes):
    """What a statement is made of, of a live PASS."""
    checks = [{"id": "t::a", "outcome": "passed"}, {"id": "t::b", "outcome": "passed"}]
    whole = {
        "verdict": "PASS",
        "finished": True,
        "rehearsal": False,
        "image": {"requested": IMAGE, "repository": "ghcr.io/example/runtime", "digest": DIGEST},
        "run": {"url": "https://github.com/example/repository/actions/runs/7"},
        "stages": [{"stage": "verify", "checks": checks}],
    }
    return whole | changes


def test_a_pass_is_stated_of_the_image_and_of_the_evidence():
    assert statement(document(), EVIDENCE) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "ghcr.io/example/runtime", "digest": {"sha256": "a1" * 32}},
            {"name": "evidence.json", "digest": {"sha256": EVIDENCE}},
        ],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "PASSED",
            "configuration": [{"name": "image", "uri": IMAGE}],
            "url": "https://github.com/example/repository/actions/runs/7",
            "passedTests": ["t::a", "t::b"],
            "failedTests": [],
        },
    }


def test_an_image_without_a_digest_is_no_subject():
    made = statement(document(image={"requested": IMAGE}, run={}), EVIDENCE)
    assert [subject["name"] for subject in made["subject"]] == ["evidence.json"]
    assert "url" not in made["predicate"]


def test_an_image_nobody_named_is_a_subject_without_a_name():
    made = statement(document(image={"digest": DIGEST}), EVIDENCE)
    assert made["subject"][0] == {"name": "", "digest": {"sha256": "a1" * 32}}
    assert made["predicate"]["configuration"] == [{"name": "image", "uri": ""}]


@pytest.mark.parametrize(
    "changes",
    [{"verdict": v} for v in ("FAIL", "INCOMPLETE", "REFUSED", "REHEARSED")]
    + [{"finished": False}, {"rehearsal": True}],
)
def test_nothing_but_a_whole_live_pass_reads_as_passed(changes):
    assert predicate(document(**changes))["result"] == "FAILED"


def test_the_statement_is_of_the_evidence_as_it_was_written(passed):
    made = json.loads((passed / "test-result.intoto.json").read_text())
    assert made["subject"][-1]["digest"] == {"sha256": sha256(passed / "evidence.json")}


def test_a_folder_is_made_with_those_above_it_and_cleared_of_an_older_run_alone(tmp_path):
    folder = tmp_path / "a" / "b"
    prepare(folder)
    (folder / "evidence.json").write_text("{}")
    (folder / "notes.txt").write_text("mine")
    prepare(folder)
    assert {file.name for file in folder.iterdir()} == {".reserve", "notes.txt"}


def test_a_folder_that_cannot_be_used_is_named_with_the_way_out(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(EvidenceError) as refused:
        prepare(tmp_path / "taken")
    assert refused.value.message == f"The evidence folder {tmp_path / 'taken'} can't be used: File exists."
    assert refused.value.remedy == "Name another with --smokedeploy-evidence."


def test_words_of_any_alphabet_stay_as_they_are_and_half_a_letter_costs_nothing(written):
    made = written().start(run={"actor": "\u00c9lo\u00efse \u65e5"})
    made.facts.note("log.undocumented", time="t", stream="stdout", line="half \udcff")
    text = (made.checks().end() / "evidence.json").read_text(encoding="utf-8")
    assert '\n  "run": {\n    "actor": "\u00c9lo\u00efse \u65e5"\n  },\n' in text
    assert "half \\udcff" in text
