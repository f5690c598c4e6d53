"""The agent's settings, from its environment alone; missing one, it does not start and says which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pytest_smokedeploy.errors import SettingsError
from pytest_smokedeploy.image import ImageReference
from pytest_smokedeploy.redaction import Secret

_REQUIRED: Final = (
    "ENVIRONMENT",
    "CONTAINER_NAME",
    "AUDIT_EVENTS_PATH",
    "SNAPSHOTS_PATH",
    "ALLOWED_IMAGES",
    "CF_ACCESS_TEAM_DOMAIN",
    "CF_ACCESS_AUD",
    "STATE_PATH",
)
PLANE: Final = "EXECUTION_PLANE"
_SECRET: Final = re.compile(r"SECRET|TOKEN|PASS|PWD|KEY|CREDENTIAL|DSN|PRIVATE", re.IGNORECASE)
_LOOPBACK: Final = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")


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
    process_store: Path | None
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
            SettingsError: one is missing or wrong; the message names it.

        """
        missing = [name for name in _REQUIRED if not environ.get(name, "").strip()]
        if missing:
            raise SettingsError("is required and not set.", file=", ".join(missing))
        runtime_env = _env_file(environ.get("RUNTIME_ENV_FILE", ""))
        planes = _words(environ.get("ALLOW_EXECUTION_PLANE", "paper"))
        if runtime_env.get(PLANE, planes[0]) not in planes:
            words = (
                f"{PLANE} is {runtime_env[PLANE]!r}, and ALLOW_EXECUTION_PLANE allows {', '.join(planes)}."
            )
            raise SettingsError(words, file="RUNTIME_ENV_FILE")
        engine = environ.get("ENGINE", "docker")
        if engine not in {"docker", "process"}:
            raise SettingsError(f"is {engine!r}; docker or process.", file="ENGINE")
        store = environ.get("PROCESS_STORE", "")
        if engine == "process" and not store:
            raise SettingsError("is required with ENGINE=process and not set.", file="PROCESS_STORE")
        url = environ.get("DATABASE_URL", "")
        state = Path(environ["STATE_PATH"])
        for name in ("AUDIT_EVENTS_PATH", "SNAPSHOTS_PATH"):
            if state.resolve().is_relative_to(Path(environ[name]).resolve()):
                words = f"lies in {name}, which the runtime can write to: it could lift its own hold."
                raise SettingsError(words, file="STATE_PATH")
        return cls(
            environment=environ["ENVIRONMENT"],
            container_name=environ["CONTAINER_NAME"],
            audit_events=Path(environ["AUDIT_EVENTS_PATH"]),
            snapshots=Path(environ["SNAPSHOTS_PATH"]),
            audit_events_target=environ.get("AUDIT_EVENTS_TARGET", "/data/audit-events"),
            snapshots_target=environ.get("SNAPSHOTS_TARGET", "/data/snapshots"),
            allowed_planes=planes,
            allowed_images=tuple(_repository(name) for name in _words(environ["ALLOWED_IMAGES"])),
            runtime_env=runtime_env,
            ci_env_keys=frozenset(_words(environ.get("RUNTIME_ENV_KEYS", ""))),
            team=_team(environ["CF_ACCESS_TEAM_DOMAIN"]),
            audience=environ["CF_ACCESS_AUD"],
            bind=environ.get("BIND", "127.0.0.1"),
            port=_number(environ, "PORT", 8080, 65535),
            engine=engine,
            process_store=Path(store) if store else None,
            network_mode=environ.get("NETWORK_MODE", "none"),
            grace_seconds=_number(environ, "STOP_GRACE_SECONDS", 5, 300),
            database_url=Secret(url) if url.strip() else None,
            database_table=environ.get("DATABASE_TABLE", "schema_migrations"),
            state=state,
            lease_max_seconds=_number(environ, "LEASE_MAX_SECONDS", 3600, 24 * 3600, least=1),
            stop_only_images=frozenset(_pinned(n) for n in _words(environ.get("STOP_ONLY_IMAGES", ""))),
        )

    @property
    def execution_plane(self) -> str:
        """The plane the runtime is started on."""
        return self.runtime_env.get(PLANE, self.allowed_planes[0])

    @property
    def secrets(self) -> list[Secret]:
        """What no answer may show: the database's address, the runtime's values of a secret name."""
        found = [Secret(value) for name, value in self.runtime_env.items() if _SECRET.search(name)]
        for value in self.runtime_env.values():
            found += [Secret(password) for password in [_password(value)] if password]
        return [*found, self.database_url] if self.database_url else found


def _password(text: str) -> str:
    """The password of a URL, as it stands there, or ""."""
    try:
        return urlsplit(text).password or ""
    except ValueError:
        return ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _number(environ: Mapping[str, str], name: str, default: int, most: int, least: int = 0) -> int:
    text = environ.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"is {text!r}; a number from {least} to {most}.", file=name)
    return int(text)


def _repository(text: str) -> str:
    try:
        reference = ImageReference.parse(text)
    except ValueError as error:
        raise SettingsError(f"{error}.", file="ALLOWED_IMAGES") from error
    if reference.tag or reference.digest:
        raise SettingsError(f"{text!r} carries a tag or digest; name the repository.", file="ALLOWED_IMAGES")
    return reference.repository


def _pinned(text: str) -> str:
    """A whole reference, spelled out: a stop-only image is named by what can't move."""
    try:
        reference = ImageReference.parse(text)
    except ValueError as error:
        raise SettingsError(f"{error}.", file="STOP_ONLY_IMAGES") from error
    if reference.digest is None and reference.tag in {None, "latest"}:
        words = f"{text!r} carries no tag or digest that stays; name the image itself."
        raise SettingsError(words, file="STOP_ONLY_IMAGES")
    return str(reference)


def _team(text: str) -> str:
    """The team's address: https, or plain http to this machine for a rehearsal."""
    if text.startswith(_LOOPBACK):
        return text.rstrip("/")
    domain = text.removeprefix("https://").rstrip("/")
    if "/" in domain or ":" in domain or "." not in domain:
        raise SettingsError(f"is {text!r}; like team.cloudflareaccess.com.", file="CF_ACCESS_TEAM_DOMAIN")
    return f"https://{domain}"


def _env_file(name: str) -> dict[str, str]:
    """KEY=VALUE lines; blank ones and comments are left out."""
    if not name:
        return {}
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"can't be read: {error}.", file="RUNTIME_ENV_FILE") from error
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip().isidentifier():
            raise SettingsError("is no KEY=VALUE line.", file=Path(name).name, line=number)
        found[key.strip()] = value.strip()
    return found
