"""Settings of one run, and a check of every finding that a test makes."""

from __future__ import annotations

import pytest
import yaml

from pytest_smokedeploy.model import CLAUSE, Basis, Finding
from pytest_smokedeploy.settings import Options, resolve
from tests.rehearsal.gallery.gate import ROOT

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
