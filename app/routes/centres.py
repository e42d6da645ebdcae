"""Where somebody helps in person: the centres of every province, for a screen and for paper."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from babel.dates import get_day_names
from litestar import Response, get
from litestar.exceptions import NotFoundException

from app.forms.base import Form
from app.forms.centres import CentreAnswers
from app.i18n.locales import LOCALES
from app.pages import page
from app.requests import PortalRequest
from registry.centres.directory import Centre, OpeningHours, centres_of
from registry.geography import Option, UnknownPlace, atlas, options, place_name


@dataclass(frozen=True)
class RegionCentres:
    """A region with its provinces by name, each with its centres."""

    name: Option
    provinces: list[tuple[Option, tuple[Centre, ...]]]


@dataclass(frozen=True)
class Opening:
    """Opening hours with the weekdays as words; `last_day` is None for one day alone."""

    first_day: str
    last_day: str | None
    opens: dt.time
    closes: dt.time


@get("/centres")
async def show_centres(request: PortalRequest) -> Response[bytes]:
    code = request.query_params.get("province", "")
    if code:
        return _province_page(request, code)
    regions = [_region(region, request.lang) for region in options(None, request.lang)]
    groups = [(each.name.text, [(place.code, place.text) for place, _ in each.provinces]) for each in regions]
    choice = Form(CentreAnswers, request.lang)
    return page(request, "centres/index.html", regions=regions, groups=groups, choice=choice)


def _region(region: Option, lang: str) -> RegionCentres:
    return RegionCentres(region, [(place, centres_of(place.code)) for place in options(region.code, lang)])


def _province_page(request: PortalRequest, code: str) -> Response[bytes]:
    try:
        province, found = atlas().province(code), centres_of(code)
    except UnknownPlace:
        raise NotFoundException from None
    shown = [(centre, _openings(centre, request.lang)) for centre in found]
    return page(
        request,
        "centres/province.html",
        path=f"/centres?province={code}",
        province=place_name(province, request.lang),
        region=place_name(atlas().region(province.region_code), request.lang),
        centres=shown,
    )


def _openings(centre: Centre, lang: str) -> list[Opening]:
    return [_opening(hours, lang) for hours in centre.hours]


def _opening(hours: OpeningHours, lang: str) -> Opening:
    names = get_day_names("wide", locale=LOCALES[lang].formats)
    last_day = names[hours.last_day - 1] if hours.last_day != hours.first_day else None
    return Opening(names[hours.first_day - 1], last_day, hours.opens, hours.closes)


HANDLERS = [show_centres]
