"""Where work is done, and what is kept of it: the store, the queue, and the workers."""

from jobs.fetching import Fetching
from jobs.job import Job
from jobs.queue import Queue
from jobs.request import Request, Stage
from jobs.settings import Settings, number, settings
from jobs.work import Asked, Status

__all__ = ["Asked", "Fetching", "Job", "Queue", "Request", "Settings", "Stage", "Status", "number", "settings"]
