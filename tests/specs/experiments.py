"""Random experiments, for the property tests of specs; every name is one that the registries know."""

from dataclasses import replace
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st

from normscape.landscape import DATA
from normscape.models import REGISTRIES
from normscape.specs import (
    DataSpec,
    EvaluationSpec,
    Experiment,
    GridSpec,
    ModelSpec,
    PlaneSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
)
from normscape.specs.data import GaussianSpec
from normscape.specs.experiment import comparable_paths
from normscape.specs.fields import read, rule_of, types_of

# the same examples every time; shrinking such large objects takes minutes and says little more
REPEATABLE = settings(derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate))

NAMES = {**REGISTRIES, "data": tuple(DATA)}


def values_of(kind: Any, name: str) -> st.SearchStrategy[Any]:
    """All values that a field admits by its own rule."""
    rule, hint = rule_of(kind, name), types_of(kind)[name]
    if rule.choices is not None:
        return st.sampled_from(rule.choices)
    if rule.registry is not None:
        return st.sampled_from(sorted(NAMES[rule.registry]))
    if hint is bool:
        return st.booleans()
    if name == "weights":
        return st.none() | DIGESTS
    if hint is float:
        return st.floats(rule.low, rule.high, exclude_min=rule.positive)
    whole = st.integers(int(rule.low), int(rule.high))
    return st.none() | whole if hint == int | None else whole


def plain(kind: type, *left_out: str) -> dict[str, st.SearchStrategy[Any]]:
    return {name: values_of(kind, name) for name in types_of(kind) if name not in left_out}


DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
NUMBERS = st.floats(-1e6, 1e6)
UNITS = st.integers(1, 3).flatmap(
    lambda count: st.tuples(
        st.lists(NUMBERS, min_size=count, max_size=count).map(tuple),
        st.lists(st.floats(1e-3, 1e6), min_size=count, max_size=count).map(tuple),
    )
)


@st.composite
def gaussians(draw: st.DrawFn) -> GaussianSpec:
    spec = draw(st.builds(GaussianSpec, **plain(GaussianSpec, "mean", "covariance")))
    mean = draw(st.sampled_from([0, 1, spec.inputs]).flatmap(lambda n: st.lists(NUMBERS, min_size=n, max_size=n)))
    covariance = draw(st.sampled_from([(), (2.0,), (0.5,) * spec.inputs]))
    return replace(spec, mean=tuple(mean), covariance=covariance)


@st.composite
def data(draw: st.DrawFn) -> DataSpec:
    spec = draw(st.builds(DataSpec, **plain(DataSpec, "shift", "deviation", "gaussian")))
    shift, deviation = draw(UNITS)
    return replace(spec, shift=shift, deviation=deviation, gaussian=draw(gaussians()))


@st.composite
def trainings(draw: st.DrawFn) -> TrainingSpec:
    spec = draw(st.builds(TrainingSpec, **plain(TrainingSpec, "checkpoints")))
    kept = draw(st.lists(st.integers(0, spec.steps), max_size=4))
    return TrainingSpec(**{name: getattr(spec, name) for name in types_of(spec)} | {"checkpoints": tuple(kept)})


RANGES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2, unique=True).map(lambda ends: tuple(sorted(ends)))
RUNS = st.builds(
    RunSpec,
    data=data(),
    model=st.builds(ModelSpec, **plain(ModelSpec)),
    training=trainings(),
    weights=st.none() | DIGESTS,
)
STEPS = st.lists(st.integers(0, 1_000_000), min_size=1, max_size=2, unique=True).map(tuple)
SIDES = st.integers(1, 1001)
SURFACES = st.builds(
    SurfaceSpec,
    evaluation=st.builds(EvaluationSpec, **plain(EvaluationSpec)),
    plane=st.builds(PlaneSpec, **plain(PlaneSpec, "through", "others"), through=STEPS),
    grid=st.builds(GridSpec, points=st.tuples(SIDES, SIDES), ranges=st.tuples(RANGES, RANGES)),
)
TUPLES = {
    "through": STEPS,
    "points": st.tuples(SIDES, SIDES),
    "ranges": st.tuples(RANGES, RANGES),
    "mean": st.lists(NUMBERS, max_size=1).map(tuple),
    "covariance": st.lists(st.floats(1e-3, 1e6), max_size=1).map(tuple),
}
"""Compared fields of several values; others have to fit the rest of the experiment."""


BOUND = (
    "run.training.steps",
    "run.training.checkpoints",
    "run.data.gaussian.inputs",
    "run.data.shift",
    "run.data.deviation",
)  # other fields have to fit them


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    run, surface = draw(RUNS), draw(SURFACES)
    path = draw(st.sampled_from([p for p in comparable_paths() if p not in BOUND]))
    owner = read(Experiment(run, surface), path.rsplit(".", 1)[0])
    name = path.rsplit(".", 1)[1]
    admitted = TUPLES[name] if name in TUPLES else values_of(owner, name)
    values = draw(st.lists(admitted, min_size=1, max_size=8, unique=True))
    return Experiment(run, surface, path, tuple(values))
