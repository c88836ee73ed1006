"""What was written and read, and what must therefore hold: each broken promise is a sentence."""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum

from coherent import Version, bound_of, version_of
from rawhttp import Answer

#: Nodes and this program look at clocks of whole milliseconds, at the beginning of a turn.
CLOCK_SECONDS = 0.005
#: Problems told of in full; the rest is counted.
PROBLEMS_MAX = 20


class Outcome(Enum):
    """What the writer knows."""

    UNKNOWN = "unknown"
    ACKNOWLEDGED = "acknowledged"
    #: It must have left nothing, anywhere.
    REFUSED = "refused"


@dataclass
class Write:
    """One write: its value is unlike that of any other; none for a deletion."""

    key: str
    value: str | None
    slot: int
    incarnation: int
    ack: str
    cycle: int
    started: float
    finished: float = 0.0
    outcome: Outcome = Outcome.UNKNOWN
    version: Version | None = None

    def is_before(self, other: Write) -> bool:
        """Whether it is certain that the root committed this one before the other."""
        if self.cycle < other.cycle:
            return True
        if self.version and other.version:
            return self.version < other.version
        if self.outcome is not Outcome.ACKNOWLEDGED or self.finished > other.started:
            return False
        # A node's writes keep their order; elsewhere it counts when the root had it.
        is_same_node = (self.slot, self.incarnation) == (other.slot, other.incarnation)
        return is_same_node or self.ack == "root"

    def __str__(self) -> str:
        version = f", version {self.version.tag}" if self.version else ""
        return (
            f"{self.value or 'deletion'} at NODE-{self.slot} (ack={self.ack},"
            f" {self.outcome.value} after {(self.finished - self.started) * 1000:.0f} ms{version})"
        )


@dataclass
class Death:
    """A process that ended: with `kill -9`, or (`is_orderly`) after it was asked to."""

    slot: int
    time: float
    is_orderly: bool


@dataclass
class Counts:
    writes: int = 0
    acknowledged: int = 0
    excused: int = 0
    reads: int = 0
    answered: int = 0
    stale: int = 0


@dataclass
class History:
    """All writes of the present cycle and the last of each key, and what was read."""

    bounded: bool = True
    cycle: int = 0
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0
    counts: Counts = field(default_factory=Counts)
    deaths: list[Death] = field(default_factory=list)
    writes: dict[str, list[Write]] = field(default_factory=lambda: defaultdict(list))
    #: By key and value.
    made: dict[tuple[str, str], Write] = field(default_factory=dict)
    #: What a version of a key is: every node must say the same.
    contents: dict[tuple[str, Version], str | None] = field(default_factory=dict)
    #: The version of each key's values, by epochs: a write is committed once.
    numbered: dict[tuple[str, str, int], tuple[Version, str]] = field(default_factory=dict)
    #: The newest version shown, by node, incarnation and key.
    shown: dict[tuple[int, int, str], Version] = field(default_factory=dict)
    #: Versions known to be committed, with the earliest time at which that was known; by key.
    committed: dict[str, list[tuple[Version, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    #: The last acknowledged write to a node's own key, by node and incarnation.
    own: dict[tuple[int, int], Write] = field(default_factory=dict)
    #: Versions that a conditional write has replaced, by key.
    replaced: dict[tuple[str, Version], Write] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def problem(self, sentence: str) -> None:
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(f"cycle {self.cycle}: {sentence}")

    # Writes

    def begin(self, write: Write) -> Write:
        self.counts.writes += 1
        self.writes[write.key].append(write)
        if write.value is not None:
            self.made[write.key, write.value] = write
        return write

    def end(self, write: Write, answer: Answer | None, now: float) -> None:
        write.finished = now
        if answer is None:
            return
        if answer.status == 200:
            self._acknowledged(write, answer)
        elif answer.status == 412 or b"nothing was changed" in answer.body:
            write.outcome = Outcome.REFUSED
        elif answer.status != 503:
            self.problem(f"the write {write} to {write.key} was answered {answer}")

    def _acknowledged(self, write: Write, answer: Answer) -> None:
        self.counts.acknowledged += 1
        write.outcome = Outcome.ACKNOWLEDGED
        write.version = version_of(answer)
        if write.version:
            self._check_content(write.key, write.version, write.value, f"the answer to {write}")
            bisect.insort(self.committed[write.key], (write.version, write.finished))
        if write.key == own_key(write.slot):
            self.own[write.slot, write.incarnation] = write

    def on_replaced(self, write: Write, expected: Version) -> None:
        """A write that was to replace one version alone has been acknowledged."""
        other = self.replaced.setdefault((write.key, expected), write)
        if other is not write:
            self.problem(f"{write} and {other} have both replaced {expected.tag} of {write.key}")

    # Reads

    def on_read(
        self, slot: int, incarnation: int, key: str, answer: Answer, asked: float
    ) -> Version | None:
        """Looks at an answer to a request that was sent at `asked`; gives its version."""
        self.counts.reads += 1
        if answer.status in (503, 504):
            return None
        where = (
            f"NODE-{slot} answered a read of {key} with {answer.status} {answer.body[:60]!r},"
            f" {answer.headers}"
        )
        if answer.status not in (200, 404):
            self.problem(where)
            return None
        self.counts.answered += 1
        value = value_of(answer)
        self._check_value(key, value, where)
        version = version_of(answer)
        self._check_own(slot, incarnation, key, value, asked, where)
        if version:
            self._check_content(key, version, value, where)
            self._check_order(slot, incarnation, key, version, where)
            self._check_bound(key, version, answer, asked, where)
        if "ttl=-" in answer.headers.get("cache-status", ""):
            self.counts.stale += 1
        return version

    def _check_value(self, key: str, value: str | None, where: str) -> None:
        if value is None:
            return
        write = self.made.get((key, value))
        if write is None:
            self.problem(f"{where}: nobody wrote that")
        elif write.outcome is Outcome.REFUSED:
            self.problem(f"{where}: that write was refused")

    def _check_content(self, key: str, version: Version, value: str | None, where: str) -> None:
        known = self.contents.setdefault((key, version), value)
        if known != value:
            self.problem(f"{where}: elsewhere this version is {known}")
        if value is None:
            return
        # Another incarnation of the root may be sent it again.
        place = (key, value, version.epoch)
        first, there = self.numbered.setdefault(place, (version, where))
        if first != version:
            self.problem(
                f"{where}: {self.made.get((key, value))} was committed before, as {first.tag}:"
                f" {there}"
            )

    def _check_order(
        self, slot: int, incarnation: int, key: str, version: Version, where: str
    ) -> None:
        place = (slot, incarnation, key)
        if version < self.shown.get(place, version):
            self.problem(f"{where}: it has shown {self.shown[place].tag} before")
        self.shown[place] = version

    def _check_bound(
        self, key: str, version: Version, answer: Answer, asked: float, where: str
    ) -> None:
        bound = bound_of(answer)
        if bound is None:
            if self.bounded:
                self.problem(f"{where}: it says no bound")
            return
        known = self.committed[key]
        newer = known[bisect.bisect_right(known, (version, float("inf"))) :]
        age = max((asked - when for _, when in newer), default=0.0)
        if age > bound + CLOCK_SECONDS:
            self.problem(f"{where}: it was overwritten {age:.3f} s before that was asked")

    def _check_own(
        self, slot: int, incarnation: int, key: str, value: str | None, asked: float, where: str
    ) -> None:
        if key != own_key(slot):
            return
        last = self.own.get((slot, incarnation))
        if last is None or last.finished > asked or self._root_died_since(last.started):
            return
        read = self.made.get((key, value)) if value is not None else None
        if read is not last and (read is None or read.started < last.started):
            self.problem(f"{where}: it had taken {last} before")

    # After a cycle

    def _root_died_since(self, time: float) -> bool:
        return any(death.slot == 1 and death.time >= time for death in self.deaths)

    def is_excused(self, write: Write) -> bool:
        """Whether a write may be lost although it was acknowledged, because all who had it died."""
        # The root keeps what it committed in its memory alone.
        if self._root_died_since(write.started):
            return True
        if write.ack == "root":
            return False
        killed = [d for d in self.deaths if not d.is_orderly and d.time >= write.started]
        own = [death for death in killed if death.slot == write.slot]
        if not own:
            return False
        if write.ack == "parent" or self._was_passed_on(write, own[0].time):
            return any(death.slot in ancestors(write.slot) for death in killed)
        return True

    def _was_passed_on(self, write: Write, death: float) -> bool:
        """Whether a later write of the node was taken by its parent before it died, and so all
        before it."""
        return any(
            later.slot == write.slot
            and later.incarnation == write.incarnation
            and later.ack != "local"
            and later.outcome is Outcome.ACKNOWLEDGED
            and write.finished <= later.started
            and later.finished <= death
            for writes in self.writes.values()
            for later in writes
        )

    def committed_range(self) -> tuple[int, int]:
        """The most and the least writes that the root has committed in this cycle."""
        writes = [w for writes in self.writes.values() for w in writes if w.cycle == self.cycle]
        refused = [write for write in writes if write.outcome is Outcome.REFUSED]
        certain = [
            write
            for write in writes
            if write.outcome is Outcome.ACKNOWLEDGED and not self.is_excused(write)
        ]
        return len(writes) - len(refused), len(certain)

    def check_key(self, key: str, value: str | None) -> None:
        """Looks at what the root has of a key now that all is quiet."""
        where = f"the root has {value} for {key}"
        self._check_value(key, value, where)
        for write in self.writes[key]:
            if write.outcome is not Outcome.ACKNOWLEDGED or write.cycle != self.cycle:
                continue
            if self._is_there_or_overwritten(write, value):
                continue
            if self.is_excused(write):
                self.counts.excused += 1
            else:
                self.problem(f"{where}, but not {write}")

    def _is_there_or_overwritten(self, write: Write, value: str | None) -> bool:
        if write.value == value:
            return True
        return any(
            other.value == value
            and other.outcome is not Outcome.REFUSED
            and not other.is_before(write)
            for other in self.writes[write.key]
        )

    def end_cycle(self, finals: dict[str, str | None]) -> None:
        """Forgets what counts no more. `finals`: what the root has of each key that goes on."""
        self.deaths.clear()
        for key in [key for key in self.writes if key not in finals]:
            for write in self.writes.pop(key):
                self.made.pop((key, write.value or ""), None)
            self.committed.pop(key, None)
        for key, value in finals.items():
            for write in self.writes[key]:
                if write.value is not None and write.value != value:
                    self.made.pop((key, write.value), None)
            self.writes[key] = [write for write in self.writes[key] if write.value == value][-1:]
            self.committed[key] = self.committed[key][-1:]
        self.own = {
            place: write
            for place, write in self.own.items()
            if finals.get(write.key) == write.value
        }
        self.replaced.clear()
        self.contents = {(k, v): c for (k, v), c in self.contents.items() if k in finals}
        self.numbered = {place: v for place, v in self.numbered.items() if place[0] in finals}
        self.shown = {place: v for place, v in self.shown.items() if place[2] in finals}


def value_of(answer: Answer) -> str | None:
    """What was read, without the blanks that made it long; none if there is no such key."""
    return answer.body.decode().rstrip(" ") if answer.status == 200 else None


def own_key(slot: int) -> str:
    """The key that one writer at this node writes, and nobody else."""
    return f"own-{slot}"


def ancestors(slot: int) -> set[int]:
    return {slot >> step for step in range(1, slot.bit_length())}
