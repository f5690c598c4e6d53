"""Options > environment > `smokedeploy.yml`, and what is refused before any request leaves (TGT-3)."""

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from pytest_smokedeploy.settings.github import GitHubRun
from pytest_smokedeploy.settings.model import ALWAYS_SECRET, DEPLOY_WORKFLOW, Settings, load
from pytest_smokedeploy.settings.options import Options
from pytest_smokedeploy.support.errors import MisuseError, SettingsError
from pytest_smokedeploy.support.loopback import is_loopback
from pytest_smokedeploy.support.redaction import Secret

ENVIRONMENT: Final = "dev"
_HTTPS: Final = "Set it to https://host of the Deploy Agent."
_PROD: Final = re.compile(r"(?:^|[^a-z])(?:prod|production|prd)(?:[^a-z]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One run's settings, resolved. A secret that is not set is an empty one: PRE-4 asks, not this.

    Attributes:
        folder: the settings file's.
        settings_file: the settings file itself.
        workflow_file: the deploy workflow on disk.
        evidence: the folder for report and evidence.

    """

    settings: Settings
    folder: Path
    settings_file: Path
    workflow_file: Path
    evidence: Path
    rehearsal: bool
    environment: str
    image_repository: str
    image_tag: str
    endpoint: str
    endpoint_host: str
    secrets: Mapping[str, Secret]
    database_url: Secret | None
    ledger_file: Path
    inspections_file: Path
    github: GitHubRun

    @property
    def image(self) -> str:
        """The image to deploy, ``repository:tag``."""
        return f"{self.image_repository}:{self.image_tag}"

    @property
    def client_id(self) -> Secret:
        """The service token's id."""
        return self.secrets["CF_ACCESS_CLIENT_ID"]

    @property
    def client_secret(self) -> Secret:
        """The service token's secret."""
        return self.secrets["CF_ACCESS_CLIENT_SECRET"]

    def named_secrets(self) -> dict[str, Secret]:
        """Everything no output may show, by its variable; the endpoint's host is allowed to (DESIGN 3)."""
        held = {**self.secrets, "GITHUB_TOKEN": self.github.token}
        held |= {self.settings.database.url_variable: self.database_url} if self.database_url else {}
        return secrets_in(self.settings, {name: secret.reveal() for name, secret in held.items() if secret})


def secrets_in(settings: Settings, environ: Mapping[str, str]) -> dict[str, Secret]:
    """What `environ` holds that no output may show, by its variable."""
    url = settings.database.url_variable
    names = dict.fromkeys((*ALWAYS_SECRET, *settings.secrets, "GITHUB_TOKEN", url))
    found = {name: environ.get(name, "") for name in names if name != "DEPLOY_ENDPOINT"}
    found[f"the password in {url}"] = _password(environ.get(url, ""))
    return {name: Secret(value) for name, value in found.items() if value.strip()}


def resolve(options: Options, environ: Mapping[str, str]) -> RunConfig:
    """Resolve one run.

    Raises:
        SettingsError: the file, an option or a variable is wrong or missing.
        MisuseError: prod in any spelling (TGT-3), another environment (TGT-1), a plane that is not
            paper (TGT-2), a rehearsal inside the deploy workflow (EXT-1), a live run against this machine.

    """
    _check_environment(options.environment)
    file = options.settings_file()
    settings = load(file)
    github = GitHubRun.read(environ)
    if dispatched := (github.inputs or {}).get("environment"):
        _check_environment(dispatched)
    endpoint = environ.get("DEPLOY_ENDPOINT", "").strip()
    host = _check_endpoint(endpoint, settings, rehearsal=options.rehearse)
    required = dict.fromkeys((*ALWAYS_SECRET, *settings.secrets))
    url = environ.get(settings.database.url_variable, "")
    phase = options.phase_folder or file.parent
    return RunConfig(
        settings=settings,
        folder=file.parent,
        settings_file=file,
        workflow_file=(options.root or find_root(file.parent)) / DEPLOY_WORKFLOW,
        evidence=options.evidence.absolute(),
        rehearsal=options.rehearse,
        environment=options.environment,
        image_repository=options.image_repository or settings.image.repository,
        image_tag=options.image_tag,
        endpoint=endpoint,
        endpoint_host=host,
        secrets={name: Secret(environ.get(name, "")) for name in required},
        database_url=Secret(url) if url.strip() else None,
        ledger_file=phase / settings.phase.ledger,
        inspections_file=phase / settings.phase.inspections,
        github=github,
    )


def refuse_in_workflow(options: Options, environ: Mapping[str, str]) -> None:
    """Refuse a rehearsal inside the deploy workflow: it could be taken for a live run (EXT-1).

    Raises:
        MisuseError: this is one.

    """
    github = GitHubRun.read(environ)
    if options.rehearse and github.in_actions and github.workflow_file == DEPLOY_WORKFLOW:
        words = f"--smokedeploy-rehearse inside {github.workflow_file}: a rehearsal never counts."
        raise MisuseError(words, clause="EXT-1", remedy="Run the gate there without it.")


def find_root(folder: Path) -> Path:
    """The nearest folder from `folder` upwards that holds .git, else .github; the working folder else.

    GitHub reads the workflows at the repository's root alone, whatever a folder below it holds.
    """
    above = (folder.absolute(), *folder.absolute().parents)
    marks = ((at, at / name) for name in (".git", ".github") for at in above)
    return next((at for at, mark in marks if os.path.lexists(mark)), Path.cwd())


def is_prod(environment: str) -> bool:
    """Whether a name means production, in whatever spelling (TGT-3)."""
    plain = unicodedata.normalize("NFKC", environment)
    return plain.strip().lower().startswith("prod") or bool(_PROD.search(plain))


def _check_environment(environment: str) -> None:
    if not environment:
        words = "is not set; a live run must be told its environment (or add --smokedeploy-rehearse)."
        raise SettingsError(words, file="--smokedeploy-environment / SMOKEDEPLOY_ENVIRONMENT")
    if environment == ENVIRONMENT:
        return
    clause, why = "TGT-1", f"is not {ENVIRONMENT!r}, and a smoke deploy runs nowhere else"
    if is_prod(environment):
        clause, why = "TGT-3", "is refused: a smoke deploy never runs against prod"
    remedy = f"Dispatch it with environment {ENVIRONMENT}."
    raise MisuseError(f"The environment {environment!r} {why}.", clause=clause, remedy=remedy)


def _check_endpoint(endpoint: str, settings: Settings, *, rehearsal: bool) -> str:
    """The endpoint's host, in lower case; "" where none is set."""
    if not endpoint:
        return ""
    try:
        parts = urlsplit(endpoint)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        host = ""
    # A host in other letters or percent-encoded may resolve to another one than it shows.
    if not host or not re.fullmatch(r"[A-Za-z0-9._:-]+", host) or parts.scheme not in {"https", "http"}:
        raise SettingsError("is no URL like https://host.", file="DEPLOY_ENDPOINT")
    forbidden = {name.strip().lower().rstrip(".") for name in settings.agent.forbidden_hosts}
    in_path = bool(_PROD.search(unquote(parts.path)))
    if host in forbidden or _PROD.search(host) or in_path:
        # Its host may be shown, and nothing else of it.
        where = f"{host!r}, by its path," if in_path else repr(host)
        words = f"The agent's address {where} is production's: a smoke deploy never goes there."
        raise MisuseError(words, clause="TGT-3", remedy="Set DEPLOY_ENDPOINT of the environment dev.")
    if rehearsal != is_loopback(host):
        words, remedy = f"A rehearsal stays on this machine, and {host!r} is elsewhere.", ""
        if not rehearsal:
            words = f"A live run against {host!r} is a run against this machine."
            remedy = "Rehearse it with --smokedeploy-rehearse."
        raise MisuseError(words, clause="EXT-1", remedy=remedy)
    if not rehearsal and parts.scheme != "https":
        raise MisuseError("DEPLOY_ENDPOINT must be https: certificates are always checked.", remedy=_HTTPS)
    return host


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
