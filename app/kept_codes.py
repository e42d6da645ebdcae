"""A recovery code between the moment it is made and the moment its owner says that it was kept.

The database has its hash alone. Until then the code is in a cookie, sealed for this one session: a page that did not
arrive can be loaded again, and nobody else can read it.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt

from litestar import Response

from app.access import own_cookie
from app.requests import PortalRequest, cookie_name
from notifications.sealing import SealBroken

NAME = "recovery_code"
KEPT_FOR = dt.timedelta(hours=1)


def keep_code(request: PortalRequest, response: Response[bytes], code: str, token_hash: str) -> None:
    sealed = base64.urlsafe_b64encode(request.keys.sealer.seal(code, f"{NAME}:{token_hash}")).decode()
    response.set_cookie(own_cookie(request, NAME, sealed, int(KEPT_FOR.total_seconds())))


def kept_code(request: PortalRequest) -> str | None:
    """The code that this session has not confirmed yet."""
    sealed = request.cookies.get(cookie_name(NAME, request.portal.settings), "")
    try:
        opened = base64.urlsafe_b64decode(sealed.encode())
        return request.keys.sealer.unseal_text(opened, f"{NAME}:{request.signed_in.token_hash}")
    except (SealBroken, binascii.Error, UnicodeError):
        return None


def forget_code(request: PortalRequest, response: Response[bytes]) -> None:
    response.set_cookie(own_cookie(request, NAME, "", 0))
