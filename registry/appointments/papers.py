"""Which papers prove who somebody is, and which of them are cards of the country."""

from typing import Final

from identity.people.number_rules import cards
from identity.people.tables import DocumentKind
from registry.appointments.tables import Paper

CARDS: Final = {
    Paper.NATIONAL_CARD: DocumentKind.NATIONAL_CARD,
    Paper.RESIDENCE_CARD: DocumentKind.RESIDENCE_CARD,
}


def papers() -> tuple[Paper, ...]:
    """What somebody may have to show in the country in use: one of its cards, or something else."""
    return tuple(paper for paper in Paper if paper not in CARDS or CARDS[paper] in cards())
