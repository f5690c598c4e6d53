"""Options of a run: the command line's before SMOKEDEPLOY_* variables, merged here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

_FILE: Final = "smokedeploy.yml"
_MERGED: Final = {"environment": str, "image_tag": str, "config": Path, "evidence": Path}


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line and the environment ask for.

    Attributes:
        environment: the target environment, "" where none was named.
        image_tag: the tag to deploy, "" where none was named.
        config: the settings file, None for the one in `folder`.
        evidence: the folder for report and evidence.
        rehearse: whether the run is a rehearsal.
        engine: what a rehearsal runs the runtime on.
        folder: the smoke tests' own.
        root: the repository's, None for the nearest above the settings file.
        image_repository: a rehearsal's registry.
        phase_folder: a rehearsal's ledger and sign-offs.

    """

    environment: str = ""
    image_tag: str = ""
    config: Path | None = None
    evidence: Path = Path("smoke-evidence")
    rehearse: bool = False
    engine: str = "process"
    folder: Path = Path("smoke_tests")
    root: Path | None = None
    image_repository: str | None = None
    phase_folder: Path | None = None

    @classmethod
    def merged(cls, given: Mapping[str, object], environ: Mapping[str, str], **more: Any) -> Self:  # noqa: ANN401
        """Options from `given`, from SMOKEDEPLOY_* variables where `given` has none, and from `more`."""
        said = {name: given.get(name) or environ.get(f"SMOKEDEPLOY_{name.upper()}") for name in _MERGED}
        return cls(**{name: _MERGED[name](value) for name, value in said.items() if value}, **more)

    def settings_file(self) -> Path:
        """The settings file these options mean."""
        return self.config or self.folder / _FILE
