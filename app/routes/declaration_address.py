"""The address: region, then province, then commune, which decides between the urban and the rural questions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from litestar import Response, get, post

from app.forms.base import Answer, Form, answers_of
from app.forms.declaration import AddressAnswers, Step, typed_facts
from app.forms.journey import Typed
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.declaration import BY_HEAD_ONLY, TASKS, changed_page, onward, page_context
from app.routes.drafting import Declaring, prefilled, read_declaring, save_page
from registry.geography import Option, atlas, options

ADDRESS = f"{TASKS}/{Step.ADDRESS.value}"
PLACE = ("region", "province", "commune")


@get(ADDRESS, exception_handlers=BY_HEAD_ONLY)
async def show_address(request: PortalRequest) -> Response[bytes]:
    """The saved address, or the lists that follow from the places chosen so far (asked for by the script)."""
    declaring = await read_declaring(request)
    chosen = {name: request.query_params[name] for name in PLACE if name in request.query_params}
    typed = chosen or _with_places(declaring.journey.typed_in(Step.ADDRESS))
    return _address(request, declaring, prefilled(AddressAnswers, request, _consistent(typed)))


@post(ADDRESS, exception_handlers=BY_HEAD_ONLY)
async def save_address(request: PortalRequest) -> Response[bytes]:
    declaring, sent = await read_declaring(request), await answers_of(request)
    places = _consistent({name: value for name, value in _texts(sent).items() if name in PLACE})
    if _shows_another_list(sent, places):
        rest = {name: value for name, value in sent.items() if name not in PLACE}
        return _address(request, declaring, prefilled(AddressAnswers, request, {**_texts(rest), **places}))
    form = Form(AddressAnswers, request.lang, {**sent, **places})
    if not form.valid:
        _leave_out_lists_not_shown(form)
        return _address(request, declaring, form, status=422)
    saved = declaring.journey.typed_in(Step.ADDRESS)
    typed = typed_facts(form.data)
    answers = declaring.answers.about_household(typed, declaring.journey.asked_in(Step.ADDRESS))
    after = await save_page(
        request, declaring, seen=form.data.seen, saved=saved, typed=typed, answers=answers
    )
    if after is None:
        return changed_page(request, ADDRESS, saved=saved, typed=_with_places(typed))
    return go(request, onward(request, after, Step.ADDRESS))


def _address(
    request: PortalRequest, declaring: Declaring, form: Form[AddressAnswers], status: int = 200
) -> Response[bytes]:
    region, province, commune = (str(form.typed(name)) for name in PLACE)
    known = atlas()
    return page(
        request,
        "declaration/address.html",
        status=status,
        block="place",
        form=form,
        regions=_words(options(None, request.lang)),
        provinces=_words(options(region, request.lang)) if region in known.regions else (),
        communes=_grouped(options(province, request.lang)) if province in known.provinces else (),
        chosen_zone=known.communes[commune].zone if commune in known.communes else None,
        **page_context(request, declaring.journey, Step.ADDRESS, declaring.journey.typed_in(Step.ADDRESS)),
    )


def _consistent(typed: Mapping[str, str]) -> dict[str, str]:
    """Without a province of another region and a commune of another province: they were chosen before.

    Nobody chooses the region of a country that is only one.
    """
    known, kept = atlas(), dict(typed)
    if len(known.regions) == 1:
        kept["region"] = next(iter(known.regions))
    province = known.provinces.get(kept.get("province", ""))
    if province and province.region_code != kept.get("region"):
        del kept["province"]
    commune = known.communes.get(kept.get("commune", ""))
    if commune and commune.province_code != kept.get("province"):
        del kept["commune"]
    return kept


def _shows_another_list(sent: Mapping[str, Answer], places: Mapping[str, str]) -> bool:
    """A place was chosen whose list of next places was not on the page yet, or was that of another place."""
    known = atlas()
    if _texts(sent).get("region") in known.regions and "province" not in places:
        return True
    return places.get("province") in known.provinces and "commune" not in places


def _leave_out_lists_not_shown(form: Form[Any]) -> None:
    """Nobody is told to choose from a list that the page does not offer."""
    known = atlas()
    if form.typed("region") not in known.regions:
        form.errors.pop("province", None)
    if form.typed("province") not in known.provinces:
        form.errors.pop("commune", None)


def _with_places(typed: Typed) -> dict[str, str]:
    """The address with the region and the province of its commune."""
    commune = atlas().communes.get(typed.get("commune", ""))
    if commune is None:
        return dict(typed)
    return {**typed, "region": commune.region_code, "province": commune.province_code}


def _texts(answers: Mapping[str, Answer]) -> dict[str, str]:
    return {name: value for name, value in answers.items() if isinstance(value, str)}


def _words(offered: tuple[Option, ...]) -> list[tuple[str, str]]:
    return [(option.code, option.text) for option in offered]


def _grouped(offered: tuple[Option, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The options by their part of the list, which is already sorted; without parts, one without a heading."""
    return [
        (heading, _words(tuple(each))) for heading, each in groupby(offered, key=lambda option: option.group)
    ]


HANDLERS = [show_address, save_address]
