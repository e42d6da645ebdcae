"""What the registry writes to the audit."""

from enum import StrEnum

from identity.audit import Actor, citizen


class Act(StrEnum):
    HOUSEHOLD_CREATED = "household_created"
    HOUSEHOLD_DISSOLVED = "household_dissolved"
    HOUSEHOLD_LEFT = "household_left"
    ADULT_INVITED = "adult_invited"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_REFUSED = "invitation_refused"
    INVITATION_EXPIRED = "invitation_expired"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    CHILD_ADDED = "child_added"
    CHILD_CLAIMED_TWICE = "child_claimed_twice"
    CHILD_REMOVED = "child_removed"
    DECLARATION_SENT = "declaration_sent"
    FACTS_CHANGED = "facts_changed"
    INDEX_COMPUTED = "index_computed"
    REQUEST_SENT = "request_sent"
    REQUEST_OPENED = "request_opened"
    REQUEST_VIEWED = "request_viewed"
    REQUEST_REMINDED = "request_reminded"
    REQUEST_ESCALATED = "request_escalated"
    REQUEST_CORRECTED = "request_corrected"
    REQUEST_REFUSED = "request_refused"
    DOCUMENT_READ = "document_read"
    VISIT_OPENED = "visit_opened"
    VISIT_ENDED = "visit_ended"
    FILE_READ = "file_read"
    MODEL_PROPOSED = "model_proposed"
    MODEL_APPROVED = "model_approved"
    MODEL_WITHDRAWN = "model_withdrawn"
    MODEL_TRIED = "model_tried"
    SOURCE_ANSWERED = "source_answered"
    SOURCE_CONTRADICTS = "source_contradicts"
    SOURCE_USED = "source_used"
    SOURCE_CONTESTED = "source_contested"
    SOURCE_COUNTED = "source_counted"
    ACCESS_REFUSED = "access_refused"
    PRE_REGISTERED = "pre_registered"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    APPOINTMENT_READ = "appointment_read"
    APPLICANT_ARRIVED = "applicant_arrived"
    APPLICANT_TURNED_AWAY = "applicant_turned_away"
    IDENTITY_CHECKED = "identity_checked"
    IDENTITY_SECONDED = "identity_seconded"
    IDENTITY_CHECK_REFUSED = "identity_check_refused"
    IDENTITY_RECEIPT_READ = "identity_receipt_read"


def acting(actor: Actor | None, person_id: int) -> Actor:
    """Who does something in a person's name: the person, unless an officer does it during a visit."""
    return actor or citizen(person_id)
