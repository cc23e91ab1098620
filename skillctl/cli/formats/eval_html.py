"""Evaluations as one page for a browser: nothing is loaded from anywhere, and nothing runs but the page's own script.

What somebody else wrote is escaped wherever it stands; the policy of the page would refuse it even where it were not.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from skillctl.cli.formats import eval_page
from skillctl.cli.formats import eval_words as words
from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import SuiteReport
from skillctl.domain.evidence import Outcome

_SIGNS = {"passed": "✓", "failed": "✗", "errored": "!", "regressed": "↓", "underpowered": "?"}


def text(suites: Sequence[SuiteReport]) -> str:
    """The whole page, to be written as UTF-8; what it has no room for, it counts."""
    from importlib.resources import files

    from jinja2 import Environment, PackageLoader, StrictUndefined

    folder = files("skillctl.cli.formats")
    style, script = ((folder / name).read_text("utf-8") for name in ("eval.css", "eval.js"))
    environment = Environment(
        loader=PackageLoader("skillctl.cli", "formats"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_for_the_eye,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("eval.html.j2").render(
        page=eval_page.page(suites),
        suites=suites,
        words=words,
        Arm=Arm,
        outcomes=tuple(Outcome),
        signs=_SIGNS,
        style=style,
        script=script,
        policy=_policy(style, script),
    )


def _for_the_eye(value: Any) -> Any:
    """What any expression of the template gives, before Jinja escapes it for HTML."""
    return eval_page.visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _policy(style: str, script: str) -> str:
    """What the page may do, by https://www.w3.org/TR/CSP3/: be styled and run by exactly these two texts."""
    allowed = (f"style-src '{_hash(style)}'", f"script-src '{_hash(script)}'")
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def _hash(inline: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
