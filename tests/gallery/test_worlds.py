"""The gate in bad worlds: the right verdict, the clause named first, the exit status, and stopped."""

import pytest

from tests.gallery.catalogue import CASES
from tests.gallery.gate import gate


@pytest.mark.parametrize("name", list(CASES))
def test_the_world_ends_as_it_states(name, tmp_path):
    case = CASES[name]
    run = gate(tmp_path, *case.options, world=name, changes=case.settings)
    seen = (run.document["verdict"], run.document["clause"], run.status)
    assert seen == (case.verdict, case.clause, case.status), run.output[-3000:]
    assert run.document["exit_status"] == case.status
    assert case.words in run.document["reason"]
    assert ("/v1/deploy" in run.posts) if case.deploys else run.posts == []
    assert run.told["running"] is not case.stopped
    assert case.verdict in run.output
    assert run.document["reason"][:60] in " ".join(run.output.split())


def test_a_healthy_world_is_rehearsed(tmp_path):
    run = gate(tmp_path)
    assert (run.document["verdict"], run.status) == ("REHEARSED", 0), run.output
    assert run.told["running"] is False
    assert run.posts == ["/v1/deploy", "/v1/stop"]
    assert (tmp_path / "evidence" / "report.html").is_file()
