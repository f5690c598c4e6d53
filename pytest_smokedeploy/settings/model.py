"""`smokedeploy.yml`, checked: every key, its type and its default (DESIGN 3)."""

import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from pytest_smokedeploy.log_language import Language, Log, TemplateError
from pytest_smokedeploy.log_language.given import Part
from pytest_smokedeploy.settings import yamlfile
from pytest_smokedeploy.support.errors import SettingsError
from pytest_smokedeploy.support.image import ImageReference
from pytest_smokedeploy.support.placeholder import written

ALWAYS_SECRET: Final = ("DEPLOY_ENDPOINT", "CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET")
#: The model's own.
DEPLOY_WORKFLOW: Final = ".github/workflows/deploy.yml"


def _repository(text: str) -> str:
    reference = ImageReference.parse(written(text))
    if reference.tag or reference.digest:
        raise ValueError("a repository without tag or digest; the tag is an input of the run")
    return text


Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
# A name alone: one with a scheme or a port would never match, and forbid nothing.
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?$")]
Seconds = Annotated[float, Field(gt=0, le=600)]


_WORKFLOW = r"^\.github/workflows/[\w.-]+\.ya?ml$"


class Image(Part):
    """Where images come from; the tag is an input of the run."""

    repository: Annotated[str, AfterValidator(_repository)]
    """The repository to pull from, with its host and without a tag (AGT-1)."""
    known_good_workflow: Annotated[str, Field(pattern=_WORKFLOW)] | None = None
    """The workflow that must have succeeded for the image's commit (TRG-2); none: that it exists will do."""


class Agent(Part):
    """The Deploy Agent: the container name it owns, and hosts never to be touched (TGT-3)."""

    container_name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$"), AfterValidator(written)]
    """The one container's name, the agent's own `CONTAINER_NAME` (AGT-4, VER-3)."""
    forbidden_hosts: tuple[Host, ...] = ()
    """Hosts that DEPLOY_ENDPOINT may never name, without scheme and port (TGT-3)."""


#: The one plane that a smoke deploy runs on (TGT-2).
PLANE: Final = "paper"


class Runtime(Part):
    """The runtime's environment, and who injects it."""

    injected_by: Literal["server", "ci"] = "server"
    """Who hands the environment to the container: the agent's own file, or the deploy's `env`."""
    environment: dict[Name, str] = Field(default={"EXECUTION_PLANE": PLANE})
    """Variables the container must get (PRE-6, AGT-4); `EXECUTION_PLANE: paper` too (TGT-2). No secrets."""


class MountSettings(Part):
    """A volume the runtime needs: name, and where it stands in the container."""

    # In lower case and of one word: the log names mounts, and nothing else may be said by a name.
    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$", max_length=64)]
    """The mount's name, as the agent's receipt tells it: lower case, `-`, `_` or `.` between its parts."""
    target: Annotated[str, Field(pattern=r"^/")]
    """Where it stands in the container, an absolute path."""


#: The volumes that the model asks for by name (AGT-4).
MODEL_MOUNTS: Final = ("audit-events", "snapshots")
#: The same for editors, which know the file by its schema alone.
_MOUNTS_SCHEMA: Final[dict[str, Any]] = {
    "allOf": [{"contains": {"properties": {"name": {"const": name}}}} for name in MODEL_MOUNTS]
}


def _both_mounts(mounts: tuple[MountSettings, ...]) -> tuple[MountSettings, ...]:
    for what, found in (("name", [m.name for m in mounts]), ("target", [m.target for m in mounts])):
        if twice := sorted({one for one in found if found.count(one) > 1}):
            raise ValueError(f"two mounts have one {what}, {', '.join(twice)}; each has its own")
    if lacking := [name for name in MODEL_MOUNTS if name not in {mount.name for mount in mounts}]:
        wanted = f"{' and '.join(MODEL_MOUNTS)} (AGT-4), each a line `- {{name: ..., target: /...}}`"
        raise ValueError(f"lacks {' and '.join(lacking)}; the model asks for the mounts {wanted}")
    return mounts


class Phase(Part):
    """The phase's ledger and the sign-offs, beside the settings file."""

    ledger: str = "phase.yml"
    """The phase ledger: steps and attestations (PRE-1, PRE-5)."""
    inspections: str = "inspections.yml"
    """The sign-offs of runs that did not end in success (FLR-3)."""


class Database(Part):
    """How it is proven that the database exists and is migrated (PRE-5)."""

    proof: Literal["agent", "direct", "attested"] = "agent"
    """By the agent's preflight, by a connection of the gate's own, or by an attestation in the ledger.

    `direct` needs the extra `database`: the workflow then installs `pytest-smokedeploy[database]`."""
    tool: Literal["sql", "alembic"] = "sql"
    """What `migrations` holds: files named `<version>_<what>.sql`, whose version, stem, number or whole name
    the table holds, all its rows one way; or Alembic's revisions, in it or its folder `versions`, whose
    source is read and not run: `revision`, `down_revision`, `branch_labels` and `depends_on` are literals
    there."""
    migrations: str | None = None
    """The folder that applied migrations are held against, beside this file; none: one applied is enough.
    Migrations in folders below it are refused.

    A project without a migration yet names one that holds a `.gitkeep` alone: git keeps no empty one."""
    url_variable: Name = "DATABASE_URL"
    """The variable that holds the database's URL, for `proof: direct`."""
    table: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?$")] | None = None
    """The table of applied migrations, with its schema or without; none: the tool's own."""

    @property
    def migrations_table(self) -> str:
        """The table that holds what was applied: the named one, or the tool's own."""
        return self.table or ("alembic_version" if self.tool == "alembic" else "schema_migrations")


class ActivityLimits(Part):
    """What an idle runtime may do without a word, where the agent counts it."""

    cpu_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of one processor after idle; more is a background loop (RUN-3)."""
    processes: Annotated[int, Field(ge=0)] = 1
    """Processes more than when it came to rest; more is a scheduler (RUN-2)."""
    sent_bytes: Annotated[int, Field(ge=0)] = 1024
    """Bytes sent since its start: what a network says of itself, and no call out (OBS-9)."""


class Deadlines(Part):
    """Seconds that a call or a phase may take."""

    request_seconds: Seconds = 10
    """One call to the agent, its answer included."""
    deploy_seconds: Annotated[float, Field(gt=0, le=1800)] = 90
    """A deploy's whole time, its pull included.

    The edge cuts a call at about 100 s, outcome unknown: more than 95 need an agent that lists `async`."""
    lease_seconds: Annotated[int, Field(ge=30, le=600)] = 120
    """How long the container may outlive a runner that is gone, where the agent lists `lease`."""
    startup_seconds: Seconds = 60
    """From the container's start to idle, by the server's times of the lines; later is FAIL (OBS-6)."""
    stop_seconds: Seconds = 30
    """From the first stop to a status read that shows the container stopped; later is FAIL (STP-2).

    After that the stop is sent again for up to the same time."""


class ShutdownBy(Part):
    """How the container is stopped: the agent's stop, or a stop-only image."""

    by: Literal["stop", "image"] = "stop"
    """The agent's `POST /v1/stop`, or a second deploy of an image that only stops."""
    image: str | None = None
    """The stop-only image with its tag, for `by: image` alone."""

    @model_validator(mode="after")
    def _image_goes_with_it(self) -> Self:
        if (self.by == "image") != (self.image is not None):
            raise ValueError("`image` goes with `by: image`, and only with it")
        if self.image is not None:
            ImageReference.parse(self.image)
        return self


class Workflow(Part):
    """What the deploy workflow may hold beside what the model asks of it."""

    env: tuple[Name, ...] = ()
    """Further variables that `env` of the workflow, of the gate's job and of its steps may set.

    None by which pytest, Python or the shell can be steered, such as PYTEST_ADDOPTS or PYTHONPATH."""


#: After the deadlines: a log that still arrives is read for 120 s at idle and at the stop, and an answer to
#: the deploy that was lost is waited for another 60 s.
_BEYOND_SECONDS: Final = 300.0


class Settings(Part):
    """The whole file."""

    image: Image
    agent: Agent
    secrets: tuple[Name, ...] = ALWAYS_SECRET
    """Variables that must be set in the target environment beside these three (PRE-4); no values."""
    runtime: Runtime = Runtime()
    mounts: Annotated[
        tuple[MountSettings, ...], AfterValidator(_both_mounts), Field(json_schema_extra=_MOUNTS_SCHEMA)
    ] = tuple(MountSettings(name=name, target=f"/data/{name}") for name in MODEL_MOUNTS)
    """Writable volumes the runtime needs, `audit-events` and `snapshots` at the least (AGT-4)."""
    phase: Phase = Phase()
    database: Database = Database()
    log: Log = Log()
    activity: ActivityLimits = ActivityLimits()
    quiet_window_seconds: Annotated[float, Field(ge=1, le=600)] = 3
    """How long the runtime is watched after idle before it is stopped, in seconds."""
    deadlines: Deadlines = Deadlines()
    shutdown: ShutdownBy = ShutdownBy()
    workflow: Workflow = Workflow()

    @property
    def budget_seconds(self) -> float:
        """The longest that one run may take by its own deadlines, in seconds."""
        limits = self.deadlines
        own = limits.deploy_seconds + limits.startup_seconds + 2 * limits.stop_seconds
        return own + self.quiet_window_seconds + 15 * limits.request_seconds + _BEYOND_SECONDS

    def log_language(self, image_tag: str = "") -> Language:
        """The log language of these settings, for a run of `image_tag`.

        Raises:
            TemplateError: a template breaks a rule.

        """
        return Language({mount.name: mount.target for mount in self.mounts}, image_tag, self.log)


def load(path: Path) -> Settings:
    """Read and check a settings file.

    Raises:
        SettingsError: naming file, line, key and what was expected.

    """
    if not os.path.lexists(path):
        remedy = (
            "Call this in the repository, or name one by --smokedeploy-config; `smokedeploy init` lays it."
        )
        raise SettingsError(f"there is no settings file here. {remedy}", file=str(path))
    document = yamlfile.read(path)
    if not isinstance(document.data, dict):
        raise SettingsError("must hold keys, `image` and `agent` at the least.", file=document.name, line=1)
    try:
        settings = Settings.model_validate(document.data)
    except ValidationError as error:
        raise _told(document, error) from error
    try:
        settings.log_language()
    except TemplateError as error:
        raise _wrong(document, ("log", *error.path), f"{error}.") from error
    _check_plane(document, settings.runtime.environment.get("EXECUTION_PLANE"))
    return settings


def _check_plane(document: yamlfile.Document, plane: str | None) -> None:
    """Refuse any plane but paper (TGT-2)."""
    if plane == PLANE:
        return
    place: tuple[str, ...] = ("runtime", "environment")
    words = f"lacks `EXECUTION_PLANE: {PLANE}`: a smoke deploy runs on {PLANE} only."
    if plane is not None:
        place = (*place, "EXECUTION_PLANE")
        words = f"is {plane!r}; write `EXECUTION_PLANE: {PLANE}`: a smoke deploy runs on {PLANE} only."
    error = _wrong(document, place, words)
    error.clause = "TGT-2"
    raise error


def _told(document: yamlfile.Document, error: ValidationError) -> SettingsError:
    """The first error, in the order of the file, in the words of its reader.

    A key that is missing comes last: where one is misspelt, the misspelling is what to mend.
    """
    rows = [(row, tuple(part for part in row["loc"] if part not in _TAGS)) for row in error.errors()]
    row, path = min(rows, key=lambda pair: (pair[0]["type"] == "missing", document.line(pair[1]) or 0))
    return _wrong(document, path, _words(row, path))


def _wrong(document: yamlfile.Document, path: yamlfile.Place, words: str) -> SettingsError:
    key = ".".join(map(str, path))
    return SettingsError(words, file=document.name, line=document.line(path), key=key)


#: Parts of pydantic's paths that are no keys of the file.
_TAGS: Final = frozenset({"[key]", "[list]", "[all]"})
#: What a value must be, in terms of YAML, by pydantic's error type.
_KINDS: Final = {
    "string_type": "text (in quotes where YAML would read a number, a date or yes and no)",
    "tuple_type": "a list, written [one, two] or a line with a dash for each",
} | dict.fromkeys(("dict_type", "model_type"), "keys with values, a line `key: value` for each")


def _words(row: Any, path: tuple[int | str, ...]) -> str:  # noqa: ANN401 - pydantic's own
    if row["type"] == "extra_forbidden":
        return f"there is no key {path[-1]!r} here; remove it or mend its spelling."
    if row["type"] == "missing":
        return "is required and missing."
    if row["type"] == "literal_error":
        return f"must be {row['ctx']['expected']}; found {row['input']!r}."[:400]
    if kind := _KINDS.get(row["type"]):
        return f"must be {kind}; found {row['input']!r}."[:400]
    message = str(row["msg"]).removeprefix("Value error, ")
    return f"{message[0].lower()}{message[1:]}; found {row['input']!r}."[:400]
