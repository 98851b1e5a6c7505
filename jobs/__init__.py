"""Jobs: requests of pages, the scheduler and the dispatcher that run them on workers, and the store of results."""

from normscape.jobs.downloads import Downloads
from normscape.jobs.job_spec import Job, runs_of
from normscape.jobs.kinds import job_name, kind_name
from normscape.jobs.queue import Queue
from normscape.jobs.settings import Settings, number, settings
from normscape.jobs.snapshot import JobStatus, RequestStatus
from normscape.jobs.staged_request import Request, Stage
from normscape.jobs.time_left import TimeLeft, expected_statuses, time_left

__all__ = [
    "Downloads",
    "Job",
    "JobStatus",
    "Queue",
    "Request",
    "RequestStatus",
    "Settings",
    "Stage",
    "TimeLeft",
    "expected_statuses",
    "job_name",
    "kind_name",
    "number",
    "runs_of",
    "settings",
    "time_left",
]
