"""A server's address becomes a Client: its models by name, its jobs by id."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

from nbnodes.client.calls import Calls, JobFuture
from nbnodes.client.connections import Connections, Request, address_of
from nbnodes.client.model import RemoteModel
from nbnodes.client.server import Server
from nbnodes.errors import ModelNotFoundError, UsageError


def connect(url: str, token: str | None = None, *, timeout_s: float = 60.0) -> Client:
    """Connect to a server of `nbnodes serve`, or to `/nbnodes/` of a Jupyter Server.

    Args:
        url: Its address, such as `http://localhost:8800/`; a token may stand in its query.
        token: What it lets in for.
        timeout_s: For how long it may say nothing, or be busy.

    Raises:
        ServerError: If nobody answers there, or does not let in.
        UsageError: If the address is none.
    """
    client = Client(url, token, timeout_s=timeout_s)
    try:
        _ = client.models
    except BaseException:
        client.close()
        raise
    return client


class Client:
    """A server's models, called like local ones. Safe from several threads.

    `client["fibonacci"]` is a model, and so is `client.fibonacci`. Made by `connect`.

    Args:
        url: As `connect`.
        token: As `connect`.
        timeout_s: As `connect`.

    Attributes:
        url: The server's address, without the token.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout_s: float = 60.0) -> None:
        if not timeout_s > 0:
            raise UsageError(f"timeout_s={timeout_s!r}: expected more than 0 seconds")
        address = address_of(url, token)
        self.url = address.url
        self._server = Server(Connections(address, timeout_s), timeout_s)
        self._calls = Calls(self._server)
        self._known: dict[str, RemoteModel] = {}

    @property
    def models(self) -> Mapping[str, RemoteModel]:
        """What the server lists, asked anew each time, by name."""
        told = self._server.told(Request(method="GET", path="api/models"))
        if "models" not in told:
            raise UsageError(f"{self.url} is no server of nbnodes: it tells of no models")
        found = {one["name"]: RemoteModel(self._calls, one) for one in told["models"]}
        self._known = found
        return MappingProxyType(found)

    def __getitem__(self, name: str) -> RemoteModel:
        """Return a model, which need not be listed.

        Raises:
            ModelNotFoundError: If there is none of that name.
        """
        known = self._known.get(name)
        if known is not None:
            return known
        reply = self._server.ask(Request(method="GET", path=f"api/models/{quote(name)}"))
        if reply.status == 404:  # noqa: PLR2004
            raise ModelNotFoundError(str(reply.told().get("detail")))
        if not reply.is_good:
            raise self._server.problem(reply, name)
        return self._known.setdefault(name, RemoteModel(self._calls, reply.told()))

    def __getattr__(self, name: str) -> RemoteModel:
        """Return a model whose name is no method here."""
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except ModelNotFoundError as error:
            raise AttributeError(str(error), name=name, obj=self) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *filter(str.isidentifier, self._known)]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._known)

    def job(self, job: str) -> JobFuture:
        """Follow a job that was submitted before, here or elsewhere.

        Raises:
            JobNotFoundError: If there is none of that id, by way of the future.
        """
        return self._calls.followed(job, f"job {job}", None)

    def close(self) -> None:
        """End all connections. Jobs go on; calls under way end in an error."""
        self._calls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"nbnodes.connect({self.url!r})"
