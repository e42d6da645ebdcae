"""What can be asked of any page in a browser."""

from __future__ import annotations

from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Whatever axe finds wrong, in full; what it finds right, and would take most of its time to describe, is left out.
ONLY_WRONG: Final = {"resultTypes": ["violations"]}

# Elements that reach over the edge of the screen without an ancestor that scrolls by itself.
OVERFLOW = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const over = [...document.body.querySelectorAll('*')].filter(each => {
        const box = each.getBoundingClientRect();
        return box.width && (box.right > width + 1 || box.left < -1);
    });
    return ['' + document.documentElement.scrollWidth, ...over.slice(-4).map(each => each.outerHTML.slice(0, 120))];
}"""

# Text that is read in the language of the page: no names, no numbers, nothing that is marked as another language.
OWN_WORDS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
        const within = walker.currentNode.parentElement;
        const names = '[name=region], [name=province], [name=commune]';
        const other = within.closest('bdi, kbd, script, style, [lang]:not(html), ' + names);
        if (!other) found.push(walker.currentNode.textContent);
    }
    return found.join('\\n');
}"""


def overflow(page: Page) -> list[str]:
    """What makes the page wider than the screen; nothing, if it fits."""
    found: list[str] = page.evaluate(OVERFLOW)
    return found


def own_words(page: Page) -> str:
    text: str = page.evaluate(OWN_WORDS)
    return text


def violations(page: Page) -> list[str]:
    """What keeps somebody from using the page, each kind with the first element that does."""
    found = Axe().run(page, options=ONLY_WRONG).response["violations"]
    return [f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}" for each in found]
