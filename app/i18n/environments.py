"""One Jinja environment a language, with its sentences resolved when a template is compiled."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer

from app.i18n.catalogues import gettext, ngettext
from app.i18n.formats import format_date, format_datetime, format_exact, format_mad
from app.i18n.labels import label
from app.i18n.locales import LOCALES
from app.static_files import static
from identity.people.number_rules import number_rules
from notifications.country import country
from registry.profiles import profile

TEMPLATES_DIR = Path(__file__).parent.parent / "templates"


class _Translator(NodeTransformer):
    """Replace every gettext call on a constant by the sentence itself.

    A page speaks some hundred sentences; looked up at each request they cost more than all its queries.
    """

    def __init__(self, code: str) -> None:
        self.code = code

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 -- the name Jinja looks for
        self.generic_visit(node)
        if (
            isinstance(node.node, nodes.Name)
            and node.node.name in ("_", "gettext")
            and len(node.args) == 1
            and isinstance(node.args[0], nodes.Const)
        ):
            return nodes.Const(gettext(self.code, node.args[0].value), lineno=node.lineno)
        return node


class TranslatedEnvironment(Environment):
    """A Jinja environment whose templates are compiled in one language."""

    def __init__(self, code: str, **options: Any) -> None:
        super().__init__(extensions=["jinja2.ext.i18n"], **options)
        self.code = code

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals as a plain dictionary: ours are complete before the first template is loaded, and Jinja's chain
        of mappings would be walked again for every name of every include."""
        return dict(self.globals, **(d or {}))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Translator(self.code).visit(super()._parse(source, name, filename))
        return tree


def environment(code: str) -> TranslatedEnvironment:
    """The environment of a language in the country in use.

    Its templates and macros see `lang`, `dir`, `locales`, `static`, `url`, and of the country
    its `profile` and `identifier_digits`.
    """
    return _environment(code, country().code)


@cache
def _environment(code: str, of_country: str) -> TranslatedEnvironment:
    locale = LOCALES[code]
    env = TranslatedEnvironment(
        code,
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    # Sentences may span lines in a template; the catalogues have them on one (as pyproject.toml has them extracted).
    env.policies["ext.i18n.trimmed"] = True
    translate: Callable[[str], str] = partial(gettext, code)
    env.install_gettext_callables(translate, partial(ngettext, code), newstyle=False)  # type: ignore[attr-defined]
    env.globals |= {
        "_": translate,
        "lang": code,
        "dir": locale.dir,
        "locales": list(LOCALES.values()),
        "static": static,
        "profile": profile(of_country),
        "identifier_digits": number_rules().identifier.digits,
        "url": lambda path: f"/{code}{path}",
    }
    env.filters |= {
        "date": partial(format_date, locale=locale),
        "datetime": partial(format_datetime, locale=locale),
        "number": format_exact,
        "mad": partial(format_mad, locale=locale),
        "label": partial(label, code),
    }
    return env
