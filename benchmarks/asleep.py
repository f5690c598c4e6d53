"""What the installed plug-in costs a pytest run that does not use it (aim: at most 5 ms).

Runs one trivial test in pairs, with the plug-in asleep and with ``-p no:smokedeploy``, in
turns that swap, so that a busy machine slows both alike. Processor time stands beside wall
time: on a busy machine it is the steadier witness. Run it with the interpreter that has the
package installed:

    python benchmarks/asleep.py [pairs]
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

AIM_MS = 5.0
WITHOUT = ("-p", "no:smokedeploy")


def processor_ms() -> float:
    """Processor time of all children that have ended, in milliseconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def once(folder: Path, *options: str) -> tuple[float, float]:
    """One run, in milliseconds of wall and of processor time."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))
    }
    # Byte code is kept, as on any machine in use, but not among the sources.
    environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_one.py"]
    started, used = time.perf_counter(), processor_ms()
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL) as process:
        # Not wait(timeout=...): it polls, at steps of up to 50 ms.
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        status = process.wait()
        watchdog.cancel()
    if status:
        sys.exit(f"pytest ended with {status}")
    return (time.perf_counter() - started) * 1000, processor_ms() - used


def show(name: str, asleep: list[float], without: list[float]) -> float:
    """Print one kind of time; returns the median of the paired differences."""
    apart = sorted(a - b for a, b in zip(asleep, without, strict=True))
    difference = statistics.median(apart)
    low, high = apart[len(apart) // 4], apart[-1 - len(apart) // 4]
    print(f"{name} time, median of {len(apart)} pairs")
    print(f"  asleep              {statistics.median(asleep):7.1f} ms")
    print(f"  -p no:smokedeploy   {statistics.median(without):7.1f} ms")
    print(
        f"  paired difference   {difference:7.1f} ms  (middle half {low:.1f} to {high:.1f}; aim {AIM_MS:g})"
    )
    return difference


def main(pairs: int) -> int:
    """Print medians and the paired differences; 1 where that of wall time is above the aim."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_one.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        once(folder), once(folder, *WITHOUT)  # byte code and disk cache
        asleep: list[tuple[float, float]] = []
        without: list[tuple[float, float]] = []
        for turn in range(pairs):
            order = ((asleep, ()), (without, WITHOUT))
            for times, options in order if turn % 2 else order[::-1]:
                times.append(once(folder, *options))
    wall = show("wall", [run[0] for run in asleep], [run[0] for run in without])
    show("processor", [run[1] for run in asleep], [run[1] for run in without])
    return 0 if wall <= AIM_MS else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
