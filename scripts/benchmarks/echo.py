"""A tornado server that answers with the query of the request: the floor of what ours can take."""

from __future__ import annotations

import asyncio
import sys

from tornado.web import Application, RequestHandler


class Echo(RequestHandler):
    """Answers with the query."""

    def get(self) -> None:
        """Do it."""
        _ = self.finish(self.request.query)


async def main() -> None:
    """Listen on the port that the command line names."""
    Application([("/echo", Echo)], log_function=lambda _: None).listen(
        int(sys.argv[1]), "127.0.0.1"
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
