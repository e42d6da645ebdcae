"""The site map: every address of the portal, by area."""

from __future__ import annotations

from litestar.handlers import BaseRouteHandler

from app.routes import (
    account,
    appointments,
    arrival,
    authenticators,
    centres,
    claim,
    comparison,
    correcting,
    declaration,
    declaration_address,
    declaration_members,
    declaration_sending,
    demonstration,
    departures,
    guidance,
    health,
    household,
    invitations,
    members,
    messages,
    national_identity,
    not_me,
    own_sessions,
    phones,
    pre_registration,
    recomputation,
    recovery,
    refusing,
    requests_of_centre,
    second_proofs,
    sign_in,
    simulator,
    staff,
    step_up,
    visits,
)

OUTSIDE_LANGUAGES: list[BaseRouteHandler] = [*health.HANDLERS, *arrival.OUTSIDE, *national_identity.OUTSIDE]
IN_EACH_LANGUAGE: list[BaseRouteHandler] = [
    *arrival.HANDLERS,
    *guidance.HANDLERS,
    *centres.HANDLERS,
    *claim.HANDLERS,
    *national_identity.HANDLERS,
    *pre_registration.HANDLERS,
    *appointments.HANDLERS,
    *sign_in.HANDLERS,
    *recovery.HANDLERS,
    *account.HANDLERS,
    *step_up.HANDLERS,
    *second_proofs.HANDLERS,
    *own_sessions.HANDLERS,
    *authenticators.HANDLERS,
    *phones.HANDLERS,
    *not_me.HANDLERS,
    *household.HANDLERS,
    *comparison.HANDLERS,
    *declaration.HANDLERS,
    *declaration_address.HANDLERS,
    *declaration_members.HANDLERS,
    *declaration_sending.HANDLERS,
    *invitations.HANDLERS,
    *members.HANDLERS,
    *departures.HANDLERS,
    *recomputation.HANDLERS,
    *messages.HANDLERS,
    *simulator.HANDLERS,
    *staff.HANDLERS,
    *requests_of_centre.HANDLERS,
    *correcting.HANDLERS,
    *refusing.HANDLERS,
    *visits.HANDLERS,
]

# Only while the portal runs as a demonstration.
DEMONSTRATION_OUTSIDE_LANGUAGES: list[BaseRouteHandler] = [*demonstration.OUTSIDE]
DEMONSTRATION_IN_EACH_LANGUAGE: list[BaseRouteHandler] = [*demonstration.HANDLERS]
