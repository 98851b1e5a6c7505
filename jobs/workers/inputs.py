"""The inputs of a measurement on a worker: runs, slices and training states, from the store or from the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from normscape.jobs.job_spec import Job
from normscape.jobs.lru_cache import LRUCache
from normscape.jobs.serialization import checkpoint_steps, deserialize, deserialize_run, deserialize_state, run_of_state
from normscape.jobs.store.files import Arrays, Contents, unchanged
from normscape.jobs.store.store import Store
from normscape.landscape import Plane, Run, slice_of
from normscape.landscape.measurement import Piece
from normscape.landscape.paths.bezier import CurveState, CurveTrainer
from normscape.landscape.paths.connectivity import curve_trainer
from normscape.landscape.surface import Slice
from normscape.landscape.training.trainer import Trainer
from normscape.specs import CenteredPlaneSpec, RunSpec, spec_hash
from normscape.specs.surface import ALONG_EIGENVECTORS

CAPACITY = 6
"""Runs and slices that a worker keeps; a slice keeps gradients of its last points."""

_CACHE: LRUCache[Any] = LRUCache(CAPACITY)
_TRAINERS: LRUCache[Any] = LRUCache(2)


class RunNotFound(LookupError):  # noqa: N818 - reads as the sentence it is
    """The run of a job is neither in the store nor in the message."""


class WorkerInputs:
    """Access to the inputs of one piece."""

    def __init__(self, folder: Path | None, sent: Mapping[str, Contents]) -> None:
        """Use the folder of the store, and what the message contains.

        Args:
            folder: of the store; None if this worker cannot read it.
            sent: serialized runs and training states, by the key of their jobs.
        """
        self._store = None if folder is None else Store(folder, 2**62)  # a worker writes nothing, so nothing is evicted
        self._sent = sent

    def run(self, spec: RunSpec, checkpoint: int | None = None) -> Run:
        """Return a trained run.

        Args:
            spec: the run.
            checkpoint: the only step that is needed; training may then continue, and the run is what it has kept.

        Raises:
            RunNotFound: it is neither in the store nor in the message.
        """
        key = Job("run", spec).key
        kept: tuple[Run, Arrays] | None = _CACHE.get(("run", key))
        if kept is not None and unchanged(kept[1]):
            return kept[0]
        contents, complete = self._contents(key, checkpoint)
        run = deserialize_run(spec, contents if complete else run_of_state(contents))
        if complete:
            _CACHE.put(("run", key), (run, contents.arrays))
        return run

    def runs(self, specs: Sequence[RunSpec]) -> tuple[Run, ...]:
        """Return trained runs, as `run`."""
        return tuple(map(self.run, specs))

    def slice(self, job: Job) -> Slice:
        """Return the slice of a job; all grids on a slice share the values of its points."""
        question: Any = job.question
        key = ("slice", *map(spec_hash, (job.run, question.evaluation, question.plane)))

        def create() -> Slice:
            run, plane = self.run(job.run, job.checkpoint), self._stored_plane(job)
            others = self.runs(question.plane.others)
            return slice_of(run, question.evaluation, question.plane, plane=plane, others=others)

        shared: Slice = _CACHE.get_or_create(key, create)
        return shared

    def _stored_plane(self, job: Job) -> Plane | None:
        """Return the plane of a slice along eigenvectors if the store has it: it takes as long as many points."""
        question: Any = job.question
        evaluation, plane = question.evaluation, question.plane
        if self._store is None or plane.directions not in ALONG_EIGENVECTORS:
            return None
        own = Job("plane", job.run, CenteredPlaneSpec(evaluation.checkpoint, plane, evaluation))
        contents = self._store.get(own.key)
        if contents is None:
            return None
        found: tuple[Plane, tuple[str, ...]] = deserialize(tuple[Plane, tuple[str, ...]], contents)
        return found[0]

    def trainer(self, job: Job, piece: Piece) -> Trainer:
        """Return the trainer that has taken the steps before a piece: the one in memory, or one from the last state."""
        trainer: Trainer | None = _TRAINERS.get(job.key)
        if trainer is None or trainer.step != piece.first:
            contents = self._state(job)
            trainer = Trainer(job.run, None if contents is None else deserialize_state(job.run, contents))
            _TRAINERS.put(job.key, trainer)
        return trainer

    def curve_trainer(self, job: Job, piece: Piece) -> CurveTrainer:
        """Return the trainer of a curve that has taken the steps before a piece, as `trainer`."""
        trainer: CurveTrainer | None = _TRAINERS.get(job.key)
        if trainer is None or trainer.step != piece.first:
            question: Any = job.question
            trainer = curve_trainer(self.run(job.run), self.runs(question.others), question, self.curve(job))
            _TRAINERS.put(job.key, trainer)
        return trainer

    def curve(self, job: Job) -> CurveState | None:
        """Return the state of a curve's training, None before its first piece."""
        contents = self._state(job) if job.steps else None
        return None if contents is None else deserialize(CurveState, contents)

    def _state(self, job: Job) -> Contents | None:
        """Return the serialized state of a training at the end of its last piece."""
        contents = self._sent.get(job.key)
        return self._store.pieces(job.key).get("state") if contents is None and self._store is not None else contents

    def _contents(self, key: str, checkpoint: int | None) -> tuple[Contents, bool]:
        """Return a serialized run, or a state of training that has a checkpoint, and whether it is the run."""
        training: Contents | None = None
        for _ in range(2):  # training may end, and remove its state, between the two lookups
            contents = self._sent.get(key) or (None if self._store is None else self._store.get(key))
            if contents is not None and "finished" not in contents.metadata:
                return contents, True
            training = contents or (None if self._store is None else self._store.pieces(key).get("state"))
            if training is not None and checkpoint in checkpoint_steps(training):
                return training, False
        raise RunNotFound(f"the run {key} is neither in the store nor in the message")
