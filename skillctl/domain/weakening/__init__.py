"""What a change does to the tests and rules that it must pass itself: weaker, stricter, or other.

Whatever is not surely as strict as before is weakened; two spellings of the same are no change.
"""

from skillctl.domain.weakening.change import Change
from skillctl.domain.weakening.gates import tag_changes
from skillctl.domain.weakening.policy import policy_changes
from skillctl.domain.weakening.suite import attached_changes, suite_changes

__all__ = ["Change", "attached_changes", "policy_changes", "suite_changes", "tag_changes"]
