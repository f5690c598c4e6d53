"""One run's settings, and the rehearsal's own GitHub on a port of its own."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import yaml

from pytest_smokedeploy.model import CLAUSE, Basis, Finding
from pytest_smokedeploy.preconditions.github import GitHub
from pytest_smokedeploy.rehearsal import World
from pytest_smokedeploy.rehearsal.github import GitHub as StandIn
from pytest_smokedeploy.rehearsal.server import Server
from pytest_smokedeploy.settings import Options, resolve
from tests.gallery.gate import ROOT

SHA = "a" * 40
REPOSITORY = "someone/something"
TOKEN = "token-of-a-test"
FLOW = ".github/workflows/deploy.yml"


@pytest.fixture(autouse=True)
def whole(monkeypatch):
    """No finding is made by half, whatever a test looks for: whose, what, resting on what, and then?"""
    make = Finding.__init__

    def made(self, *args, **kwargs):
        make(self, *args, **kwargs)
        assert self.clause in CLAUSE, self
        assert self.holds in {True, False, None}, self
        assert (self.basis is None) is (self.holds is None), self
        assert self.basis is None or isinstance(self.basis, Basis), self
        said = [self.expected, self.seen, *(() if self.holds else (self.means, self.remedy))]
        assert all(isinstance(words, str) and words for words in said), self
        assert not [words for words in said if "None" in words or "XX" in words], self

    monkeypatch.setattr(Finding, "__init__", made)


@pytest.fixture
def run_of(tmp_path):
    """run_of(url, tag=, token=, **settings) -> the settings of a rehearsal whose GitHub is at `url`."""

    def make(url="", *, tag=SHA, token=TOKEN, **settings):
        (tmp_path / ".github" / "workflows").mkdir(parents=True, exist_ok=True)
        (tmp_path / FLOW).write_text((ROOT / FLOW).read_text())
        file = tmp_path / "smokedeploy.yml"
        whole = {"image": {"repository": "ghcr.io/example/runtime"}, "agent": {"container_name": "runtime"}}
        file.write_text(yaml.safe_dump(whole | settings))
        options = Options(environment="dev", image_tag=tag, config=file, rehearse=True, root=tmp_path)
        environ = {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_RUN_ID": "7"}
        return resolve(options, environ | ({"GITHUB_TOKEN": token} if token else {}))

    return make


@pytest.fixture
def hub(run_of):
    """hub(change, **how) -> (run, GitHub); `change` is what a World's `github` does to an answer."""
    with ExitStack() as stack:

        def make(change=None, *, commits=(SHA,), known_good=None, **how):
            world = World(github=change)
            server = Server(
                StandIn(
                    world,
                    repository=REPOSITORY,
                    token=TOKEN,
                    commits=commits,
                    environment="dev",
                    workflow=ROOT / FLOW,
                    run_id="7",
                    known_good=known_good,
                ).app
            )
            stack.callback(server.stop)
            server.start()
            run = run_of(f"http://127.0.0.1:{server.port}", **how)
            return run, GitHub(run.github, rehearsal=True)

        yield make
