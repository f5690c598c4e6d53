"""The gate in every world: the right verdict, the clause named first, the exit status, and stopped."""

import pytest

from tests.rehearsal.gallery.catalogue import CASES
from tests.rehearsal.gallery.gate import gate
from tests.rehearsal.gallery.judge import misses


def marks(case):
    return [pytest.mark.needs(case.needs)] if case.needs else []


@pytest.mark.parametrize("world", [pytest.param(n, marks=marks(c), id=n) for n, c in CASES.items()])
def test_the_world_ends_as_it_states(world, ended):
    run = ended(world)
    assert misses(CASES[world], run) == [], run.output[-3000:]


def test_a_healthy_world_is_rehearsed(tmp_path):
    run = gate(tmp_path, forked=False)
    assert (run.document["verdict"], run.status) == ("REHEARSED", 0), run.output
    assert run.told["running"] is False
    assert run.posts == ["/v1/deploy", "/v1/stop", "/v1/outcome"]
    assert (tmp_path / "evidence" / "report.html").is_file()
