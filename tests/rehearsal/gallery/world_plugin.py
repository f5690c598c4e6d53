"""Puts the world that SMOKEDEPLOY_TEST_WORLD names in the rehearsal's place, and tells how it ended."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from pytest_smokedeploy.rehearsal import Stack, World, agent_process
from pytest_smokedeploy.settings import load
from tests.rehearsal.gallery.case import after_idle
from tests.rehearsal.gallery.catalogue import CASES
from tests.support import forks

if forks.VARIABLE in os.environ:
    agent_process.subprocess = forks.agents()


class Told(Stack):
    """A stack that writes down, before it goes, whether the runtime still ran."""

    def stop(self):
        out = os.environ.get("SMOKEDEPLOY_TEST_TOLD")
        if out and not Path(out).exists() and self.environ:
            told = {"running": self.running(), "requests": self.requests}
            Path(out).write_text(json.dumps(told), encoding="utf-8")
        super().stop()


def held(path: str) -> World:
    """A world that says when an answer of `path` is due, and keeps it until it is told to go on."""
    folder = Path(os.environ["SMOKEDEPLOY_TEST_FOLDER"])

    def tamper(exchange):
        # What ends in a slash stands for every path below it.
        kept = [
            p for p in path.split(",") if exchange.path == p or (p[-1] == "/" and exchange.path.startswith(p))
        ]
        if kept:
            name = kept[0].strip("/").rpartition("/")[2]
            (folder / f"due-{name}").write_text(name)
            (folder / f"go-{name}").read_text()

    return World(tamper=tamper)


def pytest_smokedeploy_rehearsal(folder, options):
    name = os.environ.get("SMOKEDEPLOY_TEST_WORLD", "")
    if name.endswith("on docker"):
        base = name.removesuffix("on docker").strip(", ")
        worlds = {"": World(), "orders after idle": after_idle('(sleep 4; echo "order placed: ABC-XYZ 1") &')}
        world = replace(worlds[base] if base in worlds else CASES[base].world, engine="docker")
    elif name.startswith("held "):
        world = held(name.removeprefix("held "))
    else:
        world = CASES[name].world if name else World()
    if url := os.environ.get("SMOKEDEPLOY_TEST_DATABASE_URL"):
        # A database of the gate's own look; the agent knows none that could speak for it.
        world = replace(world, environ={"DATABASE_URL": url}, agent_environ={"DATABASE_URL": None})
    file = options.settings_file()
    return Told(world, folder, load(file), file.parent)
