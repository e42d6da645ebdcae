"""Every form of the portal as somebody has it open: who, where, and answers that are right.

A new form belongs into the module of its area: `test_every_form.py` fails for a POST route that no place reaches.
"""

from typing import Final

from tests.app.places import account, centre, declaration, doors, household, pre_registration, staff
from tests.app.places.place import NOBODY, Place, Step

__all__ = ["NOBODY", "PLACES", "Place", "Step"]

AREAS = (pre_registration, doors, account, declaration, household, staff, centre)
PLACES: Final[dict[str, Place]] = {name: place for area in AREAS for name, place in area.PLACES.items()}
assert len(PLACES) == sum(len(area.PLACES) for area in AREAS), "two places have the same name"
