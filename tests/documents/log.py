"""The log language: placeholders, frames, the model's own templates, and the rules."""

from __future__ import annotations

from pytest_smokedeploy.log_language.defaults import DOCUMENTED, MILESTONES, SHUTDOWN
from pytest_smokedeploy.log_language.frames import FRAMES
from pytest_smokedeploy.log_language.placeholders import HOLES, PLACEHOLDERS, Placeholder
from pytest_smokedeploy.log_language.words import PHRASES, TOPICS
from pytest_smokedeploy.model import CLAUSE

_HEAD = """# The log language

What a line of the runtime's log may be is written as templates: literal text with bounded
placeholders. A line that no template meets fails the run. Written by `python -m tests.documents`.

```yaml
log:
  milestones: # in place of the model's own templates of that clause
    OBS-1: ["engine {version} booting"]
    OBS-3: {all: ["audit-events mounted at {path}", "snapshots mounted at {path}"]}
    RUN-1: ["mode: paper"]
  documented: ["cache warm: {number} entries in {duration}"]
  shutdown: ["flushed {size}"]
  exit_codes: [143] # a JVM's own on SIGTERM; 0 is the default
  excepted:
    - {line: "connected to redis at 127.0.0.1:6379", clause: OBS-9, because: "a cache on the same host"}
  frames: ["{time} app[{pid}] {message}"]
  forbidden: {OBS-7: ["quote sent"]}
```

`smokedeploy log FILE` holds a capture against it, and shows where a line and its nearest template
part; `smokedeploy log --propose FILE FILE` writes the block to start from, out of several captures
of one runtime: the frame that its lines share, a template for each clause that a line plainly states,
what came after the stop, and the rest. Read it: does each line say what its clause asks?

## What a line is

1. Before idle: a milestone (one line may meet several), a documented line or an excepted one. An
   empty line means nothing. Any other line is undocumented (EXT-4). Where it holds forbidden words
   it violates their clause and ends the observation at once.
2. Between idle and the stop nothing is documented. One empty line directly behind idle is its end;
   every other line, empty or not, violates RUN-3, or the clause that its words name. A milestone
   that comes again is DET-1.
3. Once the stop was asked, the templates of the shutdown count too; any other line is as in 1.

## From a raw line to its message

One end of the line (LF, CR LF) and colours (`ESC [ ... m`) are taken off; the text is normalised to
NFC, runs of blanks become one, the ends are trimmed. Nothing else is repaired, so a character that
nobody wrote meets nothing. A raw line of more than 8,192 characters and a message of more than
2,048 meet nothing. Literal text is compared with ASCII's letters in either case.

**Frames.** What a logger puts before a message is taken off by one frame of this list, once.
`log.frames` adds to it.

{frames}

| hole | takes |
|---|---|
{holes}

A level above notice is never taken off, and no frame of the settings holds one, or a denial (`not`,
`no`, `failed`, `without`, ...). The name of a logger in one word is no hole: write it out
in a frame of the settings, `{{level}}:engine:{{message}}`.

**Records.** A line that is one JSON object, or logfmt as a whole, is its message (`msg`, `message`,
`fields.message`, `event` or `@m`, the first that it has). Nested objects are flattened with dots, four
levels deep. Times, levels up to notice (10, 20, 30 too), a logger or name as `{{logger}}` takes it, a
pid of 1 to 8 digits, a host without dots and a version (one digit, or as `{{version}}` takes it) are
left out, unless one of them or all together hold forbidden words. **Every other field is appended to
the message as `key=value`**, an empty object as `key={{}}`, in the order of the keys, and has to stand
in the template. A record with a key twice, a level above notice or an empty message is none.

## Placeholders

| placeholder | takes |
|---|---|
{placeholders}

Ten or 13 digits are a time as an epoch. Units of a duration are ns, us, ms, s, sec,
seconds, m, min, minutes, h and hours. A version's suffix is a, b, rc, alpha, beta, dev or post.
`{{listen}}` takes `0.0.0.0`, `127.0.0.1`, `localhost`, `[::]`, `[::1]` or `*`, `http://` before. The file
of a `{{source}}` is of one of the usual languages.

A placeholder takes the longest text that it can, and no letter, digit or `_` follows it. There is
none for a free word. What remains is one token with a digit, `{{id}}`: it is held against the
forbidden words, and a word that is not in the lists passes. `{{{{` and `}}}}` are braces.

## Rules on templates

- At least one literal word, or signs alone (`===`, a row of a drawn banner); no two placeholders
  touch; at most one of `{{id}}` and `{{path}}`.
- No control, format, private or separator character, and no word of two scripts.
- A milestone's template holds no denial (`not`, `cannot`, `failed`, `without`, ...).
- RUN-1's templates take `{{time}}` and `{{version}}` alone, say `paper`, name no second plane
  (`plane selected`, `set`, `chosen`, `resolved`, `configured` or `confirmed` may stand before it,
  and fields of a record between) and hold nothing that takes it back (`no`, `off`, `false`, `overridden`,
  `disabled`, `rejected`, `leaving`, `from` before it, `to` behind it, `real`, ...).
- OBS-3's name every mount, by `{{mounts}}`, or one by one by its name or its target in the container,
  or are several lines that must all come (`all`). A runtime that says neither name nor target has to
  be changed.
- `{{listen}}` stands in a line that says so: listening, bound, serving, running on, address.
- No forbidden word, with a sample in each placeholder (`POST {{path}}`) or without, unless all that
  the template says is that the thing is off: `scheduler: disabled`, `no scheduler`. A sound line
  that cannot do without goes under `log.excepted`: letter by letter, with the first clause of this
  page's table whose words it holds, at most once a start, shown on top of every report. It states
  no milestone: where one's line holds such words, the runtime has to say it in others.
- A clause's templates take the place of the model's; everything else adds to what stands here.

A broken rule ends the run before any request, with file, line and key.

## The model's own templates

{templates}

## Forbidden words

Words in lower case, as regular expressions; what is not a letter, a digit or `/` is a blank, and
`camelCase` is two words, and so is `HTTPConnector`. They give an undocumented line its clause. No
template holds them, nor the further words of the last column. `log.forbidden` adds plain words.

| clause | what it asks | words | further words |
|---|---|---|---|
{words}
"""


def page() -> str:
    templates = [*MILESTONES.items(), ("documented, before idle", DOCUMENTED), ("shutdown", SHUTDOWN)]
    parts = {
        "frames": _list(FRAMES),
        "holes": _takes(HOLES, "; no forbidden word, no level above notice"),
        "placeholders": _takes(PLACEHOLDERS, "; no forbidden word"),
        "templates": "\n\n".join(
            f"**{name}**{f': {CLAUSE[name].text}' if name in CLAUSE else ''}\n\n{_list(texts)}"
            for name, texts in templates
        ),
        "words": "\n".join(
            f"| {clause} | {CLAUSE[clause].text} | {_cell(words)} | {_cell(TOPICS[clause])} |"
            for clause, words in PHRASES.items()
        ),
    }
    text = _HEAD.replace("{{", "\0").replace("}}", "\1")
    for name, part in parts.items():
        text = text.replace(f"\n{{{name}}}\n", f"\n{part}\n")
    return text.replace("\0", "{").replace("\1", "}")


def _takes(rows: tuple[Placeholder, ...], held: str) -> str:
    return "\n".join(f"| `{{{row.name}}}` | {row.takes}{held if row.held else ''} |" for row in rows)


def _list(texts: tuple[str, ...]) -> str:
    return "\n".join(f"- `{text}`" for text in texts)


def _cell(patterns: tuple[str, ...]) -> str:
    return "<br>".join(f"`{pattern}`".replace("|", "\\|") for pattern in patterns)
