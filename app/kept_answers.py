"""What somebody had written when the session ran out: there again after signing in, and saved nowhere meanwhile.

The form that came too late is refused. Its answers go back to the browser in a cookie that only the portal can read,
for a quarter of an hour, and are shown once, to the same account alone.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response

from app.access import is_form_of, own_cookie
from app.forms.base import A, Form, answers_of
from app.onward import shown_at
from app.posts import TOKEN_FIELD
from app.requests import PortalRequest, cookie_name
from app.rights import route_name
from identity import sessions
from notifications.sealing import SealBroken

COOKIE: Final = "answers"
KEPT_FOR: Final = dt.timedelta(minutes=15)
# A browser keeps four kilobytes in a cookie. Longer answers are lost, as all were before.
LARGEST: Final = 3_800
# Pages that ask for facts and words. Never one that asks for a password or a code; files are left out everywhere.
KEEPING: Final = frozenset(
    {
        "/household/declaration/address",
        "/household/declaration/dwelling",
        "/household/declaration/equipment",
        "/household/declaration/spending",
        "/household/declaration/property",
        "/household/declaration/members/{key}",
        "/household/members/invite",
        "/household/recomputation",
        "/household/recomputation/check",
    }
)


async def seal_answers(request: PortalRequest) -> str | None:
    """The answers of a post whose session has run out, for a cookie; None for any other post.

    A form of another site, or of another session than the one that ran out, is not kept: nobody finds words that
    somebody else put there.
    """
    token = request.cookies.get(cookie_name("session", request.portal.settings))
    if request.method != "POST" or not token or route_name(request.scope["path_template"]) not in KEEPING:
        return None
    account_id = await sessions.account_of_lapsed(request.db, token=token)
    form_token = (await request.form()).get(TOKEN_FIELD)
    if account_id is None or not is_form_of(request, form_token, sessions.hash_token(token)):
        return None
    texts = {name: value for name, value in (await answers_of(request)).items() if isinstance(value, str)}
    kept = {
        "path": shown_at(request.path_in_language),
        "until": (request.now + KEPT_FOR).isoformat(),
        "answers": texts,
    }
    packed = zlib.compress(json.dumps(kept, ensure_ascii=False).encode())
    sealed = base64.urlsafe_b64encode(request.keys.sealer.seal(packed, _context(account_id))).decode()
    return sealed if len(sealed) <= LARGEST else None


def give_answers(request: PortalRequest, response: Response[bytes]) -> None:
    """With the way to the door the browser gets what it could not send."""
    if sealed := request.scope["state"].get("kept_answers"):
        response.set_cookie(own_cookie(request, COOKIE, sealed, int(KEPT_FOR.total_seconds())))


def restored(request: PortalRequest, form: Form[A]) -> Form[A]:
    """The form of a page with what this account had written there, if it was kept; `page` forgets it then."""
    if answers := kept_answers(request):
        known = {name: value for name, value in answers.items() if name in form.model.model_fields}
        form.answers = {**form.answers, **known}
        form.restored = True
    return form


def kept_answers(request: PortalRequest) -> Mapping[str, str] | None:
    account_id = request.signed_in.account_id
    sealed = request.cookies.get(cookie_name(COOKIE, request.portal.settings))
    if account_id is None or not sealed:
        return None
    try:
        packed = request.keys.sealer.unseal(base64.urlsafe_b64decode(sealed.encode()), _context(account_id))
    except (SealBroken, binascii.Error, UnicodeError):
        return None
    kept: dict[str, Any] = json.loads(zlib.decompress(packed))
    if kept["path"] != request.path_in_language or dt.datetime.fromisoformat(kept["until"]) < request.now:
        return None
    answers: Mapping[str, str] = kept["answers"]
    return answers


def _context(account_id: int) -> str:
    return f"answers:{account_id}"
