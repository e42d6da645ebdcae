"""The dated models of the index: the files `data/<profile>/index-model-*.json`, and what was approved since.

A new decree is a new file, or a version that two people approve (`registry/model_life`).
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date
from functools import cache, cached_property
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry.datafiles import IN_USE, InvalidData, data_files, named, read_json
from registry.facts import Zone
from registry.geography import FALLBACK_LANGUAGES, PlaceName, atlas
from registry.profiles import profile
from registry.rules.measures import AnyVariable, ExactText, Variable

MODEL_FILES: Final = "index-model-"


class UnknownModel(Exception):
    """There is no model of this name, or none in force on this day. `name` is what was asked for."""

    code = "unknown_model"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no index model {name}")
        self.name = name


class _Dated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RegionalTerm(_Dated):
    region: str
    term: ExactText
    to_confirm: str | None = None


class ZoneFormula(_Dated):
    """The weighted sum of one zone: K, k by region, and the variables in the order of the source."""

    constant: ExactText
    regions: tuple[RegionalTerm, ...]
    variables: Annotated[tuple[AnyVariable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        _require_distinct("region", [regional.region for regional in self.regions])
        return self

    @cached_property
    def regional_terms(self) -> Mapping[str, RegionalTerm]:
        return {regional.region: regional for regional in self.regions}

    @cached_property
    def by_code(self) -> Mapping[str, Variable]:
        return {variable.code: variable for variable in self.variables}


class IndexModel(_Dated):
    """A published formula. Values derived from facts are rounded once, half up, to `value_decimals`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,60}$")]
    version: int
    effective_from: date
    source: str
    source_names: Mapping[str, str]
    source_note: str
    value_decimals: Annotated[int, Field(ge=0, le=12)]
    # Variables of the model before that this one drops on purpose; a line that is only forgotten is refused.
    leaves_out: tuple[str, ...] = ()
    zones: Mapping[Zone, ZoneFormula]

    def __hash__(self) -> int:
        """What is derived from a model is kept by model, whether or not it comes from a profile's files."""
        return hash(self.name)

    @model_validator(mode="after")
    def _zones_agree(self) -> Self:
        if missing := set(Zone) - set(self.zones):
            raise ValueError(f"the zone {min(missing)} is missing")
        _require_distinct("variable", [variable.code for variable in self.variables])
        if not all(self.source_names.get(lang) for lang in FALLBACK_LANGUAGES):
            raise ValueError("the source has an Arabic and a French name")
        return self

    def source_name(self, locale: str) -> PlaceName:
        """The source as readers of a language know it, with the language that it is really in."""
        lang = locale if self.source_names.get(locale) else FALLBACK_LANGUAGES[0]
        return PlaceName(self.source_names[lang], lang)

    @property
    def variables(self) -> tuple[Variable, ...]:
        return tuple(variable for zone in Zone for variable in self.zones[zone].variables)


# The models approved beside the files, for whoever is being served now. Set by `registry.model_life.shelf`.
APPROVED_MODELS: Final[ContextVar[tuple[IndexModel, ...]]] = ContextVar("approved_models", default=())


def models(profile: str = IN_USE) -> tuple[IndexModel, ...]:
    """All models of a profile, oldest first; its files are read once. Raises InvalidData."""
    approved = APPROVED_MODELS.get()
    if not approved:
        return _load_models(named(profile))
    return tuple(sorted((*_load_models(named(profile)), *approved), key=lambda model: model.effective_from))


def models_of_files(profile: str = IN_USE) -> tuple[IndexModel, ...]:
    """The models that came with the portal. Raises InvalidData."""
    return _load_models(named(profile))


def model_on(day: date, profile: str = IN_USE) -> IndexModel:
    """The model in force on a day. Raises UnknownModel before the first one."""
    in_force = [model for model in models(profile) if model.effective_from <= day]
    if not in_force:
        raise UnknownModel(f"in force on {day.isoformat()}")
    return in_force[-1]


def model_in_use(day: date) -> IndexModel | None:
    """The model in force on a day; None in a country that computes no index. Raises UnknownModel."""
    return model_on(day) if profile().index else None


def model_named(name: str, profile: str = IN_USE) -> IndexModel:
    """The model that an old index names. Raises UnknownModel."""
    for model in models(profile):
        if model.name == name:
            return model
    raise UnknownModel(repr(name))


@cache
def _load_models(profile: str) -> tuple[IndexModel, ...]:
    loaded = [_load_model(profile, path) for path in data_files(profile, "", MODEL_FILES)]
    if not loaded:
        raise InvalidData(f"the profile {profile!r} has no index model")
    _require_one_meaning(loaded)
    return tuple(sorted(loaded, key=lambda model: model.effective_from))


def _load_model(profile: str, path: str) -> IndexModel:
    model = read_json(profile, path, IndexModel)
    regions = set(atlas(profile).regions)
    for zone, formula in model.zones.items():
        if missing := regions - set(formula.regional_terms):
            raise InvalidData(f"{profile}/{path}: {zone} has no term for the region {min(missing)}")
        if unknown := set(formula.regional_terms) - regions:
            raise InvalidData(f"{profile}/{path}: {zone} has a term for {min(unknown)}, which is no region")
    return model


def _require_one_meaning(loaded: list[IndexModel]) -> None:
    """A code means one variable for ever, so that ledgers of different years can be compared line by line.

    Two models may give it different coefficients. A variable that is measured differently takes a new code.
    """
    if len({model.name for model in loaded}) != len(loaded):
        raise InvalidData("two index models have the same name")
    if len({model.effective_from for model in loaded}) != len(loaded):
        raise InvalidData("two index models begin on the same day")
    meanings: dict[str, Variable] = {}
    for variable in (variable for model in loaded for variable in model.variables):
        known = meanings.setdefault(variable.code, variable)
        if meaning_of(known) != meaning_of(variable):
            raise InvalidData(f"the code {variable.code} has two meanings in two index models")


def meaning_of(variable: Variable) -> dict[str, object]:
    """How a variable is measured, apart from what it counts for."""
    return variable.model_dump(exclude={"coefficient", "text", "to_confirm"})


def _require_distinct(what: str, names: list[str]) -> None:
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"the {what} {min(twice)} is there twice")
