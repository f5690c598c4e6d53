"""What `smokedeploy.yml` says under `log`, beside the model's own templates, frames and words."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from pytest_smokedeploy.model import Forbidden, Stated


class Part(BaseModel):
    """A part of `smokedeploy.yml`: no key beside those it names."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, defer_build=True)


class All(Part):
    """Several lines that must all come."""

    all: tuple[str, ...]
    """Their templates; together they name every mount."""


#: A list of templates, or several lines that must all come; the tags stay out of an error's path.
Templates = Annotated[
    Annotated[tuple[str, ...], Tag("[list]")] | Annotated[All, Tag("[all]")],
    Discriminator(lambda given: "[all]" if isinstance(given, dict | All) else "[list]"),
]


class ExceptedLine(Part):
    """A sound line that holds forbidden words; it stands on top of every report."""

    line: str
    """The message, letter by letter: nothing in it is a placeholder."""
    clause: Forbidden
    """The clause whose words it holds."""
    because: Annotated[str, Field(min_length=1, pattern=r"\w")]
    """Why it is sound."""


class Log(Part):
    """What a line of the log may be, as templates ([log.md](log.md)), and how the runtime may leave."""

    milestones: dict[Stated, Templates] = Field(default={})
    """Templates of a milestone in place of the model's own: OBS-1 to OBS-6, RUN-1.

    `OBS-3: {all: [...]}` names several lines that must all come."""
    documented: tuple[str, ...] = ()
    """Further lines before idle; any other is undocumented (EXT-4)."""
    shutdown: tuple[str, ...] = ()
    """Further lines once the stop was asked."""
    excepted: tuple[ExceptedLine, ...] = ()
    """Lines with forbidden words that are sound all the same, each at most once a start."""
    frames: tuple[str, ...] = ()
    """Further frames: what stands before a message, ending in `{message}`."""
    forbidden: dict[Forbidden, tuple[str, ...]] = Field(default={})
    """Further forbidden words, by clause: OBS-7 to OBS-9, RUN-2 to RUN-4."""
    exit_codes: tuple[int, ...] = (0,)
    """Exit codes the runtime may leave with when it is stopped (EXT-4)."""
