"""A runtime that leaves out, repeats, swaps or belies what a smoke deploy wants to see."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import (
    FAIL,
    HEALTHY,
    IDLE,
    Case,
    after_idle,
    at_the_stop,
    before_idle,
    runtime,
)
from tests.rehearsal.gallery.lies import status

BANNER = 'echo "reference-runtime 1.0.0 starting"'
PLANE = 'echo "execution plane: $EXECUTION_PLANE"'
VALIDATED = 'echo "environment validation succeeded"'
MOUNTS = 'echo "persistence mounts validated: audit-events, snapshots"'
REPLAY = 'echo "replay phase started"'
META = 'echo "meta orchestrator initialised"'
#: Markup that would change the page's title, were it obeyed.
MARKUP = "<img src=x onerror=document.title='obeyed'><svg/onload=document.title='obeyed'>"
#: Where something is never said, nobody wants to wait a minute for it.
SOON = {"deadlines": {"startup_seconds": 5}}
#: Longer than it takes a busy machine to get from the deploy to the log.
LONG_WINDOW = {"quiet_window_seconds": 5}
QUICK_KILL = {"STOP_GRACE_SECONDS": "1"}


def bad(clause: str, world: World, **how) -> Case:
    """A world that fails after the deploy, by `clause`."""
    return Case(clause, FAIL, world, **how)


def says(old: str, new: str) -> World:
    """The reference runtime with the words `new` in place of the line `old`."""
    return runtime(old, f"printf '%s\\n' '{new}'")


#: A title, a cleared screen with a verdict, a hidden link, and one in C1 form.
CONTROL = (
    r"\033]0;title\007\n\033[2J\033[1;1HPASS\n\033]8;;http://x/\033\\click\033]8;;\033\\\n\302\233\061mC1\n"
)
CAUSE = "ROOT CAUSE: the file prices.db is missing"

CASES: dict[str, Case] = {
    # -- left out
    "no banner": bad("OBS-1", runtime(BANNER, ":")),
    "nothing validated": bad("OBS-2", runtime(VALIDATED, ":")),
    "no mounts line": bad("OBS-3", runtime(MOUNTS, ":")),
    "no replay": bad("OBS-4", runtime(REPLAY, ":")),
    "no orchestrator": bad("OBS-5", runtime(META, ":")),
    "never idle": bad("OBS-6", runtime(IDLE, ":"), settings=SOON),
    "the plane is not said": bad("RUN-1", runtime(PLANE, ":")),
    "control of a terminal in its words": bad(
        "EXT-4",
        runtime(REPLAY, f"{REPLAY}\nprintf '{CONTROL}'"),
        says=(r"undocumented line: \x1b]0;title\x07", r"\x9b1mC1"),
    ),
    "it logs nothing": bad("OBS-1", World(runtime="exec sleep 600"), settings=SOON),
    # -- belied
    "validation says false": bad("OBS-2", says(VALIDATED, "environment validation success: false")),
    "validation failed": bad("OBS-2", says(VALIDATED, "environment validation failed: 1 error")),
    "validation named by an error": bad(
        "OBS-2", says(VALIDATED, 'ERROR: "environment validation succeeded" was never reached')
    ),
    "validation at level error": bad("OBS-2", says(VALIDATED, "ERROR environment validation succeeded")),
    "validation in an error record": bad(
        "OBS-2", says(VALIDATED, '{"level": "error", "msg": "environment validation succeeded"}')
    ),
    "validation in a field": bad(
        "OBS-2", says(VALIDATED, '{"level": "info", "msg": "x", "want": "environment validation succeeded"}')
    ),
    "validation in half a record": bad(
        "OBS-2", says(VALIDATED, '{"level": "info", "msg":\nenvironment validation "succeeded"}')
    ),
    "validation with a warning": bad(
        "OBS-2", says(VALIDATED, "environment validation succeeded (2 variables invalid, skipped)")
    ),
    "one mount of two": bad("OBS-3", says(MOUNTS, "persistence mounts validated: audit-events")),
    "a mount read-only": bad(
        "OBS-3", says(MOUNTS, "persistence mounts validated: audit-events, snapshots (read-only)")
    ),
    "a mount missing, it says": bad(
        "OBS-3", says(MOUNTS, "persistence mounts validated: audit-events; snapshots missing")
    ),
    # -- words behind what a template says
    **{
        f"behind {clause}: {words}": bad(clause, says(line, words))
        for clause, line, words in (
            ("OBS-1", BANNER, "reference-runtime 1.0.0 starting trading engine"),
            ("OBS-3", MOUNTS, "persistence mounts validated: audit-events, snapshots on scratch space"),
            ("OBS-4", REPLAY, "replay started; quoting 0.5 ABC @ 60000"),
            ("OBS-4", REPLAY, "replay started against production database"),
            ("OBS-5", META, "meta orchestrator initialised, position long 3 ABC"),
        )
    },
    "live credentials behind the validation": bad(
        "RUN-4", says(VALIDATED, "environment validated (live credentials loaded)")
    ),
    "a live plane behind the validation": bad("RUN-1", says(VALIDATED, "environment validated; PLANE live")),
    "a websocket behind the orchestrator": bad(
        "OBS-9", says(META, "meta orchestrator initialised: websocket up api.example.com")
    ),
    "a level above notice": bad("OBS-5", says(META, "WARN meta orchestrator initialised")),
    "another script's letter": bad("OBS-6", runtime(IDLE, r"printf '\321\226dle\n'"), settings=SOON),
    "a field beside a message": bad(
        "OBS-5", says(META, '{"msg": "meta orchestrator initialised", "position": "long"}')
    ),
    "a logger that sells": bad("OBS-7", says(META, "INFO:sold.out:meta orchestrator initialised")),
    "an excepted line twice": bad(
        "RUN-3",
        before_idle('echo "event loop ready"; echo "event loop ready"'),
        settings={
            "log": {"excepted": [{"line": "event loop ready", "clause": "RUN-3", "because": "of a library"}]}
        },
    ),
    "two empty lines after idle": bad("RUN-3", after_idle("echo; echo")),
    "a line of ten million characters": bad(
        "EXT-4", before_idle("head -c 10000000 /dev/zero | tr '\\0' 0; echo")
    ),
    "replay never": bad("OBS-4", says(REPLAY, "replay phase start skipped")),
    "orchestrator with errors": bad("OBS-5", says(META, "meta orchestrator initialised with errors")),
    "orchestrator raised": bad("OBS-5", says(META, "meta orchestrator initialised: ValueError raised")),
    "idle is denied": bad("OBS-6", says(IDLE, "idle state not reached"), settings=SOON),
    "the plane is live": bad("RUN-1", says(PLANE, "execution plane: live")),
    "the plane is paper and live": bad("RUN-1", before_idle('echo "EXECUTION_PLANE=live"')),
    "the plane is paper-ish": bad("RUN-1", says(PLANE, "execution plane: paper, orders go live")),
    # -- once, in order, one start
    "milestones swapped": bad("DET-1", runtime(REPLAY, f"{IDLE}\n{REPLAY}")),
    "a milestone twice": bad("DET-1", runtime(VALIDATED, f"{VALIDATED}\n{VALIDATED}")),
    "two milestones on one line": bad(
        "OBS-4",
        World(
            runtime=HEALTHY.replace(
                REPLAY, 'echo "replay phase started; meta orchestrator initialised"'
            ).replace(META, ":")
        ),
    ),
    "it starts over": bad("DET-1", after_idle(BANNER)),
    "it starts over at the stop": bad("DET-1", at_the_stop(BANNER)),
    # -- does not stay
    "exits 0 at once": bad("AGT-5", after_idle("exit 0")),
    "dies noisily while it starts": bad(
        "AGT-5",
        World(runtime=f"echo starting; seq 58; echo '{CAUSE}'; seq 30; exit 7\n"),
        words="exit code 7",
        says=(f"| {CAUSE}",),
    ),
    "dies at the end of a flood while it starts": bad(
        "AGT-5",
        World(
            runtime=f"yes filler | head -n 10000; echo '{CAUSE}'; exit 7\n",
            agent_environ={"LOG_LIMIT_MB": "1"},
        ),
        words=f"exit code 7; its last line: {CAUSE!r}",
        says=("could not be read whole: the log is longer than its limit", f"| {CAUSE}"),
    ),
    "orders, and dies while it starts": bad(
        "AGT-5", World(runtime="echo 'order placed: ABC-XYZ 1'; exit 7\n"), also=("OBS-7",)
    ),
    "exits 0 after idle": bad("OBS-6", after_idle("sleep 3; exit 0"), settings=LONG_WINDOW),
    "crashes after idle": bad("OBS-6", after_idle("sleep 3; exit 3"), settings=LONG_WINDOW),
    "left before idle": bad("OBS-6", before_idle("sleep 3; exit 0")),
    "left in silence": bad("OBS-6", after_idle("exec sleep 3"), settings=LONG_WINDOW),
    # -- runs in silence: told by the engine's counters alone
    "a busy loop in silence": bad(
        "RUN-3",
        after_idle("(while :; do :; done) &"),
        # On a machine with much else to do a loop gets less than a processor.
        settings={"quiet_window_seconds": 3, "activity": {"cpu_share": 0.02}},
    ),
    "processes in silence": bad(
        "RUN-2",
        after_idle("(sleep 2; for n in 1 2 3 4 5 6 7 8; do sleep 100 & done; wait) &"),
        settings=LONG_WINDOW,
    ),
    "bytes sent in silence": bad(
        "OBS-9", status(lambda b, _: b.update(activity={**(b["activity"] or {}), "network_tx_bytes": 10**6}))
    ),
    # -- undocumented
    "an unknown line": bad("EXT-4", before_idle('echo "warming caches"')),
    "a line before the banner": bad("EXT-4", runtime(BANNER, f'echo "unpacking"\n{BANNER}')),
    "a line while stopping": bad("EXT-4", at_the_stop('echo "flushing"')),
    "a line after the last": bad("EXT-4", runtime('echo "stopped"', 'echo "stopped"\n    echo "bye"')),
    "a workflow command": bad("EXT-4", before_idle('echo "::set-env name=x::y"; echo "a ##[error]b"')),
    "markup everywhere": bad(
        "EXT-4",
        World(
            runtime=before_idle(f'echo "{MARKUP}"').script(),
            environ={"GITHUB_REF": MARKUP, "GITHUB_ACTOR": MARKUP},
        ),
    ),
    "invalid UTF-8": bad("EXT-4", before_idle(r"printf '\377\376\300\n'")),
    "NUL bytes": bad("EXT-4", before_idle(r"printf 'a\000b\n'")),
    "a stack trace on stderr": bad(
        "EXT-4", before_idle('echo "Traceback (most recent call last):" >&2; sleep 0.3')
    ),
    "100,000 lines": bad("EXT-4", before_idle("seq 100000")),
    "an undocumented exit code": bad(
        "EXT-4", runtime('echo "stopped"\n    exit 0', 'echo "stopped"\n    exit 7')
    ),
    "dies of the signal": bad(
        "EXT-4",
        runtime("trap leave TERM INT", ":"),
        words="143 (ended by SIGTERM, or",
        says=("log.exit_codes",),
    ),
    "ignores SIGTERM": bad(
        "EXT-4",
        World(runtime=runtime("trap leave TERM INT", "trap '' TERM INT").script(), agent_environ=QUICK_KILL),
        words="137 (SIGKILL: it did not end within its grace",
    ),
}
