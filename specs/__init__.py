"""Specs: frozen dataclasses of plain values, checked on construction, with one canonical form each."""

from normscape.specs.analysis import RunningAveragesSpec, SignalsSpec
from normscape.specs.curvature import DensitySpec, EdgeSpec, EigenvaluesSpec, MatrixSpec
from normscape.specs.data import DataSpec
from normscape.specs.display import Display
from normscape.specs.evaluation import EvaluationSpec
from normscape.specs.experiment import Experiment
from normscape.specs.model import ModelSpec
from normscape.specs.paths import ConnectivitySpec, TrajectorySpec
from normscape.specs.run import RunSpec, TrainingSpec
from normscape.specs.serialization.canonical import canonical_bytes, from_canonical, spec_hash
from normscape.specs.serialization.query import from_query, to_query
from normscape.specs.smoothness import SmoothnessSpec
from normscape.specs.surface import (
    CenteredPlaneSpec,
    ChecksSpec,
    CostSpec,
    CurvaturePointSpec,
    GridSpec,
    PlaneSpec,
    SliceSpec,
    SpacingSpec,
    SurfaceSpec,
)

__all__ = [
    "CenteredPlaneSpec",
    "ChecksSpec",
    "ConnectivitySpec",
    "CostSpec",
    "CurvaturePointSpec",
    "DataSpec",
    "DensitySpec",
    "Display",
    "EdgeSpec",
    "EigenvaluesSpec",
    "EvaluationSpec",
    "Experiment",
    "GridSpec",
    "MatrixSpec",
    "ModelSpec",
    "PlaneSpec",
    "RunSpec",
    "RunningAveragesSpec",
    "SignalsSpec",
    "SliceSpec",
    "SmoothnessSpec",
    "SpacingSpec",
    "SurfaceSpec",
    "TrainingSpec",
    "TrajectorySpec",
    "canonical_bytes",
    "from_canonical",
    "from_query",
    "spec_hash",
    "to_query",
]
