"""The agent's settings, read from its environment alone; it starts with none of them wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pytest_smokedeploy.agent import env_file, mounts
from pytest_smokedeploy.agent.engines.registry import ENGINES
from pytest_smokedeploy.contract import Limits, Mount
from pytest_smokedeploy.support.errors import SettingsError, SmokedeployError
from pytest_smokedeploy.support.image import ImageReference
from pytest_smokedeploy.support.loopback import is_loopback
from pytest_smokedeploy.support.placeholder import written
from pytest_smokedeploy.support.redaction import Secret

PLANE: Final = "EXECUTION_PLANE"
#: The least memory that Docker gives a container, in MiB (its documentation; Podman has no least).
_LEAST_MEMORY_MB: Final = 6
#: The kernel's capabilities (linux/capability.h, Linux 5.9 and later).
_CAPABILITIES: Final = frozenset(
    {
        *(
            "AUDIT_CONTROL",
            "AUDIT_READ",
            "AUDIT_WRITE",
            "BLOCK_SUSPEND",
            "BPF",
            "CHECKPOINT_RESTORE",
            "CHOWN",
        ),
        *("DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE"),
        *("LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE"),
        *("NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG"),
        *("SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE"),
        *("SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM"),
    }
)
_SECRET: Final = re.compile(r"SECRET|TOKEN|PASS|PWD|KEY|CREDENTIAL|DSN|PRIVATE", re.IGNORECASE)
_TEAM: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)


class WrongSettingsError(SmokedeployError):
    """Several settings are wrong at once.

    Attributes:
        errors: each of them.

    """

    def __init__(self, errors: Sequence[SettingsError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


def _matching(pattern: str, expected: str) -> AfterValidator:
    """Takes a text that `pattern` matches whole."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"is {text!r}; {expected}")
        return text

    return AfterValidator(check)


def _number(least: int, most: int) -> BeforeValidator:
    """Takes a whole number in decimal digits, from `least` to `most`."""

    def read(text: str) -> int:
        if not (re.fullmatch(r"[0-9]{1,9}", text) and least <= int(text) <= most):
            raise ValueError(f"is {text!r}; a number from {least} to {most}")
        return int(text)

    return BeforeValidator(read)


def _memory(number: int) -> int:
    """No limit, or one that every engine takes."""
    if 0 < number < _LEAST_MEMORY_MB:
        raise ValueError(f"is '{number}'; 0, or at least {_LEAST_MEMORY_MB}, which Docker wants")
    return number


def _words(text: str) -> list[str]:
    """The words of a list, separated by commas or spaces."""
    return text.replace(",", " ").split()


def _some(text: str) -> list[str]:
    if not (found := _words(text)):
        raise ValueError("names nothing")
    return found


def _repository(text: str) -> str:
    reference = ImageReference.parse(written(text))
    if reference.tag or reference.digest:
        raise ValueError(f"{text!r} carries a tag or digest; name the repository")
    return reference.repository


def _pinned(text: str) -> str:
    """A whole reference, spelled out: a stop-only image is named by what can't move."""
    reference = ImageReference.parse(text)
    if reference.digest is None and reference.tag in {None, "latest"}:
        raise ValueError(f"{text!r} carries no tag or digest that stays; name the image itself")
    return str(reference)


def _capability(text: str) -> str:
    name = text.upper().removeprefix("CAP_")
    if name not in _CAPABILITIES:
        raise ValueError(f"holds {text!r}, which is no capability of the kernel; such as NET_BIND_SERVICE")
    return name


def _team(text: str) -> str:
    """The team's address: https, or plain http to this machine for a rehearsal."""
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        host, port = url.hostname or "", url.port
    except ValueError:
        host = ""
    else:
        rest = (url.path.strip("/"), url.query, url.fragment, "@" in url.netloc)
        if text.isprintable() and " " not in text and not any(rest):
            if url.scheme == "https" and port is None and _TEAM.fullmatch(host):
                return f"https://{host}"
            if url.scheme == "http" and not host.endswith(".localhost") and is_loopback(host):
                return f"http://{url.netloc}"
    raise ValueError(f"is {text!r}; the team's host name alone, like team.cloudflareaccess.com")


_NAME: Final = _matching(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", "letters, digits, '_', '.' and '-', as Docker takes them"
)
_TABLE: Final = _matching(
    r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?", "a table's name, with its schema where it has one"
)
_ANY: Final = BeforeValidator(_words)
_SOME: Final = BeforeValidator(_some)
_WRITTEN: Final = AfterValidator(written)
_Folder = Annotated[Path, AfterValidator(mounts.absolute)]
_Target = Annotated[str, AfterValidator(mounts.target)]


class ContainerSettings(BaseModel):
    """The part of the settings that stopping the container takes."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper, arbitrary_types_allowed=True)

    engine: Annotated[str, _matching("|".join(ENGINES), " or ".join(ENGINES))] = next(iter(ENGINES))
    container_name: Annotated[str, _NAME, _WRITTEN]
    docker_host: str = ""
    process_store: Path
    grace_seconds: Annotated[int, _number(0, 300)] = Field(5, alias="STOP_GRACE_SECONDS")
    state: _Folder = Field(alias="STATE_PATH")
    lease_max_seconds: Annotated[int, _number(1, 24 * 3600)] = 3600

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read `environ`.

        Raises:
            WrongSettingsError: some are missing or wrong; each is named, with what was expected.

        """
        # Read for an engine that is not isolated alone.
        kind = ENGINES.get(environ.get("ENGINE", "").strip())
        given = {} if kind and not kind.isolated else {"PROCESS_STORE": ""}
        names = {str(field.alias) for field in cls.model_fields.values()} - given.keys()
        given |= {name: text for name in names if (text := environ.get(name, "").strip())}
        try:
            found = cls.model_validate(given)
        except ValidationError as error:
            wrong = [_wrong(row["type"], str(row["loc"][0]), row.get("ctx", {})) for row in error.errors()]
        else:
            wrong = [SettingsError(words, file=name) for name, words in found.contradictions()]
        if wrong:
            raise WrongSettingsError(wrong)
        return found

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Name and message of each setting that contradicts another one."""
        yield from ()


class AgentSettings(ContainerSettings):
    """What the server owns and a request can't change; each field's variable is its alias."""

    environment: Annotated[str, _WRITTEN]
    audit_events: _Folder = Field(alias="AUDIT_EVENTS_PATH")
    snapshots: _Folder = Field(alias="SNAPSHOTS_PATH")
    audit_events_target: _Target = "/data/audit-events"
    snapshots_target: _Target = "/data/snapshots"
    more_mounts: Annotated[tuple[Annotated[Mount, BeforeValidator(mounts.read)], ...], _ANY] = Field(
        (), alias="MOUNTS"
    )
    allowed_planes: Annotated[tuple[str, ...], _SOME] = Field(("paper",), alias="ALLOW_EXECUTION_PLANE")
    allowed_images: Annotated[tuple[Annotated[str, AfterValidator(_repository)], ...], _SOME]
    runtime_env: Annotated[dict[str, str], BeforeValidator(env_file.read)] = Field(
        {}, alias="RUNTIME_ENV_FILE"
    )
    ci_env_keys: Annotated[frozenset[str], _ANY] = Field(frozenset(), alias="RUNTIME_ENV_KEYS")
    team: Annotated[str, _WRITTEN, AfterValidator(_team)] = Field(alias="CF_ACCESS_TEAM_DOMAIN")
    audience: Annotated[str, _WRITTEN] = Field(alias="CF_ACCESS_AUD")
    bind: str = "127.0.0.1"
    port: Annotated[int, _number(0, 65535)] = 8080
    network_mode: str = "none"
    memory_limit_mb: Annotated[int, _number(0, 999_999), AfterValidator(_memory)] = 2048
    process_limit: Annotated[int, _number(0, 999_999)] = 512
    capabilities: Annotated[tuple[Annotated[str, AfterValidator(_capability)], ...], _ANY] = ()
    log_limit_mb: Annotated[int, _number(1, 9999)] = 32
    database_url: Annotated[Secret | None, BeforeValidator(Secret)] = None
    database_table: Annotated[str, _TABLE] = "schema_migrations"
    stop_only_images: Annotated[frozenset[Annotated[str, AfterValidator(_pinned)]], _ANY] = frozenset()
    bind_anywhere: Annotated[str, _matching("yes|no", "yes or no")] = "no"

    @property
    def execution_plane(self) -> str:
        """The plane the runtime is started on."""
        return self.runtime_env.get(PLANE, self.allowed_planes[0])

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The runtime's mounts: the model's two first."""
        audit, snapshots = self.audit_events, self.snapshots
        rows = (
            ("audit-events", audit, self.audit_events_target),
            ("snapshots", snapshots, self.snapshots_target),
        )
        two = (Mount(name=n, source=str(s), target=t, writable=True) for n, s, t in rows)
        return (*two, *self.more_mounts)

    @property
    def limits(self) -> Limits:
        """What the container may use."""
        return Limits(
            memory_bytes=self.memory_limit_mb * 1024 * 1024 or None,
            processes=self.process_limit or None,
            log_characters=self.log_limit_mb * 1_000_000,
            capabilities=tuple(sorted(set(self.capabilities))),
            no_new_privileges=True,
        )

    @property
    def mount_env(self) -> dict[str, str]:
        """Where the runtime finds its mounts; a process sees them where they lie on the server."""
        isolated = ENGINES[self.engine].isolated
        return {f"{mounts.variable(m.name)}_PATH": m.target if isolated else m.source for m in self.mounts}

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """No answer, log or audit may hold these: database password, runtime values of secret-like names."""
        found = [value for name, value in self.runtime_env.items() if _SECRET.search(name)]
        # Whoever reads a quoted value may take the quotes off before printing it.
        found += [env_file.unquoted(value) for value in found]
        found += [_password(value) for value in self.runtime_env.values()]
        if self.database_url is not None:
            # The whole URL is masked too, and so is its password on its own.
            url = self.database_url.reveal()
            password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
            found += [url, password, unquote(password)]
        return tuple(Secret(value) for value in found if value)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Name and message of each setting that contradicts another one."""
        if self.execution_plane not in self.allowed_planes:
            allowed = ", ".join(self.allowed_planes)
            yield "RUNTIME_ENV_FILE", f"{PLANE} is {self.execution_plane!r}; allowed are {allowed}."
        if not is_loopback(self.bind) and self.bind_anywhere == "no":
            words = f"is {self.bind}, not loopback: cloudflared on this server is who should reach the agent."
            yield "BIND", f"{words} Set BIND_ANYWHERE=yes if something else must."
        yield from mounts.contradictions(self.state, self.mounts)


def _wrong(kind: str, name: str, context: Mapping[str, Any]) -> SettingsError:
    """The error of one setting, from pydantic's error type and context."""
    if kind == "missing":
        return SettingsError("is required and not set.", file=name)
    raised = context["error"]
    known = raised.args[0]
    return known if isinstance(known, SettingsError) else SettingsError(f"{raised}.", file=name)


def _password(text: str) -> str:
    """The password of a URL, as it stands there, or ""."""
    try:
        return urlsplit(text).password or ""
    except ValueError:
        return ""
