"""A runtime that does what a smoke deploy forbids, or leaves out what it wants to see."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.gallery.case import FAIL, HEALTHY, IDLE, Case, runtime

#: Markup that would change the page's title, were it obeyed.
MARKUP = "<img src=x onerror=document.title='obeyed'><svg/onload=document.title='obeyed'>"

CASES: dict[str, Case] = {
    "no mounts line": Case("OBS-3", FAIL, 1, runtime('echo "persistence mounts validated', ': "')),
    "never idle": Case("OBS-6", FAIL, 1, runtime(IDLE, ":"), settings={"deadlines": {"startup_seconds": 2}}),
    "milestones swapped": Case(
        "DET-1", FAIL, 1, runtime('echo "replay phase started"', f'{IDLE}\necho "replay phase started"')
    ),
    "an order": Case("OBS-7", FAIL, 1, runtime(IDLE, f'echo "order placed: BTC-EUR 1"\n{IDLE}')),
    "an order without a newline": Case("OBS-7", FAIL, 1, runtime('echo "stopped"', 'printf "order placed"')),
    "an order during the stop": Case("OBS-7", FAIL, 1, runtime('echo "stopped"', 'echo "ORDER placed" >&2')),
    "a tick after idle": Case("OBS-8", FAIL, 1, runtime(IDLE, f'{IDLE}\necho "strategy tick"')),
    "an external call": Case("OBS-9", FAIL, 1, runtime(IDLE, f'echo "GET https://api.example"\n{IDLE}')),
    "a scheduler": Case("RUN-2", FAIL, 1, runtime(IDLE, f'echo "scheduler started"\n{IDLE}')),
    "a heartbeat after idle": Case("RUN-3", FAIL, 1, runtime(IDLE, f'{IDLE}\necho "alive"')),
    "a live adapter": Case("RUN-4", FAIL, 1, runtime(IDLE, f'echo "live adapter ready"\n{IDLE}')),
    "the plane is not said": Case("RUN-1", FAIL, 1, runtime('echo "execution plane: $EXECUTION_PLANE"', ":")),
    "left after idle": Case("OBS-6", FAIL, 1, runtime(IDLE, f"{IDLE}\nexec sleep 1")),
    "it starts over": Case(
        "DET-1", FAIL, 1, runtime(IDLE, f'{IDLE}\necho "reference-runtime 1.0.0 starting"')
    ),
    "a workflow command": Case(
        "EXT-4", FAIL, 1, runtime(IDLE, f'echo "::set-env name=x::y"; echo "a ##[error]b"\n{IDLE}')
    ),
    "markup everywhere": Case(
        "EXT-4",
        FAIL,
        1,
        World(
            runtime=HEALTHY.replace(IDLE, f'echo "{MARKUP}"\n{IDLE}'),
            environ={"GITHUB_REF": MARKUP, "GITHUB_ACTOR": MARKUP},
        ),
    ),
    "an unknown line": Case("EXT-4", FAIL, 1, runtime(IDLE, f'echo "warming caches"\n{IDLE}')),
    "an undocumented exit code": Case(
        "EXT-4", FAIL, 1, runtime('echo "stopped"\n    exit 0', 'echo "stopped"\n    exit 7')
    ),
}
