"""What is asked: frozen specs of plain values, checked on construction, with one canonical form each."""

from specs.canonical import canonical_bytes, from_canonical, spec_hash
from specs.data import DataSpec
from specs.display import Display
from specs.experiment import Experiment
from specs.model import ModelSpec
from specs.query import from_query, to_query
from specs.run import RunSpec, TrainingSpec
from specs.surface import SurfaceSpec

__all__ = [
    "DataSpec",
    "Display",
    "Experiment",
    "ModelSpec",
    "RunSpec",
    "SurfaceSpec",
    "TrainingSpec",
    "canonical_bytes",
    "from_canonical",
    "from_query",
    "spec_hash",
    "to_query",
]
