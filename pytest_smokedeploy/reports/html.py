"""The part of the report that stands above pytest-html's table; every value is escaped here.

pytest-html escapes none of what it is handed (branch names, log lines), so nothing from the
evidence reaches the page but through `_e`.
"""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from pytest_smokedeploy.contract import LAST_LINES
from pytest_smokedeploy.reports.terminal import following, stopped

_MARK: Final = {"proven": "✓", "violated": "✗", "not proven": "·"}
#: What stands around our part of the report. Nothing inside can hold them, since all of it is escaped.
_BEGIN: Final = "<!-- smoke deploy: begin -->"
_END: Final = "<!-- smoke deploy: end -->"
#: The order in which clauses are listed, by their state; the model's order holds within each.
_FIRST: Final = ("violated", "not proven", "proven")


def _e(value: object) -> str:
    return escape(str(value), quote=True)


def _code(value: object) -> str:
    return f"<code>{_e(value)}</code>"


def _row(*cells: str, kind: str = "") -> str:
    """A row of a table; `cells` are HTML."""
    style = f' class="{_e(kind)}"' if kind else ""
    return f"<tr{style}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _table(title: str, rows: Iterable[str], kind: str = "sd-table", head: str = "", note: str = "") -> str:
    """A table under its title; "" without rows."""
    body = "".join(rows)
    return f'<h3>{title}</h3><table class="{kind}">{head}{body}</table>{note}' if body else ""


def _list(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Names and what they stand for (HTML) under a title; "" without rows."""
    return _table(title, (f"<tr><th>{_e(name)}</th><td>{cell}</td></tr>" for name, cell in rows), "sd-facts")


def summary(document: Mapping[str, Any]) -> str:
    """Style and part of the report, between two marks.

    Verdict and reason stand on top, then target, stages, clauses, log, receipt and stop.
    """
    parts = (_banner, _rules, _failed_start, _facts, _stages, _clauses, _log, _events, _receipt)
    body = "".join(part(document) for part in parts)
    return f'{_BEGIN}<style>{CSS}</style><div class="sd">{body}</div>{_END}'


def with_summary(report: str, document: Mapping[str, Any]) -> str:
    """A report whose part between the marks is that of `document`; on top of it where it has no marks."""
    before, begun, rest = report.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    return f"{before if ended else ''}{summary(document)}{after if begun and ended else report}"


def page(document: Mapping[str, Any]) -> str:
    """A report without pytest's own table, for a run that ended before pytest-html wrote one."""
    words = (
        "The run ended before pytest-html wrote its report: pytest's own table of the checks does not exist."
    )
    head = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Smoke deploy</title></head>'
    return f"{head}<body>{summary(document)}<p>{words}</p></body></html>\n"


def _banner(d: Mapping[str, Any]) -> str:
    verdict = str(d["verdict"])
    clause = f'<span class="sd-clause">{_e(d["clause"])}</span> ' if d["clause"] else ""
    after = f'<p class="sd-next">{_e(words)}.</p>' if (words := following(d)) else ""
    reason = f'<p class="sd-reason">{clause}{_e(d["reason"])}</p>'
    return f'<div class="sd-banner sd-{_e(verdict.lower())}"><h2>{_e(verdict)}</h2>{reason}{after}</div>'


def _rules(d: Mapping[str, Any]) -> str:
    """The rules of this run that are not the model's own."""
    given = d["settings"].get("log.excepted", [])
    rows = [(f"excepted, {row['clause']}", f"{_code(row['line'])} {_e(row['because'])}") for row in given]
    rows += [(name, _code(json.dumps(value, ensure_ascii=False))) for name, value in d["settings"].items()]
    return _list("Settings that differ from their defaults", rows)


def _failed_start(d: Mapping[str, Any]) -> str:
    """The last lines of a start that failed, as the agent reported them."""
    lines = d["receipt"].get("last_lines")
    if not isinstance(lines, list):
        return ""
    lines = lines[-LAST_LINES:]
    code = d["receipt"].get("exit_code")
    left = "" if code is None else f"It left with exit code {_e(code)}. "
    whole = d["log"]["exit_code"] is not None
    log = "All it wrote stands in <code>startup.log</code>." if whole else "Its log was not read to its end."
    kept = "" if d["engine"] == "process" else " Its container is kept, stopped, until the next deploy."
    told = f"The last {len(lines)} lines, the newest at the end" if lines else "It wrote nothing"
    text = "\n".join(_e(line) for line in lines)
    return (
        f"<h3>The start that failed</h3><p>{left}{log}{kept}</p>"
        f"<details open><summary>{told}</summary><pre class='sd-lines'>{text}</pre></details>"
    )


def _facts(d: Mapping[str, Any]) -> str:
    image, run, stop = d["image"], d["run"], d["stop"]
    url = str(run.get("url", ""))
    number = _e(f"{run.get('run_id', '')}, attempt {run.get('attempt', '')}")
    link = f'<a href="{_e(url)}">{number}</a>' if url.startswith(("https://", "http://")) else number
    target = f"{d['environment'] or '-'} on {d['execution_plane'] or '-'}, {d['endpoint_host'] or '-'}"
    rows = [
        ("Image", _code(image.get("requested", "-"))),
        ("Digest", _code(image.get("digest") or "not told")),
        ("Target", _e(target)),
        ("Container", _code(d["agent"].get("container_name", "-"))),
        ("Agent offers", _e(", ".join(d["agent"]["extensions"]) or "the base contract alone")),
        ("Run", f"{_e(run.get('repository', '-'))} {link}, by {_e(run.get('actor') or '-')}"),
        ("Commit", _code(run.get("commit") or "-")),
        ("Began, ended", _e(f"{d['started_at']} to {d['finished_at']}")),
        ("Stop", f"<strong>{_e(stopped(d))}</strong> {_e(stop['words'] if stop['confirmed'] else '')}"),
    ]
    return _list("What was deployed where", rows)


def _stages(d: Mapping[str, Any]) -> str:
    cells = []
    for stage in d["stages"]:
        passed = sum(check["outcome"] == "passed" for check in stage["checks"])
        count = f"<small>{passed} of {len(stage['checks'])}</small>"
        name = f"<b>{_e(stage['stage'])}</b> {_e(stage['outcome'])}"
        cells.append(f'<li class="sd-s-{_e(stage["outcome"].replace(" ", "-"))}">{name}<br>{count}</li>')
    return f'<h3>Stages</h3><ol class="sd-stages">{"".join(cells)}</ol>'


def _clauses(d: Mapping[str, Any]) -> str:
    rows = [
        _row(
            _e(row["clause"]),
            f"{_MARK[row['state']]} {_e(row['state'])}",
            _e(row["basis"] or ""),
            f"{_e(row['text'])}<br><small>{_e(row['words'])}</small>",
            kind=f"sd-c-{row['state'].replace(' ', '-')}",
        )
        for row in sorted(d["clauses"], key=lambda row: _FIRST.index(row["state"]))
        if row["how"] != "enforced" or row["state"] != "proven"
    ]
    note = "A clause that the gate itself enforces is listed only where it was not upheld."
    head = "<tr><th>Clause</th><th>State</th><th>Rests on</th><th>What it asks, and what was seen</th></tr>"
    return _table("Clauses of the model", rows, head=head, note=f"<p><small>{note}</small></p>")


def _log(d: Mapping[str, Any]) -> str:
    log = d["log"]
    # What stands before a line, by its key in the evidence; braces hold its clause.
    tags = {"milestones": "{}", "forbidden": "{}", "excepted": "excepted, {}", "undocumented": "undocumented"}
    lines = [(key, row) for key in tags for row in log[key]]
    lines.sort(key=lambda line: str(line[1].get("time", "")))
    rows = []
    for key, row in lines:
        tag = tags[key].format(row.get("clause"))
        rows.append(_row(_e(row.get("time", "")), _e(tag), _code(row.get("line", "")), kind=f"sd-{key}"))
    quiet = f"Quiet for {log['quiet_seconds']} s after idle. " if log["quiet_seconds"] else ""
    code = "" if log["exit_code"] is None else f"Exit code {log['exit_code']}. "
    note = f"<p>{_e(quiet)}{_e(code)}Every line stands in <code>startup.log</code>.</p>"
    return _table("Start-up log", rows, note=note)


def _events(d: Mapping[str, Any]) -> str:
    """What the engine itself told of the container."""
    keys = ("time", "action", "exit_code")
    events = [event for event in d["events"] if isinstance(event, Mapping)]
    rows = [_row(*(_e("" if event.get(key) is None else event[key]) for key in keys)) for event in events]
    head = "<tr><th>Time</th><th>Event</th><th>Exit code</th></tr>"
    return _table("What the engine told of the container", rows, head=head)


def _receipt(d: Mapping[str, Any]) -> str:
    keys = ("step", "outcome", "started_at", "finished_at", "detail")
    steps = [step for step in d["receipt"].get("steps") or [] if isinstance(step, Mapping)]
    rows = [_row(*(_e("" if step.get(key) is None else step[key]) for key in keys)) for step in steps]
    head = "<tr><th>Step</th><th>Outcome</th><th>Began</th><th>Ended</th><th></th></tr>"
    return _table("The agent's receipt", rows, head=head)


#: The style of that part; no script is needed to read it.
CSS: Final = """
#environment-header,#environment{display:none}
body{min-width:0}
.sd{font:14px/1.5 system-ui,sans-serif;color:#1d2330;max-width:1100px}
.sd h3{margin:1.6em 0 .4em;font-size:16px}
.sd-banner{padding:18px 24px;border-radius:8px;background:#5b6472}
.sd-banner *{color:#fff}.sd-banner h2{margin:0;font-size:30px;letter-spacing:.04em}
.sd-reason{margin:.3em 0 0;font-size:16px}.sd-next{margin:.5em 0 0;opacity:.9}
.sd-clause{font-weight:700;background:rgba(255,255,255,.22);border-radius:4px;padding:1px 7px}
.sd-pass{background:#14713d}.sd-rehearsed{background:#1f5fa8}.sd-fail{background:#b3261e}
.sd-incomplete{background:#96600a}.sd-refused{background:#6b3fa0}
.sd table{border-collapse:collapse;width:100%}
.sd th,.sd td{text-align:left;vertical-align:top;padding:5px 10px;border-bottom:1px solid #e3e6eb}
.sd-facts th{width:130px;color:#5b6472;font-weight:600}
.sd td{overflow-wrap:anywhere}
.sd code{font:12.5px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}.sd small{color:#5b6472}
.sd-table td:first-child{white-space:nowrap}.sd-table td:nth-child(2){white-space:nowrap}
.sd-stages{display:flex;flex-wrap:wrap;gap:8px;list-style:none;padding:0;margin:0}
.sd-stages li{flex:1 1 140px;border-radius:6px;padding:8px 12px;background:#eef0f4;
 border-left:5px solid #9aa3b2}
.sd-stages .sd-s-passed{border-color:#14713d;background:#eaf6ef}
.sd-stages .sd-s-failed{border-color:#b3261e;background:#fdeeed}
.sd-c-violated td,.sd-forbidden td{background:#fdeeed}
.sd-c-not-proven td,.sd-undocumented td{background:#fdf5e6}
.sd-c-proven td:nth-child(2){color:#14713d}.sd-c-violated td:nth-child(2){color:#b3261e;font-weight:700}
.sd-lines{background:#f4f5f8;padding:10px;white-space:pre-wrap;overflow-wrap:anywhere}
.sd details{margin-top:1.4em}.sd summary{cursor:pointer}
"""
