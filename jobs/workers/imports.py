"""All that a worker will need, imported before there are workers: the process that they are copies of has it once."""

import sklearn.datasets
import torch._dynamo  # torch's optimizers import it when the first of them is made

import normscape.jobs.workers.tasks

__all__ = ["normscape", "sklearn", "torch"]
