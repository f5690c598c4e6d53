"""The gallery's worlds through a plain shell gate (shell_gate.sh): what it lets through, what it fails.

Worlds that deviate in pytest's own command line, plug-ins or test files are left out: a shell has none.

    python benchmarks/gallery_shell.py [FAMILY ...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pytest_smokedeploy.rehearsal import Stack  # noqa: E402 - the repository's own, run from anywhere
from pytest_smokedeploy.settings import load  # noqa: E402
from tests.rehearsal.gallery.catalogue import CASES, FAMILIES  # noqa: E402
from tests.rehearsal.gallery.gate import settings_file  # noqa: E402

AT_ONCE = 4
SECONDS = 240
TAG, ENVIRONMENT = "--smokedeploy-image-tag", "--smokedeploy-environment"


def applies(name: str) -> bool:
    """Whether the world's deviation is one that a shell gate can meet."""
    case = CASES[name]
    if case.needs or case.files or case.environ:
        return False
    return set(case.options[::2]) <= {TAG, ENVIRONMENT}


def one(name: str) -> dict[str, object]:
    """Run the shell gate in one world: its exit status, and whether the runtime still ran."""
    case = CASES[name]
    options = dict(zip(case.options[::2], case.options[1::2], strict=True))
    with tempfile.TemporaryDirectory() as folder:
        file = settings_file(Path(folder), case.settings)
        with Stack(case.world, Path(folder) / "world", load(file), file.parent) as stack:
            environ = {"PATH": os.environ["PATH"], **stack.environ}
            environ["IMAGE"] = f"{stack.image_repository}:{options.get(TAG, stack.image_tag)}"
            environ["CONTAINER_NAME"] = load(file).agent.container_name
            environ["ENVIRONMENT"] = options.get(ENVIRONMENT, "dev")
            command = [str(ROOT / "benchmarks" / "shell_gate.sh")]
            done = subprocess.run(
                command, env=environ, cwd=folder, check=False, capture_output=True, text=True, timeout=SECONDS
            )
            return {"status": done.returncode, "running": stack.running(), "said": done.stdout + done.stderr}


def child(name: str) -> dict[str, object] | None:
    """`one` in a process of its own, since a world counts what it was asked; None where none comes up."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode:
        print(f"left out, its world does not come up: {name}", flush=True)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def main(families: list[str]) -> None:
    """Print the figures, by family."""
    chosen = {f: [n for n in cases if applies(n)] for f, cases in FAMILIES.items() if f in families}
    names = [name for worlds in chosen.values() for name in worlds]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = {n: run for n, run in zip(names, pool.map(child, names), strict=True) if run is not None}
    total: Counter[str] = Counter()
    for family, there in chosen.items():
        worlds = [name for name in there if name in ended]
        bad = [n for n in worlds if not CASES[n].sound]
        good = [n for n in worlds if CASES[n].sound]
        through = [n for n in bad if ended[n]["status"] == 0]
        failed = [n for n in good if ended[n]["status"] != 0]
        left = [n for n in worlds if ended[n]["running"] and CASES[n].stopped]
        total.update(bad=len(bad), through=len(through), sound=len(good), failed=len(failed), left=len(left))
        print(f"{family}: {len(through)} of {len(bad)} bad worlds let through", flush=True)
        for name in failed:
            print(f"  fails a sound one: {name}: {str(ended[name]['said']).strip()[:120]}")
        for name in left:
            print(f"  left running: {name}")
    print(f"bad worlds let through    {total['through']:4} of {total['bad']}")
    print(f"sound worlds failed       {total['failed']:4} of {total['sound']}")
    print(f"left running              {total['left']:4} of {total['bad'] + total['sound']}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2])))
    else:
        main(sys.argv[1:] or list(FAMILIES))
