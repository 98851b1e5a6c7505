"""Everything that workers import, imported once by the process that they are forked from."""

import gc

import sklearn.datasets
import torch._dynamo  # imported by the first torch optimizer

import normscape.jobs.workers.tasks

__all__ = ["normscape", "sklearn", "torch"]

gc.freeze()  # a collection in a forked worker would write to the shared pages of all these objects
