"""The common ground of all models of a scenario: frozen, and nothing unknown is let in."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from sim.reading import is_plain


def plain(text: str) -> str:
    """Let a text through that can be shown, and written into any file, as it is.

    Raises
    ------
    PydanticCustomError
        If it has control characters, or is more than one line.
    """
    if not is_plain(text):
        raise PydanticCustomError("control", "one line of text without control characters")
    return text


Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(plain)]
FileName = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(plain)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(ge=1e-9, le=1e9, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
"""Between ends beyond which no figure can be, so that no product or quotient overflows."""
Count = Annotated[int, Field(ge=0, le=10**9)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Hours = Annotated[tuple[NonNegative, ...], Field(min_length=24, max_length=24)]
"""24 figures, one for each hour of the day."""


class Model(BaseModel):
    """A frozen model that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


Said = TypeVar("Said", bound=Model)


def strictly(model: type[Said], tree: dict[str, Any]) -> Said:
    """Make a model of what TOML says: ``"5"`` and ``true`` are no numbers, an instant is no day.

    Raises
    ------
    pydantic.ValidationError
        Where a value is not what a field takes.
    """
    return model.model_validate(_fixed(tree), strict=True)


def _fixed(value: Any) -> Any:
    """Return a value with its lists as tuples, which the fields are."""
    if isinstance(value, dict):
        return {key: _fixed(item) for key, item in value.items()}
    return tuple(map(_fixed, value)) if isinstance(value, (list, tuple)) else value
