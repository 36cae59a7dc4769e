"""Whatever happens to jobs and their servers: states move forward, nothing acknowledged is lost."""

from __future__ import annotations

import shutil
import tempfile
from typing import Any

from by_hand import ByHand, kill, look, unwatched
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from nbnodes.engines.engine import Progress
from nbnodes.jobs.job import ENDED, JobEvent
from nbnodes.jobs.jobs import Jobs

RANKS = {"queued": 0, "running": 1} | dict.fromkeys(ENDED, 2)
SERVERS = st.sampled_from([0, 1])
NODES = st.sampled_from(["a", "b"])
STATES = st.sampled_from(["queued", "running", "fresh"])
VALUES = st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(), max_size=2)
CALLS = st.tuples(st.text(min_size=1, max_size=5), VALUES)


class TwoServers(RuleBasedStateMachine):
    """Two servers share a file. What one was told once, each of them says ever after."""

    submitted = Bundle("submitted")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.servers = [self.opened(), self.opened()]
        self.runs: dict[str, tuple[int, ByHand]] = {}  # those that have a live server
        self.known: dict[str, tuple[str, dict[str, Any]]] = {}
        self.states: dict[str, str] = {}
        self.events: dict[str, list[JobEvent]] = {}

    def opened(self) -> Jobs:
        return unwatched(Jobs(f"{self.folder}/jobs.sqlite", keep_s=1e9))

    @rule(target=submitted, server=SERVERS, call=CALLS)
    def submit(self, server: int, call: tuple[str, dict[str, Any]]) -> str:
        run = ByHand()
        job = self.servers[server].submit(*call, run.start)
        self.runs[job.id], self.known[job.id], self.events[job.id] = (server, run), call, []
        self.states[job.id] = "queued"
        return job.id

    @rule(target=submitted, server=SERVERS, call=CALLS, key=st.sampled_from("xy"))
    def submit_again(self, server: int, call: tuple[str, dict[str, Any]], key: str) -> Any:
        run = ByHand()
        words = {"idempotency_key": f"{key} {call!r}"}
        job = self.servers[server].submit(*call, run.start, **words)
        assert (job.id in self.known) == (not hasattr(run, "report"))
        if job.id in self.known:
            return multiple()
        self.runs[job.id], self.known[job.id], self.events[job.id] = (server, run), call, []
        self.states[job.id] = "queued"
        return job.id

    def run_of(self, job: str) -> ByHand | None:
        run = self.runs.get(job, (0, None))[1]
        return None if run is None or run.future.done() else run

    @rule(job=submitted)
    def begin(self, job: str) -> None:
        run = self.run_of(job)
        if run and not run.future.running():
            run.begin()

    @rule(job=submitted, done=st.integers(0, 9))
    def progress(self, job: str, done: int) -> None:
        if run := self.run_of(job):
            run.report.on_progress(Progress(done=done, total=9))

    @rule(job=submitted, name=NODES, state=STATES)
    def node(self, job: str, name: str, state: str) -> None:
        if run := self.run_of(job):
            run.report.on_node(name, state)

    @rule(job=submitted, is_good=st.booleans())
    def end(self, job: str, is_good: bool) -> None:
        if run := self.run_of(job):
            run.succeed() if is_good else run.fail()
            self.expect(job, "done" if is_good else "failed")

    @rule(job=submitted, server=SERVERS)
    def cancel(self, job: str, server: int) -> None:
        owner, run = self.runs.get(job, (server, None))
        self.servers[server].cancel(job)
        if run and owner == server and not run.future.done():
            raise AssertionError("a run that is cancelled stops")

    @rule(server=SERVERS)
    def look(self, server: int) -> None:
        look(self.servers[server])

    @rule(server=SERVERS, is_killed=st.booleans())
    def restart(self, server: int, is_killed: bool) -> None:
        kill(self.servers[server]) if is_killed else self.servers[server].close()
        self.servers[server] = self.opened()
        for job, (owner, _) in list(self.runs.items()):
            if owner == server:
                del self.runs[job]
                if self.states[job] not in ENDED:
                    other = self.servers[1 - server].get(job).state
                    assert other in ENDED
                    assert self.servers[server].get(job).state == other

    def expect(self, job: str, state: str) -> None:
        assert [server.get(job).state for server in self.servers] == [state] * 2

    @invariant()
    def all_that_was_acknowledged_is_there(self) -> None:
        for server in getattr(self, "servers", ()):
            jobs = {job.id: job for job in server.all(limit=10_000)}
            assert {id_: (job.endpoint, job.values) for id_, job in jobs.items()} == self.known

    @invariant()
    def states_move_forward(self) -> None:
        for job, before in getattr(self, "states", {}).items():
            states = [server.get(job).state for server in self.servers]
            for state in states:
                assert state == before or RANKS[state] > RANKS[before]
            self.states[job] = max(states, key=RANKS.__getitem__)

    @invariant()
    def events_only_grow_and_have_no_gap(self) -> None:
        for job, before in getattr(self, "events", {}).items():
            events = self.servers[0].events(job)
            assert events[: len(before)] == before
            assert [event.number for event in events] == list(range(1, len(events) + 1))
            assert events[0].data["state"] == "queued"
            is_ended = self.servers[0].get(job).is_ended
            assert [event.kind == "end" for event in events] == [
                *[False] * (len(events) - 1),
                is_ended,
            ]
            self.events[job] = events

    def teardown(self) -> None:
        for server in getattr(self, "servers", ()):
            server.close()
        shutil.rmtree(getattr(self, "folder", ""), ignore_errors=True)


TwoServers.TestCase.settings = settings(
    deadline=None, derandomize=True, max_examples=30, stateful_step_count=25
)
TestTwoServers = TwoServers.TestCase
