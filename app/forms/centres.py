"""The one question of the list of centres."""

from __future__ import annotations

from app.forms.base import Answers


class CentreAnswers(Answers):
    province: str
