"""Serialization: results and training states as arrays and metadata, for files and for messages.

A result is a frozen dataclass, a tuple or a mapping of arrays, plain values and such results. Its arrays become the
arrays of `Contents`, named by their path in the result; everything else becomes JSON in `metadata["result"]`. Runs and
training states have a format of their own, since training resumes from it bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import torch

from normscape.jobs.store.files import Arrays, Contents
from normscape.landscape import Run
from normscape.landscape.training.history import History, Record, history_of
from normscape.landscape.training.state import Checkpoint, State
from normscape.specs import RunSpec


def serialize(result: Any) -> Contents:
    """Return a result, a run, or a training state as arrays and metadata.

    Raises:
        TypeError: the result contains a value that cannot be serialized.
    """
    if isinstance(result, State):
        return serialize_state(result)
    if isinstance(result, Run):
        return serialize_run(result)
    arrays: dict[str, np.ndarray] = {}
    return Contents(arrays, {"result": _encoded(result, "", arrays)})


def deserialize(expected: Any, contents: Contents) -> Any:
    """Return the result that `serialize` was given; runs and training states have functions of their own.

    Args:
        expected: the type of the result, as in an annotation.
        contents: arrays and metadata.
    """
    return _decoded(expected, contents.metadata["result"], contents.arrays)


def _encoded(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return a value as JSON; its arrays go to `arrays`, and are replaced by their path."""
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return path
    if is_dataclass(value):
        return {f.name: _encoded(getattr(value, f.name), _below_path(path, f.name), arrays) for f in fields(value)}
    if isinstance(value, Mapping):  # as pairs: JSON files are written with sorted keys
        return [[key, _encoded(item, _below_path(path, key), arrays)] for key, item in value.items()]
    if isinstance(value, tuple):
        return [_encoded(item, _below_path(path, number), arrays) for number, item in enumerate(value)]
    return _plain(value)


def _below_path(path: str, name: object) -> str:
    return f"{path}/{name}" if path else str(name)


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, str | int | float | bool | NoneType):
        raise TypeError(f"a result cannot contain {value!r}: only dataclasses, arrays, tuples, mappings, plain values")
    return value


def _decoded(expected: Any, value: Any, arrays: Arrays) -> Any:
    """Return the value of an annotated type that `_encoded` has encoded."""
    if expected is np.ndarray:
        return arrays[value]
    if is_dataclass(expected):
        types = get_type_hints(expected)
        return expected(**{name: _decoded(types[name], item, arrays) for name, item in value.items()})  # type: ignore[operator]
    arguments, origin = get_args(expected), get_origin(expected)
    if origin is tuple:
        types_of_items = [arguments[0]] * len(value) if arguments[-1] is ... else arguments
        return tuple(_decoded(one, item, arrays) for one, item in zip(types_of_items, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _decoded(arguments[1], item, arrays) for key, item in value}
    if NoneType in arguments:
        return None if value is None else _decoded(_not_none(arguments), value, arrays)
    return value


def _not_none(arguments: Iterable[Any]) -> Any:
    (expected,) = (argument for argument in arguments if argument is not NoneType)
    return expected


def serialize_state(state: State) -> Contents:
    """Return everything that training resumes from."""
    arrays = {f"now/{name}": tensor.numpy() for name, tensor in state.tensors.items()}
    arrays |= _checkpoint_arrays(state.checkpoints) | _history_arrays(history_of(state.records, state.batch_loss))
    plain: list[list[Any]] = []
    for number, values in state.optimizer["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                arrays[f"optimizer/{number}/{name}"] = value.numpy()
            else:
                plain.append([number, name, value])
    metadata = {
        "step": state.step,
        "finished": state.finished,
        "diverged_at": state.diverged_at,
        "optimizer": plain,
        "groups": state.optimizer["param_groups"],
    }
    return Contents(arrays, metadata)


def deserialize_state(spec: RunSpec, contents: Contents) -> State:
    """Return the state that `serialize_state` was given."""
    arrays, metadata = contents
    return State(
        spec,
        metadata["step"],
        {name: _tensor(array) for name, array in _below(arrays, "now").items()},
        {"state": _optimizer_state(contents), "param_groups": list(map(_group, metadata["groups"]))},
        _checkpoints(arrays),
        tuple(_records(_below(arrays, "history"))),
        np.array(arrays.get("history/batch_loss", ())),
        metadata["diverged_at"],
    )


def serialize_run(run: Run) -> Contents:
    """Return weights and buffers of every checkpoint, and the training curves."""
    arrays = _checkpoint_arrays(run.checkpoints) | _history_arrays(run.history)
    return Contents(arrays, {"diverged_at": run.diverged_at})


def deserialize_run(spec: RunSpec, contents: Contents) -> Run:
    """Return the run that `serialize_run` was given; its weights are the arrays themselves, not copies."""
    history = History(**{name: np.array(array) for name, array in _below(contents.arrays, "history").items()})
    return Run(spec, _checkpoints(contents.arrays), history, contents.metadata["diverged_at"])


def abridged_run(contents: Contents) -> Contents:
    """Return a serialized run without weights and buffers; its training curves and the steps of its checkpoints stay.

    No job can start from it: `Store.is_abridged` tells.
    """
    arrays = {f"checkpoint/{step}/": np.zeros(0, np.float32) for step in sorted(checkpoint_steps(contents))}
    history = {path: array for path, array in contents.arrays.items() if path.startswith("history/")}
    return Contents(arrays | history, {**contents.metadata, "abridged": True})


def run_of_state(contents: Contents) -> Contents:
    """Return the run of a serialized training state."""
    heads = ("checkpoint/", "history/")
    arrays = {name: array for name, array in contents.arrays.items() if name.startswith(heads)}
    return Contents(arrays, {"diverged_at": contents.metadata["diverged_at"]})


def history_arrays(state: Contents) -> Arrays:
    """Return the training curves of a serialized training state or run, by their names in `History`."""
    return _below(state.arrays, "history")


def checkpoint_steps(contents: Contents) -> frozenset[int]:
    """Return the steps of the checkpoints in a serialized training state or run."""
    return frozenset(int(path.split("/")[1]) for path in contents.arrays if path.startswith("checkpoint/"))


def _optimizer_state(contents: Contents) -> dict[int, dict[str, Any]]:
    state: dict[int, dict[str, Any]] = {}
    for number, name, value in contents.metadata["optimizer"]:
        state.setdefault(number, {})[name] = value
    for path, array in _below(contents.arrays, "optimizer").items():
        number, _, name = path.partition("/")
        state.setdefault(int(number), {})[name] = _tensor(array)
    return state


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter group as it was before JSON, which has lists in place of tuples."""
    tuples = {name: tuple(value) if isinstance(value, list) else value for name, value in group.items()}
    return {**tuples, "params": list(group["params"])}


def _checkpoint_arrays(checkpoints: Iterable[Checkpoint]) -> dict[str, np.ndarray]:
    return {f"checkpoint/{c.step}/{name}": array for c in checkpoints for name, array in c.tensors.items()}


def _checkpoints(arrays: Arrays) -> tuple[Checkpoint, ...]:
    tensors: dict[int, dict[str, np.ndarray]] = {}
    for path, array in _below(arrays, "checkpoint").items():
        step, _, name = path.partition("/")
        kept = tensors.setdefault(int(step), {})
        if name:  # an abridged run has none
            kept[name] = array
    return tuple(Checkpoint(step, tensors[step]) for step in sorted(tensors))


def _history_arrays(history: History) -> dict[str, np.ndarray]:
    return {f"history/{field.name}": getattr(history, field.name) for field in fields(history)}


def _records(history: Mapping[str, np.ndarray]) -> Iterable[Record]:
    unknown = np.zeros_like(history["step"])  # a state that an earlier version has stored
    columns = [history.get(field.name, unknown) for field in fields(Record)]
    for step, samples, *values in zip(*columns, strict=True):
        yield Record(int(step), int(samples), *map(float, values))


def _below(arrays: Arrays, head: str) -> dict[str, np.ndarray]:
    return {name[len(head) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{head}/")}


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array))
