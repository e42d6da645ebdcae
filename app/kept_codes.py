"""A secret between the moment it is made and the moment its owner says that it was kept.

The database has its hash, or nothing yet. Until then the secret is in a cookie, sealed for this one session: a page
that did not arrive can be loaded again, and nobody else can read it.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from enum import StrEnum

from litestar import Response

from app.access import own_cookie
from app.requests import PortalRequest, cookie_name
from notifications.sealing import SealBroken

KEPT_FOR = dt.timedelta(hours=1)


class Kept(StrEnum):
    RECOVERY_CODE = "recovery_code"
    AUTHENTICATOR = "authenticator"
    ENROLMENT = "enrolment"


def keep_code(
    request: PortalRequest,
    response: Response[bytes],
    code: str,
    token_hash: str,
    kept: Kept = Kept.RECOVERY_CODE,
) -> None:
    sealed = base64.urlsafe_b64encode(request.keys.sealer.seal(code, f"{kept}:{token_hash}")).decode()
    response.set_cookie(own_cookie(request, kept, sealed, int(KEPT_FOR.total_seconds())))


def kept_code(
    request: PortalRequest, kept: Kept = Kept.RECOVERY_CODE, owner: str | None = None
) -> str | None:
    """The secret that this session, or `owner` where there is none yet, has not confirmed yet."""
    sealed = request.cookies.get(cookie_name(kept, request.portal.settings), "")
    try:
        opened = base64.urlsafe_b64decode(sealed.encode())
        return request.keys.sealer.unseal_text(opened, f"{kept}:{owner or request.signed_in.token_hash}")
    except (SealBroken, binascii.Error, UnicodeError):
        return None


def forget_code(request: PortalRequest, response: Response[bytes], kept: Kept = Kept.RECOVERY_CODE) -> None:
    response.set_cookie(own_cookie(request, kept, "", 0))
