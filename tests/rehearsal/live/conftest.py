"""A live run's world: TLS, a name that is not this machine's, and no --smokedeploy-rehearse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
import yaml

from pytest_smokedeploy.rehearsal import Stack, World, agent_process
from pytest_smokedeploy.settings import load
from tests.rehearsal.gallery.gate import ROOT, SECONDS, Ended, settings_file
from tests.support import forks

HOST = "agent.smokedeploy.test"
RESOLVER = Path(__file__).parent / "resolver"


def certified(folder):
    """Files of an authority, and of a key and a chain of its own for the live tests' host."""
    authority = trustme.CA()
    ca, key, chain = folder / "ca.pem", folder / "key.pem", folder / "chain.pem"
    authority.cert_pem.write_to_path(ca)
    issued = authority.issue_cert(HOST, "localhost")
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    return ca, key, chain


def elsewhere(stack, ca):
    """The environment by which a stack over TLS is reached as on another machine."""
    names = ("DEPLOY_ENDPOINT", "GITHUB_API_URL")
    hosts = {name: stack.environ[name].replace("localhost", HOST) for name in names}
    return {**stack.environ, **hosts, "SSL_CERT_FILE": str(ca)}


class Live:
    """Runs the gate and the command line against a stack, as a workflow would."""

    def __init__(self, folder, stack, settings, tls):
        self.folder, self.stack, self.settings = folder, stack, settings
        ca, self.key, self.chain = tls
        self.tests = ROOT / "smoke_tests"
        self.environ = {
            **elsewhere(stack, ca),
            "PATH": os.environ["PATH"],
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "SMOKEDEPLOY_EVIDENCE": str(folder / "evidence"),
            "SMOKEDEPLOY_CONFIG": str(settings),
        }

    def lay(self, **files):
        """Run a copy of the smoke tests from now on, with files (name without .py to text) beside it."""
        self.tests = self.settings.parent
        for source in (ROOT / "smoke_tests").glob("*.py"):
            shutil.copy(source, self.tests)
        for name, text in files.items():
            (self.tests / f"{name}.py").write_text(text, encoding="utf-8")

    def start(self, *options, stdout=None, forked=True):
        """Start the gate, by a fork (tests.support.forks) or with an interpreter of its own."""
        options = ("-p", "smokedeploy", str(self.tests), "-p", "no:cacheprovider", *options)
        with (self.folder / "output.txt").open("wb") as output, Path(os.devnull).open("rb") as nothing:
            said = stdout or output
            if forked:
                command = [sys.executable, "-m", "tests.rehearsal.live.resolver.gate", *options]
                streams = [nothing.fileno(), said.fileno(), said.fileno()]
                server = forks.SERVER.address()
                return forks.Forked(server, command, cwd=self.folder, env=self.environ, streams=streams)
            # Not by PYTHONPATH, which a dispatched run refuses.
            return subprocess.Popen(
                [sys.executable, str(RESOLVER / "gate.py"), *options],
                cwd=self.folder,
                env=self.environ,
                stdin=nothing,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *options, forked=True):
        process = self.start(*options, forked=forked)
        try:
            status = process.wait(SECONDS)
        finally:
            process.kill()
        return Ended(status, (self.folder / "output.txt").read_text(errors="replace"), self.folder)

    def command(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "pytest_smokedeploy", *arguments],
            cwd=self.folder,
            env=self.environ | {"PYTHONPATH": f"{RESOLVER}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    @property
    def posts(self):
        return [path for method, path in self.stack.requests if method == "POST"]


@contextmanager
def lives(folder):
    """live(world, **settings) -> Live, whose files go to `folder`; all are taken down at the end."""
    ca, key, chain = certified(folder)
    stacks = []

    def make(world=None, **changes):
        file = settings_file(folder, changes)
        settings = load(file)
        stack = Stack(world or World(), folder / "world", settings, file.parent, tls=(chain, key))
        stacks.append(stack)
        stack.start()
        for name in (settings.phase.ledger, settings.phase.inspections):
            (file.parent / name).write_text((stack.phase_folder / name).read_text())
        assert yaml.safe_load(file.read_text())
        return Live(folder, stack, file, (ca, key, chain))

    try:
        yield make
    finally:
        for stack in stacks:
            stack.stop()


@contextmanager
def forked(folder):
    """As `lives`; the agents are forks."""
    with pytest.MonkeyPatch.context() as patch, lives(folder) as make:
        patch.setattr(agent_process, "subprocess", forks.agents(forks.SERVER.address()))
        yield make


@pytest.fixture
def live(tmp_path):
    """As `forked`, in this test's own folder."""
    with forked(tmp_path) as make:
        yield make
