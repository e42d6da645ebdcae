"""What the registry refuses. `code` names the reason; the words for it belong to the pages."""


class Refused(Exception):
    """The base of every refusal of this room."""

    code = "refused"


class NoHousehold(Refused):
    """The person is in no household."""

    code = "no_household"


class NotHead(Refused):
    """Only the head of the household may do this."""

    code = "not_head"


class AlreadyInHousehold(Refused):
    """The person is active in a household already. Which one is never said."""

    code = "already_in_household"


class ChangedMeanwhile(Refused):
    """Somebody else, or another tab, changed the same thing since it was read."""

    code = "changed_meanwhile"


class NotFound(Refused):
    """There is no such thing, or it belongs to somebody else: the two cannot be told apart."""

    code = "not_found"
