"""What some tests need of the machine beside Python: a container engine, a database server, a browser.

Where it is absent such a test is skipped and one line says what was left out; with
``SMOKEDEPLOY_TEST_REQUIRE=1``, as CI sets it, it fails instead: absence is never a pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

REQUIRED: Final = os.environ.get("SMOKEDEPLOY_TEST_REQUIRE") == "1"
POSTGRES_BIN: Final = Path("/usr/lib/postgresql")

needs_docker = pytest.mark.needs("docker")
needs_podman = pytest.mark.needs("podman")
needs_postgres = pytest.mark.needs("postgres")
needs_browser = pytest.mark.needs("browser")


def _docker() -> str:
    for program in ("docker", "docker-registry", "busybox"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    # By the command line: the SDK leaves a socket behind where no engine answers.
    asked = subprocess.run(["docker", "version"], capture_output=True, timeout=30, check=False)
    return "" if asked.returncode == 0 else "no Docker engine answers"


def _podman() -> str:
    absent = [name for name in ("podman", "docker-registry", "busybox") if shutil.which(name) is None]
    return f"{', '.join(absent)} not installed" if absent else ""


def _postgres() -> str:
    return "" if list(POSTGRES_BIN.glob("*/bin/initdb")) else "no PostgreSQL server is installed"


def _browser() -> str:
    return "" if shutil.which("chromium") and shutil.which("chromedriver") else "Chromium is not installed"


def _tmpfs() -> str:
    """A file system of a few KiB, which fills."""
    if shutil.which("mount") is None or os.geteuid() != 0:
        return "no file system can be mounted"
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "none", folder], capture_output=True, timeout=30, check=False
        )
        if mounted.returncode != 0:
            return "no file system can be mounted"
        subprocess.run(["umount", folder], timeout=30, check=True)
    return ""


def _nginx() -> str:
    return "" if shutil.which("nginx") else "nginx is not installed"


def _systemd() -> str:
    return "" if shutil.which("systemd-analyze") else "systemd-analyze is not installed"


def _plugins() -> str:
    """Plug-ins of pytest whose refusal is proven on the real thing."""
    names = ("flaky", "pytest_randomly", "pytest_repeat", "pytest_rerunfailures", "xdist")
    absent = [name for name in names if find_spec(name) is None]
    return f"{', '.join(absent)} not installed" if absent else ""


_WHY: Final[Mapping[str, Callable[[], str]]] = {
    "docker": _docker,
    "podman": _podman,
    "postgres": _postgres,
    "browser": _browser,
    "plugins": _plugins,
    "tmpfs": _tmpfs,
    "nginx": _nginx,
    "systemd": _systemd,
}


@cache
def lacking(need: str) -> str:
    """Why `need` is not met here, or ""."""
    return _WHY[need]()
