"""What a shell script around the gate's command does with it: runs it again, or hides that it failed.

It reads words and operators, runs nothing, and says only what is certain: what it can't read, a script of
somebody's own that is called, it leaves alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

#: The gate's command carries one of these; without them a pytest of somebody's own tests is none.
_GATE: Final = re.compile(r"^(?:-psmokedeploy|smokedeploy|--smokedeploy-.*|(?:.*/)?smoke_tests(?:/.*)?)$")
_NOT_A_RUN: Final = re.compile(
    r"^(?:--collect-only|--co|--setup-plan|--smokedeploy-rehearse|--help|--version)$"
)
_PYTEST: Final = re.compile(r"^(?:.*/)?(?:pytest|py\.test)$")
_RETRY: Final = re.compile(r"(?:^|[-_/.])retr(?:y|ies)(?:$|[-_.])", re.IGNORECASE)
_LOOPS: Final = frozenset({"for", "while", "until", "select"})
_SHELLS: Final = frozenset({"bash", "sh", "dash", "zsh"})
_NOTHING: Final = frozenset({"true", ":", "echo", "printf"})
#: What names the evidence folder to the gate and to the stop: an option comes before the variable.
_EVIDENCE: Final = ("--smokedeploy-evidence", "--evidence", "SMOKEDEPLOY_EVIDENCE")
_OPERATORS: Final = ";|&()\n"
#: After a command they give it a process of its own.
_ASIDE: Final = frozenset({"|", "|&", "&"})
_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}")
_REDIRECTION: Final = re.compile(r"\d*[<>]&(?:\d+|-)?|&>>?")
_ASSIGNMENT: Final = re.compile(r"^\w+=")


@dataclass(slots=True)
class _Command:
    """Words between two operators, with the operator after them and the loops they stand in."""

    words: list[str]
    then: str = ""
    loops: tuple[str, ...] = ()
    tested: bool = False
    negated: bool = False
    execs: bool = False

    @property
    def gate(self) -> bool:
        pytest = [n for n, word in enumerate(self.words) if _PYTEST.match(word)]
        rest = self.words[pytest[0] :] if pytest else []
        return any(map(_GATE.match, rest)) and not any(map(_NOT_A_RUN.match, rest))

    @property
    def minds(self) -> bool:
        """Whether a failure before it may still come out here."""
        if self.words[:1] in (["exit"], ["return"]):
            return self.words[1:] != ["0"]
        asked = self.words[0] not in _NOTHING and any("$?" in w or "PIPESTATUS" in w for w in self.words)
        return asked or self.words[0] in {"false", "wait"}


def runs_gate(text: str) -> int:
    """How many commands of `text` are the gate's."""
    return sum(command.gate for command in _commands(text))


def keeps_shell(text: str) -> bool:
    """Whether the gate is started beside the shell of `text`, and not in its place (``exec``)."""
    return any(c.gate and (not c.execs or c.then in _ASIDE) for c in _commands(text))


def runs(text: str, command: str, argument: str) -> bool:
    """Whether `text` has a command like ``.venv/bin/smokedeploy stop``."""
    for found in _commands(text):
        for word, following in pairwise(found.words):
            if word.rpartition("/")[2] == command and following == argument:
                return True
    return False


def evidence(text: str) -> str:
    """The evidence folder that `text` itself names, "" for none."""
    words = [pair for command in _commands(text) for pair in pairwise([*command.words, ""])]
    for name in _EVIDENCE:
        for word, following in words:
            option, equals, value = word.partition("=")
            if option == name:
                return value if equals else following
    return ""


def moves(text: str) -> bool:
    """Whether `text` leaves the folder that it begins in."""
    return any(command.words[0] in {"cd", "pushd", "popd"} for command in _commands(text))


def faults(text: str, shell: str = "") -> list[tuple[str, str]]:
    """What is wrong around the gate's command: (clause, words), FLR-4 before FLR-1.

    Args:
        text: a step's `run`.
        shell: the step's or its job's ``shell``, "" where none is given (GitHub then runs ``bash -e``).

    """
    commands = _commands(text)
    found: list[tuple[str, str]] = []
    for place, command in enumerate(commands):
        if not command.gate:
            continue
        if command.loops:
            found.append(("FLR-4", f"the gate stands in a loop (`{command.loops[-1]}`)"))
        before = command.words[: next(n for n, word in enumerate(command.words) if _PYTEST.match(word))]
        if again := next((word for word in before if _RETRY.search(word)), ""):
            found.append(("FLR-4", f"`{again}` runs the gate again when it fails"))
        if hidden := _hidden(commands, place, shell):
            found.append(("FLR-1", hidden))
    return sorted(found, reverse=True)


def _hidden(commands: Sequence[_Command], place: int, shell: str) -> str:
    """How the gate's failure is kept from the step, or ""."""
    command, rest = commands[place], commands[place + 1 :]
    minded = any(later.minds for later in rest)
    if command.negated and not command.tested:
        return "`!` turns the gate's failure into success"
    if command.then == "||" and rest and not minded:
        following = rest[0].words
        if following[:1] == ["exit"] or following[:1][0] in _NOTHING:
            return f"`|| {' '.join(following[:2])}` hides that the gate failed"
    asked = any("PIPESTATUS" in word for later in rest for word in later.words)
    if command.then == "|" and not asked and not _pipefail(commands[:place], shell):
        return "a pipe after the gate hides that it failed, without `shell: bash` or `set -o pipefail`"
    if command.then == "&" and not minded:
        return "`&` leaves the gate in the background, and nobody hears how it ended"
    if minded or not rest:
        return ""
    if command.tested:
        return "the gate stands in an `if` that fails no step"
    if command.then == "&&" and any(later.then not in ("&&", "") for later in rest[:-1]):
        return "`&&` keeps the shell from ending where the gate fails, and commands follow"
    if _goes_on(commands[:place], shell):
        return "the shell goes on after the gate failed, and what follows decides in its place"
    return ""


def _pipefail(before: Sequence[_Command], shell: str) -> bool:
    return shell.strip() == "bash" or "pipefail" in shell or any("pipefail" in c.words for c in before)


def _goes_on(before: Sequence[_Command], shell: str) -> bool:
    """Whether the shell was told not to end at a failure."""
    on = "{0}" in shell and not re.search(r"\s-\w*e", shell)
    for command in before:
        if command.words[:1] == ["set"]:
            if any(re.match(r"\+\w*e", word) for word in command.words[1:]):
                on = True
            elif any(re.match(r"-\w*e", word) for word in command.words[1:]):
                on = False
    return on


def _commands(text: str) -> list[_Command]:
    reader = _Reader()
    for token in _tokens(text):
        reader.take(token)
    reader.end("")
    return reader.found


class _Reader:
    """Puts tokens together to commands, and keeps count of the loops, tests and brackets they stand in."""

    def __init__(self) -> None:
        self.found: list[_Command] = []
        self._loops: list[str] = []
        self._words: list[str] = []
        self._tested = self._negated = self._closed = self._exec = False
        self._brackets = 0

    def take(self, token: str) -> None:
        """One word or operator."""
        if set(token) <= set(_OPERATORS):
            self.end(token.strip("\n()") or token.strip("()") or token)
            self._brackets = max(0, self._brackets + token.count("(") - token.count(")"))
        elif self._words:
            self._words.append(token)
        elif token in _LOOPS:
            self._loops.append(token)
            self._words = [token]
        elif token == "done":  # noqa: S105 - a word of the shell
            self._loops[-1:] = []
        elif token in {"if", "elif", "then", "else", "fi"}:
            self._tested = token in {"if", "elif"}
        elif token == "!":  # noqa: S105 - a word of the shell
            self._negated = True
        elif token == "}":  # noqa: S105 - a word of the shell
            self._closed = True
        elif token == "exec":  # noqa: S105 - a word of the shell
            self._exec = True
        elif token not in {"do", "{", "time"}:
            self._words = [token]

    def end(self, operator: str) -> None:
        """The command ends at `operator`."""
        words, loops = self._words, tuple(self._loops)
        execs = self._execs(operator)
        if words and words[0].rpartition("/")[2] in _SHELLS and (inner := _inner(words)):
            self.found.extend(
                replace(c, loops=(*loops, *c.loops), execs=execs and c.execs) for c in _commands(inner)
            )
        elif words:
            self.found.append(_Command(words, operator, loops, self._tested, self._negated, execs))
        elif self.found and (self._closed or self.found[-1].then in {"", "(", ")"}) and operator not in "()":
            self.found[-1].then = operator  # after a closing bracket
        self._words, self._negated, self._closed, self._exec = [], False, False, False

    def _execs(self, operator: str) -> bool:
        """Whether the shell itself becomes the command, and not a process that it starts."""
        first = next((word for word in self._words if not _ASSIGNMENT.match(word)), "")
        piped = bool(self.found) and self.found[-1].then in {"|", "|&"}
        aside = piped or operator in _ASIDE or self._brackets > 0
        return (self._exec or first == "exec") and not aside


def _inner(words: Sequence[str]) -> str:
    """The script of ``bash -c SCRIPT``, or ""."""
    for option, script in pairwise(words):
        if re.fullmatch(r"-\w*c", option):
            return script
    return ""


def _tokens(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    try:
        return _split(joined)
    except ValueError:
        # A here-document, or a quote that never closes: words without their quotes are better than none.
        return _split(re.sub(r"['\"\\`]", " ", joined))


def _split(text: str) -> list[str]:
    # GitHub's expressions are filled in before the shell reads the text; a redirection is no operator here.
    text = _REDIRECTION.sub(" ", _EXPRESSION.sub("$EXPRESSION", text))
    lexer = shlex.shlex(re.sub(r"(?m)(^|\s)#.*$", r"\1", text), posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    return list(lexer)
