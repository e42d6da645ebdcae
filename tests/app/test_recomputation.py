"""Asking for recomputation through the pages: a line, a right answer, a document, a receipt, a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image
from sqlmodel import select

from app.i18n.formats import MINUS
from app.periodic import JOBS
from app.requests import Portal
from identity.audit import officer
from identity.roles import Role
from notifications.jobs import run_due_jobs
from registry.centres.tables import Visit, VisitPurpose
from registry.requests.asking import request_recomputation
from registry.tables import Document, RecomputationRequest, RequestReason, RequestStatus
from tests.app.conftest import Clock
from tests.app.officers import add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser, Upload, Value
from tests.app.settled import CENTRE, come_in, decide, settle
from tests.registry.family import Family, add_officer, transaction

ADDRESS = "/household/recomputation"
WORDS = "Nous n’avons plus d’abonnement depuis janvier."
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
async def family(portal: Portal, visitor: PageBrowser) -> Family:
    """Settled, and Hassan is signed in."""
    made = await settle(portal)
    await come_in(portal, visitor, made.hassan)
    return made


async def kept(portal: Portal) -> list[RecomputationRequest]:
    async with portal.reads() as session:
        return list(await session.exec(select(RecomputationRequest)))


def states(visitor: PageBrowser) -> list[str]:
    """Of each moment of the request: done, now or todo."""
    moments = visitor.main.first(class_="timeline").all("li")
    return [each.get("class").rpartition("-")[2] for each in moments]


async def ask_by_pages(
    visitor: PageBrowser, line: str = "U35", document: Upload | None = None, **answers: str
) -> None:
    await visitor.open(f"{ADDRESS}?line={line}")
    await visitor.submit(**{"words": WORDS} | answers)
    form = visitor.form(ADDRESS)
    if document:
        form.fill(document=document)
    form.press(None)
    await visitor.send(form)


async def test_a_line_of_the_index_is_doubted_and_a_receipt_is_given(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    await visitor.open("/household/index")
    await visitor.open(f"{ADDRESS}?line=U35")
    form = visitor.form()
    assert form.values["reason"] == "wrong_line"
    assert form.values["line"] == "U35"
    assert "+0.0906" in visitor.text, "the points of the line"
    await visitor.submit(fact="internet_mad", proposed_value="0", words=WORDS)
    assert visitor.path == f"{ADDRESS}/check"
    assert WORDS in visitor.text
    assert await kept(portal) == [], "nothing is kept before it is sent"
    form = visitor.form(ADDRESS)
    form.press(None)
    await visitor.send(form)
    (request,) = await kept(portal)
    assert visitor.path == f"{ADDRESS}/receipts/{request.reference}"
    assert (request.line_code, request.fact, request.proposed_value) == ("U35", "internet_mad", "0")
    assert request.words == WORDS
    assert request.reference in visitor.text
    assert "17 mars 2026" in visitor.text
    assert request.due_on == date(2026, 3, 17)


async def test_the_page_of_an_open_request_follows_it(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    await ask_by_pages(visitor)
    await visitor.open(ADDRESS)
    assert not list(visitor.main.all("form"))
    assert states(visitor) == ["now", "todo", "todo"]
    assert WORDS in visitor.text
    await visitor.open("/household")
    assert f"/fr{ADDRESS}" in visitor.links


async def test_one_open_request_a_household(
    visitor: PageBrowser, browser_of, portal: Portal, family: Family
) -> None:
    other = browser_of()
    await come_in(portal, other, family.fatima)
    await other.open(f"{ADDRESS}?line=U30")
    await other.submit(words="Il n’y a qu’un téléphone.")
    form = other.form(ADDRESS)
    await ask_by_pages(visitor)
    form.press(None)
    await other.send(form)
    assert other.status == 409
    (request,) = await kept(portal)
    assert request.reference in other.text
    assert WORDS not in other.text, "what somebody wrote is shown to that person alone"
    assert other.main.first(class_="banner-error")
    await other.open(f"{ADDRESS}/receipts/{request.reference}")
    assert other.status == 404


async def test_a_new_fact_needs_no_line(visitor: PageBrowser, portal: Portal, family: Family) -> None:
    await visitor.open(ADDRESS)
    await visitor.submit(reason="new_fact", words="Mon mari a perdu son travail.")
    form = visitor.form(ADDRESS)
    form.press(None)
    await visitor.send(form)
    (request,) = await kept(portal)
    assert (request.reason, request.line_code, request.fact) == (RequestReason.NEW_FACT, None, None)


async def test_a_line_chosen_without_script_asks_for_its_facts_first(
    visitor: PageBrowser, family: Family
) -> None:
    await visitor.open(ADDRESS)
    await visitor.submit(reason="wrong_line", line="U30", words=WORDS)
    assert visitor.path == f"{ADDRESS}/check"
    assert visitor.form().values["shown_line"] == "U30"
    assert visitor.form().values["words"] == WORDS
    await visitor.submit(proposed_value="١")
    assert visitor.status == 200
    assert visitor.form(ADDRESS).values["proposed_value"] == "١"


async def test_answers_can_be_changed_before_sending(visitor: PageBrowser, family: Family) -> None:
    await visitor.open(f"{ADDRESS}?line=U35")
    await visitor.submit(fact="internet_mad", proposed_value="0", words=WORDS)
    form = visitor.form("/check")
    form.press(None)
    await visitor.send(form)
    assert visitor.form().values["words"] == WORDS
    assert visitor.form().values["fact"] == "internet_mad"


@pytest.mark.parametrize(
    ("line", "wrong", "field"),
    [
        ("U35", {"words": ""}, "words"),
        ("U35", {"words": "x" * 2001}, "words"),
        ("U35", {"words": "a\u202eb"}, "words"),
        ("U35", {"proposed_value": "12"}, "fact"),
        ("U35", {"fact": "internet_mad", "proposed_value": "many"}, "proposed_value"),
        ("U30", {"proposed_value": "99"}, "proposed_value"),
        ("", {"reason": "wrong_line"}, "line"),
        ("", {}, "reason"),
    ],
)
async def test_what_is_wrong_is_said_and_the_answers_stay(
    visitor: PageBrowser, portal: Portal, family: Family, line: str, wrong: dict[str, str], field: str
) -> None:
    await visitor.open(f"{ADDRESS}?line={line}")
    await visitor.submit(**{"words": WORDS} | wrong)
    assert visitor.status == 422
    assert list(visitor.errors) == [field]
    assert visitor.form().values["words"] == wrong.get("words", WORDS)
    assert await kept(portal) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"line": "R1", "shown_line": "R1"},
        {"line": "K", "shown_line": "K"},
        {"fact": "rooms"},
        {"fact": "M-00000000.diploma"},
    ],
)
async def test_what_the_page_does_not_offer_is_refused(
    visitor: PageBrowser, portal: Portal, family: Family, forged: dict[str, str]
) -> None:
    await visitor.open(f"{ADDRESS}?line=U35")
    form = visitor.form()
    form.fill(words=WORDS).values.update(forged)
    await visitor.send(form)
    assert visitor.status == 422
    assert visitor.errors
    assert await kept(portal) == []


@pytest.mark.parametrize("path", [ADDRESS, f"{ADDRESS}/check"])
@pytest.mark.parametrize(
    "forged",
    [
        {"document": "no file"},
        {"words": ["one", "two"]},
        {"reason": "because"},
        {"unknown": "1"},
        {"line": ["U30", "U35"]},
        {"line": "x" * 300},
        {"change": "perhaps"},
    ],
)
async def test_a_forged_form_is_answered_by_a_page(
    visitor: PageBrowser, portal: Portal, family: Family, path: str, forged: dict[str, Value]
) -> None:
    await visitor.open(f"{ADDRESS}?line=U35")
    form = visitor.form().fill(words=WORDS)
    form.values.update(forged)
    form.element = replace(form.element, attributes={**form.element.attributes, "action": f"/fr{path}"})
    await visitor.send(form)
    assert visitor.status == 422
    assert await kept(portal) == []


async def test_a_member_sees_only_their_own_answers(
    visitor: PageBrowser, browser_of, portal: Portal, family: Family
) -> None:
    other = browser_of()
    await come_in(portal, other, family.fatima)
    await visitor.open(f"{ADDRESS}?line=U25")
    await other.open(f"{ADDRESS}?line=U25")
    assert len(list(visitor.main.all("input", name="fact"))) == 2
    (only,) = other.main.all("input", name="fact")
    assert only.get("type") == "hidden"
    assert "Fatima" in other.text
    assert "Hassan" not in other.text


def photograph() -> bytes:
    written = BytesIO()
    Image.new("RGB", (40, 30), "white").save(written, "PNG")
    return written.getvalue()


async def test_a_photograph_is_joined_and_listed_by_its_name(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    await ask_by_pages(visitor, document=("فاتورة.PNG", photograph(), "image/png"))
    assert visitor.status == 200
    assert "فاتورة.png" in visitor.text
    async with portal.reads() as session:
        (document,) = await session.exec(select(Document))
    assert document.media_type == "image/png"


@pytest.mark.parametrize(
    "file",
    [
        ("page.html", b"<script>alert(1)</script>", "application/pdf"),
        ("empty.pdf", b"", "application/pdf"),
        ("active.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction 2 0 R"), "application/pdf"),
        ("large.pdf", PDF + b" " * (5 * 1024 * 1024), "application/pdf"),
        ("broken.png", photograph()[:60], "image/png"),
    ],
)
async def test_another_file_is_refused_in_words_and_nothing_is_lost(
    visitor: PageBrowser, portal: Portal, family: Family, file: Upload
) -> None:
    await ask_by_pages(visitor, document=file)
    assert visitor.status == 422
    assert list(visitor.errors) == ["document"]
    assert await kept(portal) == []
    form = visitor.form(ADDRESS).fill(document=("ok.pdf", PDF, "application/pdf"))
    form.press(None)
    await visitor.send(form)
    (request,) = await kept(portal)
    assert request.words == WORDS


async def test_far_too_much_is_refused_as_a_page(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    await ask_by_pages(visitor, document=("huge.pdf", b" " * 8_000_000, "application/pdf"))
    assert visitor.status == 413
    assert visitor.heading
    assert await kept(portal) == []


async def test_the_same_request_sent_twice_is_one_request(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    await visitor.open(f"{ADDRESS}?line=U35")
    await visitor.submit(words=WORDS)
    form = visitor.form(ADDRESS)
    form.press(None)
    await visitor.send(form)
    first = visitor.path
    await visitor.send(form)
    assert visitor.path == first
    assert len(await kept(portal)) == 1


async def test_a_correction_shows_both_indexes_and_moves_that_sum_to_the_change(
    visitor: PageBrowser, portal: Portal, clock: Clock, family: Family
) -> None:
    await ask_by_pages(visitor, fact="internet_mad", proposed_value="0")
    (request,) = await kept(portal)
    clock.advance(days=2)
    await decide(portal, request.reference, internet_mad="0")
    await come_in(portal, visitor, family.hassan)
    await visitor.open(ADDRESS)
    before, after, change = (
        Decimal(each.text.replace(MINUS, "-")) for each in visitor.main.first(class_="before-after").all("dd")
    )
    assert before == Decimal("9.6012644")
    assert after - before == change
    moves = [
        Decimal(each.first("bdi").text.replace(MINUS, "-")) for each in visitor.main.all(class_="move-points")
    ]
    assert sum(moves) == change < 0
    assert "You were right." in visitor.text
    assert [each.get("class").split()[-1] for each in visitor.main.first(class_="timeline").all("li")] == [
        "moment-done"
    ] * 3


async def test_a_refusal_gives_the_reason_and_one_may_ask_again(
    visitor: PageBrowser, portal: Portal, clock: Clock, family: Family
) -> None:
    await ask_by_pages(visitor)
    (request,) = await kept(portal)
    clock.advance(days=2)
    await decide(portal, request.reference)
    await come_in(portal, visitor, family.hassan)
    await visitor.open(ADDRESS)
    assert "The bill says 60." in visitor.text
    assert not list(visitor.main.all(class_="before-after"))
    await visitor.open(f"{ADDRESS}?new=yes")
    assert visitor.form().values["words"] == ""
    await visitor.submit(reason="other", words="Encore une fois.")
    form = visitor.form(ADDRESS)
    form.press(None)
    await visitor.send(form)
    await visitor.open(ADDRESS)
    assert "The bill says 60." in visitor.text, "requests before are kept in sight"
    assert {each.status for each in await kept(portal)} == {RequestStatus.REFUSED, RequestStatus.RECEIVED}


async def test_a_request_of_another_household_does_not_exist(
    visitor: PageBrowser, browser_of, portal: Portal, clock: Clock, family: Family
) -> None:
    stranger, others = browser_of(), await settle(portal)
    async with transaction(portal.writes) as session:
        made = await request_recomputation(
            session, person_id=others.hassan.id or 0, reason=RequestReason.OTHER, words="x", now=clock.now
        )
    await come_in(portal, stranger, family.fatima)
    await stranger.open(f"{ADDRESS}/receipts/{made.reference}")
    assert stranger.status == 404


async def test_the_receipt_says_who_helped(
    visitor: PageBrowser, portal: Portal, clock: Clock, family: Family
) -> None:
    async with transaction(portal.writes) as session:
        staff_id = await add_officer(session, CENTRE, clock.now)
        visit = Visit(
            reference="V-00000001",
            staff_id=staff_id,
            person_id=family.hassan.id or 0,
            centre_code=CENTRE,
            purpose=VisitPurpose.RECOMPUTATION,
            opened_at=clock.now,
            ends_at=clock.now,
        )
        session.add(visit)
        await session.flush()
        made = await request_recomputation(
            session,
            person_id=family.hassan.id or 0,
            reason=RequestReason.OTHER,
            words=WORDS,
            actor=officer(staff_id, visit_id=visit.id),
            now=clock.now,
        )
        reference = made.reference
    await visitor.open(f"{ADDRESS}/receipts/{reference}")
    assert "Agent" in [each.text for each in visitor.main.all("dd")]


async def test_the_clock_is_seen_by_both_and_the_late_request_by_the_supervisor_first(
    visitor: PageBrowser, browser_of, portal: Portal, family: Family, clock: Clock
) -> None:
    await ask_by_pages(visitor)
    await visitor.open(ADDRESS)
    assert "15" in visitor.main.first(class_="tag").text, "days left"
    clock.advance(days=11)
    await run_due_jobs(portal.writes, JOBS, now=clock.now)
    await come_in(portal, visitor, family.hassan)
    await visitor.open(ADDRESS)
    assert "4" in visitor.main.first(class_="tag").text
    assert states(visitor) == ["done", "now", "todo", "todo"], "the reminder is told"
    clock.advance(days=6)
    await run_due_jobs(portal.writes, JOBS, now=clock.now)
    await come_in(portal, visitor, family.hassan)
    await visitor.open(ADDRESS)
    assert "17 mars 2026" in visitor.main.first(class_="banner-warning").text
    assert states(visitor) == ["done", "done", "now", "todo", "todo"], "it lies with the supervisor"

    leila = await add_officer_account(portal, "leila", role=Role.SUPERVISOR)
    desk = browser_of()
    await sign_in_officer(desk, leila, clock)
    await desk.open("/staff")
    assert desk.main.first(class_="banner-warning")
    (request,) = await kept(portal)
    assert desk.main.first("table").first("tbody").first("a").text == request.reference
    assert len(list(desk.main.first("tbody").all(class_="tag-error"))) == 2, "late, and passed on"
    await desk.follow(request.reference)
    assert "+0.0906" in desk.text, "the contested line is quoted"


async def test_a_decision_quotes_the_line_and_shows_the_new_index_beside_the_old(
    visitor: PageBrowser, portal: Portal, family: Family
) -> None:
    await ask_by_pages(visitor, fact="internet_mad", proposed_value="0")
    (request,) = await kept(portal)
    await decide(portal, request.reference, internet_mad="0")
    await visitor.open(ADDRESS)
    card = visitor.main.first("section")
    assert "+0.0906" in card.first(class_="summary").text
    assert "+0.05436" in card.first(class_="summary").text
    before, after, change = [each.text for each in card.first(class_="before-after").all("dd")]
    assert Decimal(after) - Decimal(before) == Decimal(change.replace(MINUS, "-")) == Decimal("-0.03624")
    assert [each.text.split()[0] for each in card.all(class_="move-points")] == [change]
