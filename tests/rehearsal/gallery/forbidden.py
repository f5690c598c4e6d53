"""Forbidden lines, at every moment and in every disguise."""

from __future__ import annotations

from tests.rehearsal.gallery.case import IDLE, Case, after_idle, at_the_stop, before_idle, runtime
from tests.rehearsal.gallery.runtime import META, bad

ORDER = "order placed: BTC-EUR 1"
LINES = {
    "OBS-7": ("an order", ORDER),
    "OBS-8": ("a strategy tick", "strategy tick 1"),
    "OBS-9": ("an external call", "GET https://api.exchange.example/v1/time"),
    "RUN-2": ("a scheduler", "scheduler started"),
    "RUN-3": ("a background loop", "background loop running"),
    "RUN-4": ("a live adapter", "live adapter ready"),
}
MOMENTS = {
    "in the start-up": lambda line: before_idle(f"echo '{line}'"),
    "after idle": lambda line: after_idle(f"echo '{line}'"),
    "in the quiet window": lambda line: after_idle(f"(sleep 0.5; echo '{line}') &"),
    "during the stop": lambda line: at_the_stop(f"echo '{line}'"),
    "with the last breath": lambda line: runtime('echo "stopped"', f"echo stopped\n    printf '{line}' >&2"),
}


def printed(spelling: str, extra: str = "") -> Case:
    """The reference runtime prints `spelling` (of printf) in its start-up: OBS-7."""
    return bad("OBS-7", before_idle(f"printf '{spelling}\\n'{extra}"))


CASES: dict[str, Case] = {
    **{
        f"{name} {moment}": bad(clause, make(line))
        for clause, (name, line) in LINES.items()
        for moment, make in MOMENTS.items()
    },
    # -- written otherwise
    "an order split across two writes": bad(
        "OBS-7", after_idle("(printf 'order pla'; sleep 0.3; printf 'ced\\n') &")
    ),
    "an order without a newline": bad("OBS-7", runtime('echo "stopped"', "printf 'order placed'")),
    "an order on stderr": printed("order placed", " >&2; sleep 0.3"),
    "an order in upper case": printed("ORDER PLACED"),
    "an order in camel case": printed("OrderPlaced id=17"),
    "an order in snake case": printed("order_executed"),
    "an order in JSON": printed(r'{"level": "info", "msg": "order placed"}'),
    "an order in a JSON field": printed(r'{"level": "info", "msg": "x", "what": {"a": ["order placed"]}}'),
    "an order in JSON escapes": printed(r'{"level": "info", "msg": "\\u006frder \\u0070laced"}'),
    "an order behind a JSON milestone": bad(
        "OBS-7",
        runtime(
            META,
            r"""printf '{"msg": "\\u006frder placed", "msg": "meta orchestrator initialised"}\n'""",
        ),
    ),
    "an order in ANSI colour": printed(r"\033[1;31mor\033[0mder \033[4mplaced\033[0m"),
    "an order in a 5 MB line": bad(
        "OBS-7",
        before_idle(
            "{ head -c 2500000 /dev/zero | tr '\\0' x; printf ' order placed '; "
            "head -c 2500000 /dev/zero | tr '\\0' y; echo; }"
        ),
    ),
    "an order across a reader's cut": bad(
        "OBS-7", before_idle("{ head -c 1048569 /dev/zero | tr '\\0' '.'; printf 'order placed\\n'; }")
    ),
    "an order with a NUL": printed(r"ord\000er placed"),
    "an order with bad bytes": printed(r"\377order placed\376"),
    "an order with CRLF": printed(r"order placed\r"),
    "an order behind a carriage return": printed(r"all quiet\rorder placed"),
    "an order typed over": printed(r"orxx\b\bder placed"),
    "an order with zero-width spaces": printed(r"or\342\200\213der pla\342\200\213ced"),
    "an order with a soft hyphen": printed(r"or\302\255der placed"),
    "an order in Cyrillic": printed(r"\320\276rd\320\265r placed"),
    "an order full-width": printed(r"\357\275\217\357\275\222\357\275\204\357\275\205\357\275\222 placed"),
    "an order with no-break spaces": printed(r"order\302\240placed"),
    # -- behind something harmless
    "an order behind idle": bad("OBS-7", runtime(IDLE, 'echo "idle: waiting; order placed"')),
    "a sale behind idle": bad("OBS-7", runtime(IDLE, 'echo "idle: sold 3 BTC at market"')),
    "an order behind idle, in Cyrillic": bad(
        "OBS-7", runtime(IDLE, r"printf 'idle: waiting; \320\276rder placed\n'")
    ),
    "an order behind a return after idle": bad(
        "OBS-7", runtime(IDLE, r"printf 'order placed\ridle: waiting for a signal\n'")
    ),
    "something behind idle": bad(
        "OBS-6",
        runtime(IDLE, 'echo "idle: strategies armed, fills arriving"'),
        settings={"deadlines": {"startup_seconds": 5}},
    ),
    "said to be off, and on": bad("RUN-2", before_idle('echo "scheduler: not paused, running"')),
    "off, in words that no template has": bad("EXT-4", before_idle('echo "scheduler: disabled"')),
}
