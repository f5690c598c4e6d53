"""The logs of two applications against the settings that fit them, and against the model's own."""

import pytest

from tests.unit.judging.applications import JSON_LOG, JSON_START, JSON_STOP, TEXT_LOG, TEXT_START, TEXT_STOP
from tests.unit.judging.start_up import whole

APPLICATIONS = {"text": (TEXT_START, TEXT_STOP, TEXT_LOG), "JSON": (JSON_START, JSON_STOP, JSON_LOG)}


def judged(name, start=None, stop=None):
    first, last, given = APPLICATIONS[name]
    return whole(start or first, tail=stop or last, **given)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_line_is_what_a_template_says(name):
    log = judged(name)
    assert (log.violated, log.undocumented, log.missing()) == ({}, [], [])
    assert log.finding("RUN-1").holds is True


@pytest.mark.parametrize("name", APPLICATIONS)
@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace("INFO", "WARNING").replace('"level":30', '"level":40'),
        lambda line: f"{line[:-1]} and a position{line[-1]}",
        lambda line: line.replace("svc.", "order.").replace('"name":"runtime"', '"name":"order placed"'),
        lambda line: line.replace("e", "\u0435"),
        lambda line: line.replace("}", ',"live":true}') if "{" in line else f"live {line}",
    ],
    ids=["a warning", "words behind", "a logger's name", "Cyrillic", "a field"],
)
def test_a_line_that_differs_is_none(name, change):
    start, _, _ = APPLICATIONS[name]
    for number, line in enumerate(start):
        changed = change(line)
        if changed in {line, ""} or line.startswith("="):
            continue
        log = judged(name, [*start[:number], changed, *start[number + 1 :]])
        assert log.violated or log.undocumented, changed


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_line_that_speaks_after_idle_is_a_loop(name):
    start, stop, _ = APPLICATIONS[name]
    assert list(judged(name, [*start, stop[0]]).violated) == ["RUN-3"]
