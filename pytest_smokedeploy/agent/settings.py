"""The agent's settings, from its environment alone; wrong ones, it does not start and names them all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar
from urllib.parse import unquote, urlsplit

from pytest_smokedeploy.agent.engines.registry import ENGINES, PROCESS
from pytest_smokedeploy.support.errors import SettingsError
from pytest_smokedeploy.support.image import ImageReference
from pytest_smokedeploy.support.loopback import is_loopback
from pytest_smokedeploy.support.redaction import Secret

PLANE: Final = "EXECUTION_PLANE"
_SECRET: Final = re.compile(r"SECRET|TOKEN|PASS|PWD|KEY|CREDENTIAL|DSN|PRIVATE", re.IGNORECASE)
_LOOPBACK: Final = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")
#: What Docker takes for a container's name.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_TABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?")
_TEAM: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
T = TypeVar("T")


class WrongSettingsError(SettingsError):
    """Several settings are wrong at once.

    Attributes:
        errors: each of them.

    """

    def __init__(self, errors: tuple[SettingsError, ...]) -> None:
        super().__init__("", file="", key="")
        self.errors = errors
        self.message = "\n".join(str(error) for error in errors)


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What the server owns and a request can't change."""

    environment: str
    container_name: str
    audit_events: Path
    snapshots: Path
    audit_events_target: str
    snapshots_target: str
    allowed_planes: tuple[str, ...]
    allowed_images: tuple[str, ...]
    runtime_env: Mapping[str, str]
    ci_env_keys: frozenset[str]
    team: str
    audience: str
    bind: str
    port: int
    engine: str
    docker_host: str
    process_store: Path
    network_mode: str
    grace_seconds: int
    database_url: Secret | None
    database_table: str
    state: Path
    lease_max_seconds: int
    stop_only_images: frozenset[str]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read `environ`.

        Raises:
            WrongSettingsError: some are missing or wrong; each is named, with what was expected.

        """
        read = _Reader(environ)
        engine = read.choice("ENGINE", next(iter(ENGINES)), tuple(ENGINES))
        url = read.text("DATABASE_URL", "")
        found = cls(
            environment=read.text("ENVIRONMENT"),
            container_name=read.made("CONTAINER_NAME", _container_name),
            audit_events=read.folder("AUDIT_EVENTS_PATH"),
            snapshots=read.folder("SNAPSHOTS_PATH"),
            audit_events_target=str(read.folder("AUDIT_EVENTS_TARGET", "/data/audit-events")),
            snapshots_target=str(read.folder("SNAPSHOTS_TARGET", "/data/snapshots")),
            allowed_planes=read.words("ALLOW_EXECUTION_PLANE", "paper", str),
            allowed_images=read.words("ALLOWED_IMAGES", None, _repository),
            runtime_env=read.made("RUNTIME_ENV_FILE", _env_file, "") or {},
            ci_env_keys=frozenset(read.words("RUNTIME_ENV_KEYS", "", str)),
            team=read.made("CF_ACCESS_TEAM_DOMAIN", _team),
            audience=read.text("CF_ACCESS_AUD"),
            bind=read.text("BIND", "127.0.0.1"),
            port=read.number("PORT", 8080, 65535),
            engine=engine,
            docker_host=read.text("DOCKER_HOST", ""),
            process_store=Path(read.text("PROCESS_STORE") if engine == PROCESS else ""),
            network_mode=read.text("NETWORK_MODE", "none"),
            grace_seconds=read.number("STOP_GRACE_SECONDS", 5, 300),
            database_url=Secret(url) if url else None,
            database_table=read.made("DATABASE_TABLE", _table, "schema_migrations"),
            state=read.folder("STATE_PATH"),
            lease_max_seconds=read.number("LEASE_MAX_SECONDS", 3600, 24 * 3600, least=1),
            stop_only_images=frozenset(read.words("STOP_ONLY_IMAGES", "", _pinned)),
        )
        anywhere = read.choice("BIND_ANYWHERE", "no", ("yes", "no"))
        if not read.errors:
            found._check(read, anywhere=anywhere == "yes")
        if read.errors:
            raise WrongSettingsError(tuple(read.errors))
        return found

    @property
    def execution_plane(self) -> str:
        """The plane the runtime is started on."""
        return self.runtime_env.get(PLANE, self.allowed_planes[0])

    @property
    def runtime_secrets(self) -> tuple[Secret, ...]:
        """Values of RUNTIME_ENV_FILE whose names sound secret, and the passwords of URLs among them."""
        found = [value for name, value in self.runtime_env.items() if _SECRET.search(name)]
        found += [_password(value) for value in self.runtime_env.values()]
        return tuple(Secret(value) for value in found if value)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What no answer, log or audit may show: the database's password, secret-sounding runtime values."""
        found = list(self.runtime_secrets)
        if self.database_url is not None:
            # The URL's whole is masked too, and so is its password where it stands alone.
            authority = self.database_url.reveal().partition("://")[2].rpartition("@")[0]
            password = authority.partition(":")[2]
            found += [self.database_url, Secret(password), Secret(unquote(password))]
        return tuple(found)

    def _check(self, read: _Reader, *, anywhere: bool) -> None:
        """What only several settings together tell."""
        if self.execution_plane not in self.allowed_planes:
            allowed = ", ".join(self.allowed_planes)
            read.wrong("RUNTIME_ENV_FILE", f"{PLANE} is {self.execution_plane!r}; allowed are {allowed}.")
        if not is_loopback(self.bind) and not anywhere:
            words = f"is {self.bind}, not loopback: cloudflared on this server is who should reach the agent."
            read.wrong("BIND", f"{words} Set BIND_ANYWHERE=yes if something else must.")
        for name, source in (("AUDIT_EVENTS_PATH", self.audit_events), ("SNAPSHOTS_PATH", self.snapshots)):
            if self.state.resolve().is_relative_to(source.resolve()):
                words = f"lies in {name}, which the runtime can write to: it could lift its own hold."
                read.wrong("STATE_PATH", words)
        if self.audit_events.resolve() == self.snapshots.resolve():
            read.wrong("SNAPSHOTS_PATH", "is AUDIT_EVENTS_PATH too; each mount has a folder of its own.")


def _password(text: str) -> str:
    """The password of a URL, as it stands there, or ""."""
    try:
        return urlsplit(text).password or ""
    except ValueError:
        return ""


class _Reader:
    """Reads one setting at a time, and keeps what is wrong in place of ending at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.errors: list[SettingsError] = []
        self._environ = environ

    def wrong(self, name: str, words: str) -> None:
        """Note that a setting is wrong."""
        self.errors.append(SettingsError(words, file=name))

    def text(self, name: str, default: str | None = None) -> str:
        """A setting as it stands; one without a default is required."""
        found = self._environ.get(name, "").strip()
        if not found and default is None:
            self.wrong(name, "is required and not set.")
        return found or default or ""

    def made(self, name: str, make: Callable[[str], T], default: str | None = None) -> T:
        """A setting as `make` reads it."""
        text = self.text(name, default)
        try:
            return make(text)
        except SettingsError as error:
            self.errors.append(error)
        except ValueError as error:
            if text:
                self.wrong(name, f"{error}.")
        return None  # type: ignore[return-value] # never seen: an error was noted, and is raised

    def words(self, name: str, default: str | None, make: Callable[[str], str]) -> tuple[str, ...]:
        """A list, separated by commas or spaces."""
        found = self.text(name, default).replace(",", " ").split()
        if not found and default != "" and self._environ.get(name, "").strip():
            self.wrong(name, "names nothing.")
        made = [self.made(name, lambda _, word=word: make(word), default) for word in found]  # type: ignore[misc]
        return tuple(made)

    def choice(self, name: str, default: str, known: tuple[str, ...]) -> str:
        """One of a few words."""
        found = self.text(name, default)
        if found not in known:
            self.wrong(name, f"is {found!r}; {' or '.join(known)}.")
        return found

    def folder(self, name: str, default: str | None = None) -> Path:
        """An absolute path; whether it is there is for `--check` and the preflight to say."""
        path = Path(self.text(name, default))
        if path.parts and not path.is_absolute():
            self.wrong(name, f"is {str(path)!r}; an absolute path.")
        return path

    def number(self, name: str, default: int, most: int, least: int = 0) -> int:
        """A whole number."""
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most and len(text) <= 9):  # noqa: PLR2004
            self.wrong(name, f"is {text!r}; a number from {least} to {most}.")
            return default
        return int(text)


def _container_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"is {text!r}; letters, digits, '_', '.' and '-', as Docker takes them")
    return text


def _table(text: str) -> str:
    if not _TABLE.fullmatch(text):
        raise ValueError(f"is {text!r}; a table's name, with its schema where it has one")
    return text


def _repository(text: str) -> str:
    reference = ImageReference.parse(text)
    if reference.tag or reference.digest:
        raise ValueError(f"{text!r} carries a tag or digest; name the repository")
    return reference.repository


def _pinned(text: str) -> str:
    """A whole reference, spelled out: a stop-only image is named by what can't move."""
    reference = ImageReference.parse(text)
    if reference.digest is None and reference.tag in {None, "latest"}:
        raise ValueError(f"{text!r} carries no tag or digest that stays; name the image itself")
    return str(reference)


def _team(text: str) -> str:
    """The team's address: https, or plain http to this machine for a rehearsal."""
    if text.startswith(_LOOPBACK):
        return text.rstrip("/")
    domain = text.removeprefix("https://").rstrip("/")
    if not _TEAM.fullmatch(domain):
        raise ValueError(f"is {text!r}; like team.cloudflareaccess.com")
    return f"https://{domain}"


def _env_file(name: str) -> dict[str, str]:
    """KEY=VALUE lines; blank ones and comments are left out. No line is ever repeated: it may be a secret."""
    if not name:
        return {}
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError("can't be read: it is no UTF-8") from error
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip().isidentifier():
            raise SettingsError("is no KEY=VALUE line.", file=os.path.basename(name), line=number)  # noqa: PTH119
        found[key.strip()] = value.strip()
    return found
