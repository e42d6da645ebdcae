"""Where a list goes on, for an address: sealed, because a number would tell how much there is of what is listed."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from litestar.exceptions import NotFoundException

from app.requests import PortalRequest
from notifications.sealing import SealBroken


def place_of(request: PortalRequest, number: int, context: str) -> str:
    return urlsafe_b64encode(request.keys.sealer.seal(str(number), context)).decode().rstrip("=")


def number_at(request: PortalRequest, place: str, context: str) -> int:
    """Raises NotFoundException for a place that was not given for this context."""
    try:
        return int(request.keys.sealer.unseal(urlsafe_b64decode(place + "=" * (-len(place) % 4)), context))
    except (ValueError, SealBroken):
        raise NotFoundException from None
