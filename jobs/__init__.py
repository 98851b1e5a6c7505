"""Where work is done, and what is kept of it: the store, the queue, and the workers."""

from normscape.jobs.downloads import Fetching
from normscape.jobs.job import Job
from normscape.jobs.job_state import Asked, Status
from normscape.jobs.queue import Queue
from normscape.jobs.request import Request, Stage
from normscape.jobs.settings import Settings, number, settings

__all__ = ["Asked", "Fetching", "Job", "Queue", "Request", "Settings", "Stage", "Status", "number", "settings"]
