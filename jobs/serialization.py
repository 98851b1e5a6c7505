"""Results as arrays and a description, which is what files and wires carry, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any, get_args, get_type_hints

import numpy as np
import torch

from normscape.jobs.store.files import Arrays, Contents
from normscape.landscape import Check, Plane, RatioBySpacing, Run, Sharpness
from normscape.landscape.surface.auto_range import AutoRange
from normscape.landscape.training.history import History, Record, history_of
from normscape.landscape.training.loop import Checkpoint, State
from normscape.specs import RunSpec


def pack_state(state: State) -> Contents:
    """Return all that training goes on from."""
    arrays = {f"now/{name}": tensor.numpy() for name, tensor in state.tensors.items()}
    arrays |= _of_checkpoints(state.checkpoints) | _of_history(history_of(state.records))
    slots: dict[str, np.ndarray] = {}
    plain: list[list[Any]] = []
    for number, values in state.optimizer["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                slots[f"optimizer/{number}/{name}"] = value.numpy()
            else:
                plain.append([number, name, value])
    about = {
        "step": state.step,
        "diverged_at": state.diverged_at,
        "optimizer": plain,
        "groups": state.optimizer["param_groups"],
    }
    return Contents(arrays | slots, about)


def unpack_state(spec: RunSpec, packed: Contents) -> State:
    """Return what `pack_state` was given."""
    slots: dict[int, dict[str, Any]] = {}
    for number, name, value in packed.about["optimizer"]:
        slots.setdefault(number, {})[name] = value
    for path, array in _below(packed.arrays, "optimizer").items():
        number, _, name = path.partition("/")
        slots.setdefault(int(number), {})[name] = _tensor(array)
    groups = [{name: _tuple(value) for name, value in group.items()} for group in packed.about["groups"]]
    history = _below(packed.arrays, "history")
    return State(
        spec,
        packed.about["step"],
        {name: _tensor(array) for name, array in _below(packed.arrays, "now").items()},
        {"state": slots, "param_groups": [{**group, "params": list(group["params"])} for group in groups]},
        _checkpoints(packed.arrays),
        tuple(_records(history)),
        packed.about["diverged_at"],
    )


def pack_run(run: Run) -> Contents:
    """Return weights and buffers of every checkpoint, and the history."""
    return Contents(_of_checkpoints(run.checkpoints) | _of_history(run.history), {"diverged_at": run.diverged_at})


def unpack_run(spec: RunSpec, packed: Contents) -> Run:
    """Return a run whose weights lie where the arrays do."""
    history = History(**{name: np.array(array) for name, array in _below(packed.arrays, "history").items()})
    return Run(spec, _checkpoints(packed.arrays), history, packed.about["diverged_at"])


def pack_plane(plane: Plane, layers: Iterable[str]) -> Contents:
    """Return a plane, and the names of the network's layers."""
    about = {"kind": plane.kind, "scaling": plane.scaling, "seed": plane.seed, "marks": plane.marks}
    return Contents({"theta": plane.theta, "d1": plane.d1, "d2": plane.d2}, about | {"layers": list(layers)})


def unpack_plane(packed: Contents) -> tuple[Plane, tuple[str, ...]]:
    """Return what `pack_plane` was given."""
    about = packed.about
    marks = tuple((int(step), float(a), float(b)) for step, a, b in about["marks"])
    theta, d1, d2 = (packed.arrays[name] for name in ("theta", "d1", "d2"))
    plane = Plane(theta, d1, d2, kind=about["kind"], scaling=about["scaling"], seed=about["seed"], marks=marks)
    return plane, tuple(about["layers"])


def pack_value(value: Any) -> Contents:
    """Return what JSON can hold as it is."""
    return Contents({}, {"value": value})


def unpack_value(packed: Contents) -> Any:
    """Return what `pack_value` was given."""
    return packed.about["value"]


def pack_result(found: Any) -> Contents:
    """Return a frozen dataclass of arrays, plain values, and tuples of such dataclasses."""
    arrays: dict[str, np.ndarray] = {}
    return Contents(arrays, {"result": _told(found, "", arrays)})


def unpack_result(kind: type) -> Callable[[Contents], Any]:
    """Return what gives back what `pack_result` was given, for one class."""
    return lambda packed: _built(kind, packed.about["result"], packed.arrays)


def _told(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return path
    if is_dataclass(value):
        return {f.name: _told(getattr(value, f.name), f"{path}/{f.name}", arrays) for f in fields(value)}
    if isinstance(value, tuple):
        return [_told(item, f"{path}/{k}", arrays) for k, item in enumerate(value)]
    return value


def _built(kind: Any, told: Any, arrays: Arrays) -> Any:
    if kind is np.ndarray:
        return arrays[told]
    if is_dataclass(kind):
        types = get_type_hints(kind)
        values = {name: _built(types[name], value, arrays) for name, value in told.items()}
        return kind(**values)  # type: ignore[operator]
    if isinstance(told, list):
        inner, *others = get_args(kind)
        inside = [inner] * len(told) if others == [...] else [inner, *others]
        return tuple(_built(one, item, arrays) for one, item in zip(inside, told, strict=True))
    return told


def pack_sharpness(found: Sharpness) -> Contents:
    """Return an eigenvalue and how far it can be trusted."""
    return pack_value(asdict(found))


def unpack_sharpness(packed: Contents) -> Sharpness:
    """Return what `pack_sharpness` was given."""
    return Sharpness(**unpack_value(packed))


def pack_checks(checks: Iterable[Check]) -> Contents:
    """Return the lines of a panel."""
    return pack_value([asdict(check) for check in checks])


def unpack_checks(packed: Contents) -> tuple[Check, ...]:
    """Return what `pack_checks` was given."""
    return tuple(Check(**check) for check in unpack_value(packed))


def pack_refinement(found: RatioBySpacing) -> Contents:
    """Return a curve of bounds."""
    return Contents({field.name: getattr(found, field.name) for field in fields(found)}, {})


def unpack_refinement(packed: Contents) -> RatioBySpacing:
    """Return what `pack_refinement` was given."""
    return RatioBySpacing(**packed.arrays)


def pack_layer_sharpness(found: Mapping[str, tuple[float, Sharpness]]) -> Contents:
    """Return ‖w‖² and λ_max by weight."""
    return pack_value([[name, square, asdict(sharpness)] for name, (square, sharpness) in found.items()])


def unpack_layer_sharpness(packed: Contents) -> dict[str, tuple[float, Sharpness]]:
    """Return what `pack_layer_sharpness` was given."""
    return {name: (square, Sharpness(**sharpness)) for name, square, sharpness in unpack_value(packed)}


def pack_half_width(found: AutoRange) -> Contents:
    """Return a range."""
    return pack_value(asdict(found))


def unpack_half_width(packed: Contents) -> AutoRange:
    """Return what `pack_half_width` was given."""
    return AutoRange(**unpack_value(packed))


def _of_checkpoints(checkpoints: Iterable[Checkpoint]) -> dict[str, np.ndarray]:
    return {f"checkpoint/{c.step}/{name}": array for c in checkpoints for name, array in c.tensors.items()}


def _checkpoints(arrays: Arrays) -> tuple[Checkpoint, ...]:
    found: dict[int, dict[str, np.ndarray]] = {}
    for path, array in _below(arrays, "checkpoint").items():
        step, _, name = path.partition("/")
        found.setdefault(int(step), {})[name] = array
    return tuple(Checkpoint(step, found[step]) for step in sorted(found))


def _of_history(history: History) -> dict[str, np.ndarray]:
    return {f"history/{field.name}": getattr(history, field.name) for field in fields(history)}


def _records(history: Mapping[str, np.ndarray]) -> Iterable[Record]:
    columns = [history[field.name] for field in fields(Record)]
    for step, *values in zip(*columns, strict=True):
        yield Record(int(step), *map(float, values))


def _below(arrays: Arrays, head: str) -> dict[str, np.ndarray]:
    return {name[len(head) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{head}/")}


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
