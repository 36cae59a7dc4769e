"""A large value on its way back from an isolated call, beside base64 among a kernel's outputs."""

from __future__ import annotations

import base64
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

from benchmarks import notebooks, peers
from benchmarks.contest import Group, Reading, Timed, faster
from benchmarks.isolated import PAUSE_S

_OURS, _BASE64 = "way back, isolated", "way back, base64 of a warm kernel"


def value_groups(folder: str) -> Iterator[Group]:
    """Yield the way back (from the frame's making to its use here), and the whole call."""
    import nbnodes as nb

    path = notebooks.write(folder, "frame", notebooks.FRAME)
    shown = notebooks.write(folder, "frame_shown", notebooks.FRAME_SHOWN)
    with ExitStack() as stack:
        model = stack.enter_context(nb.Session(cache=False)).model(path)
        warm = stack.enter_context(closing(peers.WarmKernel(shown)))
        ours: Callable[[], Any] = partial(_returned, model)
        theirs: Callable[[], Any] = partial(_decoded, warm)
        yield Group(
            name="40 MB DataFrame back",
            contenders=(
                Reading(name=_OURS, read=partial(_way_back_ms, ours)),
                Reading(name=_BASE64, read=partial(_way_back_ms, theirs)),
                Timed(name="whole call, isolated", run=ours, pause_s=PAUSE_S),
                Timed(name="whole call, base64 of a warm kernel", run=theirs),
            ),
            goals=(faster(_OURS, _BASE64, 18),),
        )


def _returned(model: Any) -> Any:
    return model.run(engine="fork", cache=False).value


def _decoded(warm: peers.WarmKernel) -> Any:
    text = warm().cells[-1].outputs[0]["data"]["application/x-pickle"]
    return pickle.loads(base64.b64decode(text))  # noqa: S301  # from a kernel of ours


def _way_back_ms(call: Callable[[], Any]) -> float:
    """Return the time from the making to when every page has been looked at: a map is no answer."""
    time.sleep(PAUSE_S)
    frame = call()
    frame.to_numpy()[::50].sum()
    return 1000 * (time.monotonic() - float(frame.attrs["made_at"]))
