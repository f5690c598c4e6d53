"""The start-up logs of two applications, as their frameworks write them, and the settings that fit them."""

from __future__ import annotations

from string import Template

#: A service in Python: two loggers, a banner of a server, a rule, and text without a frame.
TEXT_START = [
    "==============================",
    "2026-01-02 03:04:05,120 - svc.boot - INFO - trading-engine v2.14.0-rc.1 booting, pid 4711",
    "2026-01-02 03:04:05,121 - svc.boot - INFO - execution plane is paper",
    "2026-01-02 03:04:05,140 - svc.config - INFO - configuration checked: 31 variables, 0 problems",
    "2026-01-02 03:04:05,141 - svc.config - INFO - SCHEDULER_ENABLED=false",
    "INFO:     Started server process [4711]",
    "2026-01-02 03:04:05,300 - svc.db - INFO - connected to postgres at 127.0.0.1:5432",
    "2026-01-02 03:04:05,410 - svc.fs - INFO - mount audit-events at /data/audit-events writable, 9 GB free",
    "2026-01-02 03:04:05,411 - svc.fs - INFO - mount snapshots at /data/snapshots writable, 12.5 GiB free",
    "2026-01-02 03:04:05,500 - svc.replay - INFO - replaying from snapshot 7f3a9c21b0",
    "2026-01-02 03:04:05,900 - svc.replay - INFO - replayed 1,204 events in 400 ms",
    "2026-01-02 03:04:06,000 - svc.meta - INFO - meta orchestrator is up in 1.2 s",
    "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
    "2026-01-02 03:04:06,100 - svc.boot - INFO - ready, waiting for commands",
]
TEXT_STOP = [
    "INFO:     Shutting down",
    "2026-01-02 03:05:00,000 - svc.boot - INFO - flushed 2 files in 3 ms",
    "INFO:     Finished server process [4711]",
]
TEXT_LOG = {
    "milestones": {
        "OBS-1": ["trading-engine {version} booting, pid {number}"],
        "OBS-2": ["configuration checked: {number} variables, 0 problems"],
        "OBS-3": {
            "all": [
                "mount audit-events at {path} writable, {size} free",
                "mount snapshots at {path} writable, {size} free",
            ]
        },
        "OBS-4": ["replaying from snapshot {hex}"],
        "OBS-5": ["meta orchestrator is up in {duration}"],
        "OBS-6": ["ready, waiting for commands"],
    },
    "documented": [
        "==============================",
        "SCHEDULER_ENABLED=false",
        "Started server process [{number}]",
        "replayed {number} events in {duration}",
        "Uvicorn running on {listen} (Press CTRL+C to quit)",
    ],
    "shutdown": [
        "Shutting down",
        "flushed {number} files in {duration}",
        "Finished server process [{number}]",
    ],
    "excepted": [
        {
            "line": "connected to postgres at 127.0.0.1:5432",
            "clause": "OBS-9",
            "because": "its own database, on the same host",
        }
    ],
}

_RECORD = Template('{"level":$level,"time":$time,"pid":7,"hostname":"box-1","name":"runtime",$rest}')


def _record(rest: str, level: int = 30, time: int = 1767323045120) -> str:
    return _RECORD.substitute(level=level, time=time, rest=rest)


#: A service under Node.js: a record a line, with fields beside the message.
JSON_START = [
    _record('"msg":"boot","version":"3.1.4","commit":"9fceb02d0ae598e95dc970b74767f19372d61af8"'),
    _record('"plane":"paper","msg":"mode"', time=1767323045121),
    _record('"msg":"environment ok","checked":18,"missing":0', time=1767323045125),
    _record('"msg":"volumes ok","volumes":["audit-events","snapshots"],"ms":4', time=1767323045130),
    _record('"msg":"replay begins","source":{"kind":"snapshot","id":"s-2026-01-01"}', time=1767323045140),
    _record('"msg":"replay done","events":0,"ms":1.25', level=20, time=1767323045150),
    _record('"msg":"meta orchestrator ready","adapters":0', time=1767323045160),
    _record('"msg":"idle"', time=1767323045170),
]
JSON_STOP = [_record('"signal":"SIGTERM","msg":"bye"', time=1767323105170)]
JSON_LOG = {
    "milestones": {
        "OBS-1": ["boot commit={hex} name=runtime"],
        "OBS-2": ["environment ok checked={number} missing=0 name=runtime"],
        "OBS-3": ['volumes ok ms={number} name=runtime volumes=["audit-events", "snapshots"]'],
        "OBS-4": ["replay begins name=runtime source.id={id} source.kind=snapshot"],
        "OBS-5": ["meta orchestrator ready adapters=0 name=runtime"],
        "OBS-6": ["idle name=runtime"],
        "RUN-1": ["mode name=runtime plane=paper"],
    },
    "documented": ["replay done events={number} ms={number} name=runtime"],
    "shutdown": ["bye name=runtime signal=SIGTERM"],
}
