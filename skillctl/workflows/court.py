"""Court: what judges a change, put together where the program is wired."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field

from skillctl.domain.selection import Offer
from skillctl.workflows.aids import Aids
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.ports import Repository

if TYPE_CHECKING:
    from skillctl.workflows.rerun import Takes


class Court(Struct, frozen=True):
    """What judges: `scripts` names what runs scripts here; `offers` gives all that can be selected from a tree.

    With `takes` the cases that cost nothing are measured again; without it nothing is started. `aids` make a release
    faster.
    """

    repository: Repository
    signatures: Signatures
    scripts: str
    offers: Callable[[str], list[Offer]]
    takes: "Takes | None" = None
    aids: Aids = field(default_factory=Aids)
