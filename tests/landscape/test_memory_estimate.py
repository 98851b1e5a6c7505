"""The estimate of memory: from specs alone, with the data set, and close to what a process takes."""

import subprocess
import sys

import pytest

from normscape.landscape import estimate_bytes, estimate_gradient_seconds, least_bytes
from normscape.landscape.data import dataset
from normscape.landscape.training.threads import useful_threads
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, SurfaceSpec
from normscape.specs.data import GaussianSpec

LARGE = DataSpec("gaussian", size=100_000, gaussian=GaussianSpec(1000, 1000))

PROCESS = """
from normscape.landscape.runtime import configure_process
from normscape.landscape.data import load_data
from normscape.landscape.training.batches import batch_of
from normscape.specs import DataSpec, RunSpec
from normscape.specs.data import GaussianSpec
configure_process(1)
# not ru_maxrss, which begins with that of the process that starts this one
peak = lambda: 1024 * int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
load_data(DataSpec()).train
before = peak()
run = RunSpec(DataSpec("gaussian", size={size}, gaussian=GaussianSpec({inputs}, {outputs})))
load_data(run.data).train, load_data(run.data).held_out, batch_of(run, load_data(run.data), 0)
print(peak() - before)
"""


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(spec: DataSpec, split: str) -> None:
        raise AssertionError(f"{split} samples of {spec.name} are made")

    monkeypatch.setattr(dataset, "_read_anew", made)
    dataset._READ.clear()


@pytest.mark.parametrize("data", [DataSpec(), DataSpec("moons"), LARGE])
def test_estimates_make_no_data(data: DataSpec, no_data: None) -> None:
    run = RunSpec(data, ModelSpec(width=2, depth=1))
    assert 0 < least_bytes(run, SurfaceSpec()) <= estimate_bytes(run, SurfaceSpec())
    assert estimate_gradient_seconds(run, EvaluationSpec()) > 0
    assert useful_threads(run, 2) >= 1


def test_a_large_data_set_counts_however_small_the_network_is() -> None:
    run = RunSpec(LARGE, ModelSpec(width=1, depth=1))
    assert least_bytes(run, SurfaceSpec()) > 100_000 * 2000 * 8


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is counted in other units")
@pytest.mark.parametrize(("inputs", "outputs"), [(500, 500)])
def test_the_estimate_is_close_to_what_a_process_takes(inputs: int, outputs: int) -> None:
    script = PROCESS.format(size=40_000, inputs=inputs, outputs=outputs)
    taken = int(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    data = DataSpec("gaussian", size=40_000, gaussian=GaussianSpec(inputs, outputs))
    estimate = least_bytes(RunSpec(data, ModelSpec(width=1, depth=1)), SurfaceSpec())
    assert 0.9 * taken <= estimate <= 2 * taken
