"""Image references by the grammar: ``name[:tag][@digest]``.

Rests on the distribution reference grammar and Docker's defaults: the first part of a name
is a host if it is ``localhost`` or has ``.`` or ``:``; otherwise the host is ``docker.io``,
and a single part lies in ``library/``.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_PATH: Final = re.compile(rf"{_PART}(?:/{_PART})*")
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
SHA: Final = re.compile(r"[0-9a-f]{40}")
VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+(?:[-.][0-9A-Za-z.-]+)?")
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def can_move(tag: str) -> bool:
    """Whether `tag` may name another image tomorrow: it is neither a commit's full SHA nor a version."""
    return not (SHA.fullmatch(tag) or VERSION.fullmatch(tag))


@dataclass(frozen=True, slots=True)
class ImageReference:
    """A reference with its defaults spelled out.

    Attributes:
        host: registry host with its port (``docker.io`` by default).
        path: repository path, lower case.
        tag: the tag, or None.
        digest: ``sha256:<hex>``, or None.

    """

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference.

        Raises:
            ValueError: `text` is none; the message says which part is wrong.

        """
        rest, at, digest = text.partition("@")
        if at and not DIGEST.fullmatch(digest):
            raise ValueError(f"image {text!r}: the digest is not sha256:<64 hex digits>")
        name, tag = rest, None
        if ":" in rest.rpartition("/")[2]:
            name, _, tag = rest.rpartition(":")
            if not TAG.fullmatch(tag):
                raise ValueError(f"image {text!r}: {tag!r} is not a tag")
        first, slash, path = name.partition("/")
        if slash and (first == "localhost" or any(c in first for c in ".:[")):
            host = first
        else:
            host, path = "docker.io", name if slash else f"library/{name}"
        host = "docker.io" if host == "index.docker.io" else host
        if not _HOST.fullmatch(host):
            raise ValueError(f"image {text!r}: {host!r} is not a registry host")
        if not _PATH.fullmatch(path):
            raise ValueError(f"image {text!r}: {path!r} is not a repository path in lower case")
        return cls(host, path, tag, digest if at else None)

    @property
    def repository(self) -> str:
        """Host and path: what two spellings of one repository share."""
        return f"{self.host}/{self.path}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"
