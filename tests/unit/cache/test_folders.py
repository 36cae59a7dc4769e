"""The user's folders are those that platformdirs names."""

from __future__ import annotations

from typing import Literal

import platformdirs
import pytest

from nbnodes.cache.folders import user_folder

SAID = {"cache": platformdirs.user_cache_dir, "data": platformdirs.user_data_dir}


@pytest.mark.parametrize("value", [None, "", " ", "/elsewhere", "relative"])
@pytest.mark.parametrize("kind", ["cache", "data"])
def test_they_are_where_platformdirs_says(
    monkeypatch: pytest.MonkeyPatch, kind: Literal["cache", "data"], value: str | None
) -> None:
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    assert user_folder(kind) == SAID[kind]("nbnodes", appauthor=False)
