"""A browser without script: it opens pages, fills in the forms that are really there, sends them and follows.

    await browser.open("/claim")
    browser.fill(document_kind="national_card", document_number="AB123456")
    await browser.submit()
    assert browser.path == "/claim/code"

A field, an option or a button that the page does not offer is an error of the test. To send what no browser would,
change `browser.form().values` before `submit`, or use `post`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import Self

import httpx
from litestar import Litestar

from app.i18n.catalogues import gettext
from tests.app.headers import check_headers

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
HIDDEN = frozenset({"script", "style", "template", "svg"})
TICKED = ("radio", "checkbox")
Upload = tuple[str, bytes, str]
Value = str | list[str] | Upload


@dataclass(eq=False)
class Element:
    tag: str
    attributes: Mapping[str, str]
    children: list[Element | str] = field(default_factory=list)

    def all(self, *tags: str, **attributes: str) -> Iterator[Element]:
        """Every element below, in the order of the page, with one of the tags and these attributes.

        `class_` asks for one class among others.
        """
        for child in self.children:
            if isinstance(child, Element):
                if (not tags or child.tag in tags) and child._has(attributes):
                    yield child
                yield from child.all(*tags, **attributes)

    def first(self, *tags: str, **attributes: str) -> Element:
        found = next(self.all(*tags, **attributes), None)
        assert found is not None, f"the page has no {tags} {attributes}"
        return found

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    @property
    def text(self) -> str:
        """What is read, with single spaces."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in HIDDEN:
                apart = "" if child.tag in ("a", "bdi", "span", "strong") else " "
                yield apart
                yield from child._texts()
                yield apart

    def _has(self, attributes: Mapping[str, str]) -> bool:
        return all(
            value in self.get("class").split() if name == "class_" else self.attributes.get(name) == value
            for name, value in attributes.items()
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@lru_cache(8)
def read_html(html: str) -> Element:
    """The page as a tree, which nobody changes. A tag that is not closed, or closed twice, is an error of the page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root], f"<{reader.open[-1].tag}> is not closed"
    return reader.root


class FilledForm:
    """A form of the page: `values` is what a browser would send, as it stands."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.controls = [
            control for control in element.all("input", "select", "textarea") if control.get("name")
        ]
        self.values: dict[str, Value] = {}
        for control in self.controls:
            self._take_initial(control)

    @property
    def method(self) -> str:
        return self.element.get("method", "get").lower()

    @property
    def action(self) -> str:
        return self.element.get("action")

    @property
    def is_upload(self) -> bool:
        return self.element.get("enctype") == "multipart/form-data"

    def fill(self, **values: Value) -> Self:
        for name, value in values.items():
            self._check_offered(name, value)
            self.values[name] = value
        return self

    def press(self, button: str | None) -> None:
        """Add the button's own name and value: the button with these words, or else the first."""
        offered = [
            button for button in self.element.all("button") if button.get("type", "submit") == "submit"
        ]
        assert offered, "the form has no button"
        pressed = next((one for one in offered if button in (None, one.text, one.get("value") or None)), None)
        assert pressed is not None, f"no button {button!r} among {[one.text for one in offered]}"
        if name := pressed.get("name"):
            self.values[name] = pressed.get("value")

    def _take_initial(self, control: Element) -> None:
        name = control.get("name")
        if control.tag == "textarea":
            self.values[name] = "".join(child for child in control.children if isinstance(child, str)).lstrip(
                "\n"
            )
        elif control.tag == "select":
            options = list(control.all("option"))
            chosen = [option for option in options if "selected" in option.attributes] or options[:1]
            self.values[name] = chosen[0].get("value") if chosen else ""
        elif control.get("type") in TICKED:
            if "checked" in control.attributes:
                self._add(name, control.get("value", "on"))
        elif control.get("type") not in ("file", "submit", "button"):
            self.values[name] = control.get("value")

    def _add(self, name: str, value: str) -> None:
        earlier = self.values.get(name)
        self.values[name] = [earlier, value] if isinstance(earlier, str) else value

    def _check_offered(self, name: str, value: Value) -> None:
        controls = [control for control in self.controls if control.get("name") == name]
        assert controls, (
            f"the form does not ask {name!r}, but {sorted({c.get('name') for c in self.controls})}"
        )
        offered: set[str] | None = None
        if controls[0].tag == "select":
            offered = {option.get("value") for option in controls[0].all("option")}
        elif controls[0].get("type") in TICKED:
            offered = {control.get("value", "on") for control in controls}
        wanted = set(value) if isinstance(value, list) else {value}
        assert offered is None or wanted <= offered, f"{name} offers {sorted(offered or ())}, not {value!r}"


class PageBrowser:
    """One browser with its cookies, in one language until told otherwise."""

    def __init__(self, app: Litestar, *, lang: str = "fr", address: str = "192.0.2.10") -> None:
        self.lang = lang
        transport = httpx.ASGITransport(app, client=(address, 50_000))
        self.http = httpx.AsyncClient(
            transport=transport,
            base_url="http://127.0.0.1:8000",
            follow_redirects=True,
            event_hooks={"response": [check_headers]},
        )
        self.response = httpx.Response(204)
        self.page = Element("", {})
        self._form: FilledForm | None = None

    async def open(self, path: str, **headers: str) -> Self:
        """Open a path of the portal without its language, or a whole one that begins with `!`."""
        return self._show(await self.http.get(self._whole(path), headers=headers))

    async def post(self, path: str, values: Mapping[str, Value], **headers: str) -> Self:
        """Send these values and nothing else: no token, no key."""
        return self._show(await self.http.post(self._whole(path), data=dict(values), headers=headers))

    def form(self, action: str | None = None) -> FilledForm:
        """The form of the page's content; with `action` the one, wherever it is, whose address ends so."""
        if action is not None:
            forms = [
                form
                for form in self.page.all("form")
                if form.get("action").partition("?")[0].endswith(action)
            ]
            assert forms, f"no form leads to {action!r}"
            self._form = FilledForm(forms[0])
        elif self._form is None:
            self._form = FilledForm(self.main.first("form"))
        return self._form

    def fill(self, **values: Value) -> Self:
        self.form().fill(**values)
        return self

    async def submit(self, button: str | None = None, **values: Value) -> Self:
        """Fill in `values`, press the button (its words or its value; else the first) and follow."""
        form = self.form()
        form.fill(**values).press(button)
        return await self.send(form)

    async def send(self, form: FilledForm) -> Self:
        """Send the form as it stands, without pressing anything."""
        target = str(self.response.url.join(form.action)) if form.action else str(self.response.url)
        if form.method == "get":
            return self._show(await self.http.get(target.partition("?")[0], params=_plain(form.values)))
        data, files = _split(form.values)
        upload = files or ({"": ("", b"", "application/octet-stream")} if form.is_upload else None)
        return self._show(await self.http.post(target, data=data, files=upload))

    async def follow(self, words: str) -> Self:
        """Follow the link that reads so."""
        links = [link for link in self.page.all("a") if link.text == words]
        assert links, f"no link {words!r} among {sorted({link.text for link in self.page.all('a')})}"
        return self._show(await self.http.get(str(self.response.url.join(links[0].get("href")))))

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def path(self) -> str:
        """Where the browser is, without the language."""
        return "/" + self.response.url.path.split("/", 2)[2]

    @property
    def main(self) -> Element:
        return self.page.first("main")

    @property
    def text(self) -> str:
        return self.main.text

    def says(self, sentence: str) -> bool:
        """Whether the page says this sentence, given in English as the templates do, in the browser's language."""
        return " ".join(gettext(self.lang, sentence).split()) in self.text

    @property
    def title(self) -> str:
        return self.page.first("title").text

    @property
    def heading(self) -> str:
        return self.main.first("h1").text

    @property
    def errors(self) -> dict[str, str]:
        """The error summary: each field with its sentence."""
        summary = next(self.page.all(class_="error-summary"), None)
        return {} if summary is None else {link.get("href")[1:]: link.text for link in summary.all("a")}

    @property
    def links(self) -> list[str]:
        return [link.get("href") for link in self.page.all("a")]

    def _whole(self, path: str) -> str:
        return path[1:] if path.startswith("!") else f"/{self.lang}{path}"

    def _show(self, response: httpx.Response) -> Self:
        self.response, self._form = response, None
        is_html = response.headers.get("content-type", "").startswith("text/html")
        self.page = read_html(response.text) if is_html else Element("", {})
        return self

    async def close(self) -> None:
        await self.http.aclose()


def _plain(values: Mapping[str, Value]) -> dict[str, str | list[str]]:
    return {name: value for name, value in values.items() if not isinstance(value, tuple)}


def _split(values: Mapping[str, Value]) -> tuple[dict[str, str | list[str]], dict[str, Upload]]:
    return _plain(values), {name: value for name, value in values.items() if isinstance(value, tuple)}
