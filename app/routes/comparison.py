"""Any two indexes of the household side by side, chosen from the history."""

from __future__ import annotations

from litestar import Response, get
from litestar.exceptions import NotFoundException

from app.explanations.comparison import ToldComparison, told_comparison
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date, format_exact
from app.pages import go, page
from app.requests import PortalRequest
from registry.comparisons import IndexInHistory, all_indexes, compare_indexes
from registry.errors import NotFound
from registry.households import find_household
from registry.rules.index_models import models

COMPARISON = "/household/index/comparison"
MOST_DIGITS = 4


@get(COMPARISON)
async def show_comparison(request: PortalRequest) -> Response[bytes]:
    """The two that are asked for, the last two where nothing is asked. Numbers that name no index are a 404."""
    household = await find_household(request.db, person_id=request.signed_in.citizen_id)
    indexes = await all_indexes(request.db, household_id=household.id) if household else ()
    if not indexes:
        return go(request, "/household")
    before, after = _wanted(request, len(indexes))
    return page(
        request,
        "household/comparison.html",
        told=await _told(request, indexes, before, after) if len(indexes) > 1 else None,
        models=[model for model in models() if model.name in {each.model for each in indexes}],
        indexes=indexes[::-1],
        choices=[(str(each.number), _choice(each, request)) for each in indexes],
        before=before,
        after=after,
    )


def _wanted(request: PortalRequest, last: int) -> tuple[int, int]:
    """The earlier and the later one, in whichever order they were chosen."""
    asked = [request.query_params.get(name, "") for name in ("before", "after")]
    numbers = [
        int(written) if written.isascii() and written.isdigit() and len(written) <= MOST_DIGITS else 0
        for written in asked
    ]
    if not any(asked):
        return last - 1, last
    return min(numbers), max(numbers)


async def _told(
    request: PortalRequest, indexes: tuple[IndexInHistory, ...], before: int, after: int
) -> ToldComparison:
    try:
        comparison = await compare_indexes(request.db, indexes=indexes, before=before, after=after)
    except NotFound:
        raise NotFoundException from None
    return told_comparison(comparison, request.lang)


def _choice(index: IndexInHistory, request: PortalRequest) -> str:
    """As an option of a list writes it, where nothing can be isolated: the number comes first."""
    words = gettext(request.lang, N_("%(index)s – %(day)s"))
    return words % {
        "index": format_exact(index.index),
        "day": format_date(index.computed_at, request.locale),
    }


HANDLERS = [show_comparison]
