"""Names of environment variables, which is how a policy speaks of secrets."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        # What stands here instead is likely the secret itself, so it is not shown.
        raise PydanticCustomError("variable", "it must be the name of an environment variable, never its value")
    return text


EnvironmentVariable = Annotated[str, AfterValidator(_variable)]
