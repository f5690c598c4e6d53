"""Settings to start from, proposed from captures of one runtime: the `log` block, for a person to read."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final

from pytest_smokedeploy.log_language.alike import ALWAYS, LineShape, line_shapes, shape_templates, shortest
from pytest_smokedeploy.log_language.common_frame import common_frame
from pytest_smokedeploy.log_language.defaults import MILESTONES
from pytest_smokedeploy.log_language.given import All
from pytest_smokedeploy.log_language.language import Language
from pytest_smokedeploy.log_language.records import MESSAGES, lacks_message
from pytest_smokedeploy.log_language.statements import states
from pytest_smokedeploy.log_language.templates import TemplateError, escaped
from pytest_smokedeploy.model import CLAUSE, Stated

#: Lines that a frame is looked for in, at most (chosen).
_COMPARED: Final = 1000
_AFTER_IDLE: Final = (
    "came after idle: it goes under shutdown if the stop was asked by then, and else violates RUN-3"
)

_LEAVES: Final = "what it leaves with when it is stopped: docker inspect -f '{{.State.ExitCode}}' NAME"


def propose(captures: Sequence[Iterable[str]], language: Language, mounts: Iterable[str]) -> Iterator[str]:
    """The `log:` block of smokedeploy.yml to start from, line by line.

    Args:
        captures: raw lines of one start-up each.
        language: of the settings as they are; what meets it is left out.
        mounts: names and targets of the settings' mounts; a line that names one stays as it is.

    """
    raw, names = [[*capture] for capture in captures], tuple(mounts)
    frame, language = _framed([line for capture in raw for line in capture], language)
    readings = [[language.read(line) for line in capture] for capture in raw]
    met = {entry.clause for capture in readings for one in capture for entry in one.entries}
    shapes = line_shapes(readings)
    milestones, stated = dict[Stated, str](), list[LineShape]()
    for clause in MILESTONES:
        if clause not in met and (found := _milestone(clause, shapes, language, len(raw), names)):
            given, used = found
            milestones[clause] = _listed(given) + _note(used, len(raw))
            stated += used
    if any(lacks_message(line) for capture in raw for line in capture):
        yield f"# A JSON record is read by its message: one of {', '.join(MESSAGES)}. Some here have none."
    yield "log:"
    if frame:
        yield "  # What stands before each message:"
        yield f"  frames: [{_quoted(frame)}]"
    yield "  # Does each line say what its clause asks? These take the place of the model's templates."
    yield "  milestones:" if milestones else "  milestones: {}"
    for clause in MILESTONES:
        if clause in milestones:
            yield f"    {clause}: {milestones[clause]}"
        elif clause not in met:
            like = _quoted(MILESTONES[clause][0])
            yield f"  #   {clause}: []  # missing: {CLAUSE[clause].text}, as in {like}"
    rest = [shape for shape in shapes if shape not in stated]
    yield from _others(rest, language, len(raw), names)


def _framed(lines: Sequence[str], language: Language) -> tuple[str, Language]:
    """The frame that the lines share and the language with it; "" where it takes no more off than others."""
    unmet = [line for line in lines[:_COMPARED] if not language.read(line).entries]
    try:
        frame = common_frame([whole for line in unmet if (whole := language.framed(line))])
        richer = language.with_frame(frame) if frame else language
    except TemplateError:
        return "", language
    left = [sum(len(shortest(one.read(line))) for line in unmet) for one in (richer, language)]
    return (frame, richer) if left[0] < left[1] else ("", language)


def _milestone(
    clause: Stated, shapes: Sequence[LineShape], language: Language, captures: int, mounts: tuple[str, ...]
) -> tuple[list[str] | All, list[LineShape]] | None:
    """The templates of a milestone and the shapes that they are of, None where no line plainly states it."""
    loose = ALWAYS | {"version", "hex"} if clause == "OBS-1" else ALWAYS
    where = "idle" if clause == "OBS-6" else "starting"
    early = shapes if clause != "OBS-1" else list(takewhile(_states_no_other, shapes))
    stated = [shape for shape in early if shape.places == {where} and states(clause, shape.text)]
    ways: list[list[LineShape]] = [[shape] for shape in stated]
    if clause == "OBS-3":
        ways.append([s for s in stated if any(mount.lower() in s.text.lower() for mount in mounts)])
    for way in ways:
        texts = [text for shape in way for text, _ in shape_templates(shape, captures, mounts, loose)]
        given = All(all=tuple(texts)) if len(way) > 1 else texts
        try:
            list(language.rules.milestone(clause, given))
        except TemplateError:
            continue
        return given, way
    return None


def _states_no_other(shape: LineShape) -> bool:
    """Whether a shape states no milestone beside the banner."""
    return not any(states(clause, shape.text) for clause in MILESTONES if clause != "OBS-1")


def _others(
    shapes: Sequence[LineShape], language: Language, captures: int, mounts: tuple[str, ...]
) -> Iterator[str]:
    """The lines that state no milestone: documented, of the shutdown, excepted, or none of these."""
    rows: dict[str, list[str]] = {"shutdown": [], "documented": []}
    excepted, left = list[tuple[str, str]](), []
    for shape in shapes:
        kind = "shutdown" if shape.places == {"stopping"} else "documented"
        for text, line in shape_templates(shape, captures, mounts):
            if "after idle" in shape.places:
                left.append(f"    # {_quoted(line)} {_AFTER_IDLE}")
                continue
            try:
                language.rules.template(text)
            except TemplateError as error:
                held = next(iter(language.lists.held(line)), "")
                if words := _unexcepted(language, text, line, held, str(error)):
                    left.append(f"    # {_quoted(line)} {words}")
                else:
                    excepted.append((line, held))
            else:
                rows[kind].append(f"    - {_quoted(text)}{_note([shape], captures)}")
    for kind, lines in rows.items():
        yield from [f"  {kind}:" if lines else f"  {kind}: []", *lines]
    yield f"  # exit_codes: [0]  # {_LEAVES}"
    yield from left
    if excepted:
        yield "  # Lines with forbidden words: say why one is sound, or take it out and mend the runtime."
        yield "  excepted:"
    for line, clause in excepted:
        yield f'    - {{line: {_quoted(line)}, clause: {clause}, because: ""}}'


def _unexcepted(language: Language, text: str, line: str, held: str, error: str) -> str:
    """Why no exception can stand for a line whose template breaks a rule; "" where one can."""
    if not held or not line.isprintable():
        return error
    if held == "RUN-1":
        # It takes no exception: its own rule's words tell how such a line is to be written.
        try:
            list(language.rules.milestone(held, [text]))
        except TemplateError as refused:
            return str(refused)
        return "goes under log.milestones.RUN-1"
    if text == escaped(line):
        return ""
    return f"has words of {held} and differs from start to start: no exception meets it; mend the runtime"


def _note(shapes: Sequence[LineShape], captures: int) -> str:
    """A comment where one of the shapes is not in each capture."""
    seen = min(len(shape.captures) for shape in shapes)
    return f"  # in {seen} of {captures} captures" if seen < captures else ""


def _listed(given: list[str] | All) -> str:
    """Templates as the settings write them."""
    several = isinstance(given, All)
    listed = ", ".join(map(_quoted, given.all if isinstance(given, All) else given))
    return f"{{all: [{listed}]}}" if several else f"[{listed}]"


def _quoted(text: str) -> str:
    """`text` as a YAML scalar in double quotes; a line end of YAML's (U+0085, U+2028) is none in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else rf"\U{ord(one):08x}" for one in escaped) + '"'
