"""What the progress bar says is done."""

from normscape.jobs import Job, JobStatus
from normscape.specs import Experiment, RunSpec
from normscape.views.session import progress


def test_published_weights_are_loaded_and_not_trained() -> None:
    loading = JobStatus(Job("run", RunSpec(weights="a" * 64)), "running", 0, 1)
    (run, surface), _ = Experiment().variants().values()
    measuring = JobStatus(Job.about("surface", run, surface), "running", 0, 9)
    assert progress._doing([loading, loading]) == "Loading published weights."
    assert progress._doing([loading, measuring]).startswith("Running: loading published weights, surface ")
    assert progress._doing([JobStatus(Job("run", run), "running", 2, 9)]) == "Training: 2 of 9 steps."
