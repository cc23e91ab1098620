"""Paths that stay in the folder they are relative to."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError


def _within(path: str) -> str:
    """A path that stays in the folder it is relative to."""
    if path.startswith("/") or "\\" in path or "\0" in path or {"", ".", ".."} & set(path.split("/")):
        raise PydanticCustomError("path", "`{path}` is not a path within the folder", {"path": path})
    return path


FilePath = Annotated[str, Field(max_length=255), AfterValidator(_within)]
