"""Where work is done, and what is kept of it: the store, the queue, and the workers."""

from jobs.job import Job
from jobs.queue import Queue
from jobs.request import Request, Stage
from jobs.settings import Settings, number, settings
from jobs.work import Asked, Status

__all__ = ["Asked", "Job", "Queue", "Request", "Settings", "Stage", "Status", "number", "settings"]
