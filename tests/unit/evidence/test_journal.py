"""The journal: event by event, redacted, and readable after a kill at any byte."""

import json

from pytest_smokedeploy.evidence import Journal, prepare, replay
from pytest_smokedeploy.support.redaction import Sanitiser, Secret


def test_events_come_back_in_order_and_an_old_journal_is_continued(tmp_path):
    file = tmp_path / "journal.jsonl"
    first = Journal(file, Sanitiser())
    first.write("one", n=1)
    first.close()
    second = Journal(file, Sanitiser())
    second.write("two", n=2)
    second.close()
    assert [e["event"] for e in Journal.read(file)] == ["one", "two"]
    assert [e["event"] for e in second.events] == ["one", "two"]


def test_an_event_is_on_disk_before_anything_else_happens(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
    journal.write("one")
    assert json.loads((tmp_path / "journal.jsonl").read_text())["event"] == "one"
    journal.close()


def test_a_journal_cut_at_any_byte_gives_the_events_that_were_whole(tmp_path):
    file = tmp_path / "journal.jsonl"
    journal = Journal(file, Sanitiser())
    journal.write("one", words="é")
    journal.write("two")
    journal.close()
    whole = file.read_bytes()
    end = whole.index(b"\n")
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])
        names = [e["event"] for e in Journal.read(file)]
        assert names == ["one"][: int(cut >= end)] + ["two"][: int(cut >= len(whole) - 1)]
        replay(Journal.read(file))


def test_no_secret_is_written_in_any_field(tmp_path):
    secret = Secret("a-long-word-nobody-knows")
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser([secret]))
    journal.write(
        "one", words=f"x {secret.reveal()}", deep={"a": [secret.reveal()], secret.reveal(): 1}, own=secret
    )
    journal.close()
    assert secret.reveal() not in (tmp_path / "journal.jsonl").read_text()
    assert secret.reveal() not in json.dumps(journal.events)


def test_a_lone_surrogate_does_not_lose_the_event(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
    journal.write("one", words="\udcff")
    journal.close()
    assert len(Journal.read(tmp_path / "journal.jsonl")) == 1


def test_an_older_runs_files_go_first_and_others_stay(tmp_path):
    for name in ("evidence.json", "report.html", "journal.jsonl", "mine.txt"):
        (tmp_path / name).write_text("yesterday")
    prepare(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {".reserve", "mine.txt"}


def test_a_closed_journal_takes_nothing_more(tmp_path):
    file = tmp_path / "journal.jsonl"
    journal = Journal(file, Sanitiser())
    journal.write("one")
    journal.close()
    written = file.read_bytes()
    journal.write("late")
    assert ([row["event"] for row in journal.events], file.read_bytes()) == (["one"], written)


def test_an_event_stays_one_whatever_its_words_hold(tmp_path):
    file = tmp_path / "journal.jsonl"
    journal = Journal(file, Sanitiser())
    journal.write("one", words="".join(map(chr, (0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x85, 0x2028, 0x2029))))
    journal.write("two")
    journal.close()
    assert Journal.read(file) == journal.events


def test_a_damaged_line_takes_none_of_the_others_with_it(tmp_path):
    file = tmp_path / "journal.jsonl"
    file.write_bytes(b'{"event": "one"}\n{"event": "tw\xff\n[1]\n{"event": "three"}\n')
    assert [event["event"] for event in Journal.read(file)] == ["one", "three"]


def test_the_names_of_an_events_parts_are_no_secret(tmp_path):
    """A secret that is such a word would leave a journal that nobody reads; inside they may be somebody's."""
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser([Secret("outcome")]))
    journal.write("check.finished", outcome="it was the outcome", answer={"outcome": 1})
    journal.close()
    assert journal.events[0]["outcome"] == "it was the [redacted]"
    assert journal.events[0]["answer"] == {"[redacted]": 1}


def test_a_journal_that_somebody_took_or_changed_is_noticed(tmp_path):
    file = tmp_path / "journal.jsonl"
    journal = Journal(file, Sanitiser())
    journal.write("one", words="\udcff é")
    assert journal.kept()
    file.write_text(file.read_text() + '{"at": "", "event": "two"}\n')
    assert not journal.kept()
    file.unlink()
    assert not journal.kept()
    journal.close()


def test_who_opens_a_journal_knows_whether_it_is_still_written(tmp_path):
    file = tmp_path / "journal.jsonl"
    first, second = Journal(file, Sanitiser()), Journal(file, Sanitiser())
    assert (first.shared, second.shared) == (False, True)
    first.close()
    second.close()
    third = Journal(file, Sanitiser())
    assert third.shared is False
    third.close()
