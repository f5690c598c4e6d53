"""The verdict in six lines of the terminal, the cause and what to do last."""

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.reports.terminal import lines

ORDER = Finding("OBS-7", False, "no order", "an order\x1b[2J\nin two lines", remedy="Take it out.")


def test_a_failure_ends_with_its_cause_and_with_what_to_do(failed):
    shown = lines(failed(ORDER))
    assert [line.split()[0] for line in shown] == ["image", "target", "container", "hold", "FAIL", "next"]
    assert shown[4].startswith("FAIL       OBS-7: expected no order; saw an order")
    assert shown[4].endswith("The phase does not proceed.")
    assert (
        shown[5]
        == "next       Take it out. Once it is mended, release the hold, and start the workflow anew by hand."
    )


def test_no_line_moves_the_cursor_or_becomes_two(failed):
    shown = lines(failed(ORDER))
    assert all(line.isprintable() for line in shown)
    assert r"\x1b[2J" in shown[4]


def test_a_pass_has_nothing_to_do(passed):
    assert (
        lines(passed)[-1]
        == "PASS       all 42 checked clauses proven, stop confirmed. The phase may proceed."
    )


def test_a_run_that_was_refused_at_once_names_no_image(run):
    document = run(image={}).note("misuse", message="prod is refused.", clause="TGT-3").document
    assert [line.split()[0] for line in lines(document)] == ["container", "hold", "REFUSED", "next"]


def test_an_excepted_line_is_told(run):
    excepted = {"line": "event loop ready", "clause": "RUN-3", "because": "a library's"}
    shown = lines(run(settings={"log.excepted": [excepted]}).deploy().stop().checks().passed())
    assert "excepted   RUN-3 'event loop ready': a library's" in shown
