"""User import jobs of the API: a CSV file is uploaded to a signed URL, and its users made one by one.

As on AWS they have no password and must reset it, a line that is wrong fails alone, and the log of the job has a
line for each: group `/aws/cognito/userpools/POOL_ID/POOL_NAME`, stream `JOB_ID/JOB_NAME`.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.files.csv_file import header_of
from dewstack.cognito.files.uploads import Upload, sign
from dewstack.cognito.model import UserPool
from dewstack.cognito.paging import page
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.http import Request, Response
from dewstack.wire import operation

if TYPE_CHECKING:
    from dewstack.cognito.files.import_work import ImportWork

Params = dict[str, Any]
WriteLog = Callable[[Caller, str, str, int, str], None]
"""Writes into CloudWatch Logs: whose, group, stream, milliseconds since the epoch, message. It must not wait."""
Status = Literal["Created", "Pending", "InProgress", "Stopping", "Expired", "Stopped", "Failed", "Succeeded"]

RUNNING: tuple[Status, ...] = ("Pending", "InProgress", "Stopping")
START_SECONDS = 86400.0
"""How long a job may wait to be started; AWS says 24 to 48 hours."""
STOP_SECONDS = 5.0
MOST_JOBS = 1000
EXPIRED = "The user import job has expired."
STOPPED = "The Import Job was stopped by the developer."
INTERRUPTED = "The emulator stopped before the import was through."


class ImportJob(Struct, frozen=True, kw_only=True):
    """A job. Times are seconds since the epoch."""

    id: str
    name: str
    role_arn: str
    created: float
    secret: str
    """What upload URLs are signed with."""
    status: Status = "Created"
    started: float | None = None
    completed: float | None = None
    imported: int = 0
    skipped: int = 0
    failed: int = 0
    message: str | None = None


class ImportJobs:
    """The operations on import jobs, and the door for uploads."""

    def __init__(self, directory: Directory, clock: Clock, base_url: str, write_log: WriteLog | None) -> None:
        self._directory = directory
        self._clock = clock
        self._base_url = base_url
        self._write_log = write_log
        self._jobs = directory.of_pool("import-jobs", ImportJob)
        self._files = directory.of_pool("import-files", str)
        self._at_work: dict[tuple[str, ...], ImportWork] = {}
        """The jobs that run in this process."""

    @operation("GetCSVHeader")
    def get_csv_header(self, caller: Caller, params: Params) -> Params:
        """The columns of the pool's CSV files."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        return {"UserPoolId": pool.id, "CSVHeader": header_of(attribute.name for attribute in pool.schema)}

    @operation("CreateUserImportJob")
    def create_user_import_job(self, caller: Caller, params: Params) -> Params:
        """Make a job, and the URL that its file goes to. Raises NotEmulated for password hashes."""
        if params.get("PasswordHashingAlgorithm"):
            raise NotEmulated(
                "PasswordHashingAlgorithm: hashes of other systems are not emulated; "
                "'dew users import' takes passwords"
            )
        job = ImportJob(
            id=f"import-{ids.random_string(10)}",
            name=params["JobName"],
            role_arn=params["CloudWatchLogsRoleArn"],
            created=self._clock.time(),
            secret=secrets.token_hex(32),
        )
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            if self._jobs.count(*pool.key) >= MOST_JOBS:
                raise errors.LimitExceededException(f"A user pool has at most {MOST_JOBS} user import jobs.")
            self._jobs.put(job, *pool.key, job.id)
        return {"UserImportJob": self._describe(pool, job)}

    @operation("DescribeUserImportJob")
    def describe_user_import_job(self, caller: Caller, params: Params) -> Params:
        """How far a job is."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        return {"UserImportJob": self._describe(pool, self._job(pool, params["JobId"]))}

    @operation("ListUserImportJobs")
    def list_user_import_jobs(self, caller: Caller, params: Params) -> Params:
        """The pool's jobs, latest first."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        jobs = [self._current(pool, job) for job in self._jobs.scan(*pool.key)]
        entries = sorted((f"{10**14 - int(job.created * 1000):015d} {job.id}", job) for job in jobs)
        listed, token = page(entries, params["MaxResults"], params.get("PaginationToken"))
        told = [self._describe(pool, job) for job in listed]
        return {"UserImportJobs": told, **({"PaginationToken": token} if token else {})}

    @operation("StartUserImportJob")
    def start_user_import_job(self, caller: Caller, params: Params) -> Params:
        """Begin to make the users of the file that was uploaded."""
        from dewstack.cognito.files.import_work import ImportWork

        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            job = self._job(pool, params["JobId"])
            self._check_start(pool, job)
            text = self._files.get(*pool.key, job.id)
            if text is None:
                raise errors.PreconditionNotMetException(f"No csv file was uploaded for {job.id}")
            self._files.delete(*pool.key, job.id)
            job = replace(job, status="Pending", started=self._clock.time())
            self._jobs.put(job, *pool.key, job.id)
            work = ImportWork(
                self._directory, self._clock, pool, text, lambda **news: self._tell(pool, job.id, news)
            )
            self._at_work[*pool.key, job.id] = work
        work.start(self._log_of(caller, pool, job))
        return {"UserImportJob": self._describe(pool, job)}

    def _check_start(self, pool: UserPool, job: ImportJob) -> None:
        if job.status != "Created":
            raise errors.PreconditionNotMetException(
                f"The user import job {job.id} is {job.status}, not Created"
            )
        if not pool.auto_verified:
            raise errors.PreconditionNotMetException(
                "The user pool does not have any auto verified attributes: email, phone_number or both"
            )
        running = [
            each.id for each in self._jobs.scan(*pool.key) if self._current(pool, each).status in RUNNING
        ]
        if running:
            raise errors.PreconditionNotMetException(
                f"The user import job {running[0]} of this user pool is running"
            )

    @operation("StopUserImportJob")
    def stop_user_import_job(self, caller: Caller, params: Params) -> Params:
        """End a job before its end; users who are made already stay."""
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            job = self._job(pool, params["JobId"])
            if job.status not in ("Created", *RUNNING):
                raise errors.PreconditionNotMetException(
                    f"The user import job {job.id} is {job.status} already"
                )
            if job.status == "Created":
                job = replace(job, status="Stopped", completed=self._clock.time(), message=STOPPED)
                self._files.delete(*pool.key, job.id)
            else:
                job = replace(job, status="Stopping")
                self._at_work[*pool.key, job.id].stop()
            self._jobs.put(job, *pool.key, job.id)
        return {"UserImportJob": self._describe(pool, job)}

    def close(self) -> None:
        """Let no job go on, and wait for the line that each is at."""
        for work in list(self._at_work.values()):
            work.stop("Failed", INTERRUPTED)
            work.join(STOP_SECONDS)

    def upload(self, request: Request) -> Response:
        """Take the file of a job, at the URL that the job was given. It may take a second: call it in a thread."""
        upload = Upload.of(request)
        pool = self._directory.pool_anywhere(upload.pool_id)
        job = self._jobs.get(*pool.key, upload.job_id) if pool else None
        if refusal := upload.refusal(job.secret if job else "", self._clock.time()):
            return refusal
        assert pool is not None and job is not None  # an upload without a job has no right signature
        text = upload.text()
        if isinstance(text, Response):
            return text
        with self._directory.transaction():
            if self._current(pool, self._jobs.get(*pool.key, job.id) or job).status != "Created":
                return upload.too_late()
            self._files.put(text, *pool.key, job.id)
        return Response(200, headers=[(b"x-amz-server-side-encryption", b"aws:kms")])

    def _tell(self, pool: UserPool, job_id: str, news: Params) -> bool:
        """Keep how far a job is. Whether there still is one."""
        with self._directory.transaction():
            job = self._jobs.get(*pool.key, job_id)
            if "completed" in news:
                self._at_work.pop((*pool.key, job_id), None)
            if job is None:
                return False
            if job.status == "Stopping" and news.get("status") == "InProgress":
                news = {**news, "status": "Stopping"}
            self._jobs.put(replace(job, **news), *pool.key, job_id)
            return True

    def _job(self, pool: UserPool, job_id: str) -> ImportJob:
        job = self._jobs.get(*pool.key, job_id)
        if job is None:
            raise errors.ResourceNotFoundException(f"User import job {job_id} does not exist.")
        return self._current(pool, job)

    def _current(self, pool: UserPool, job: ImportJob) -> ImportJob:
        """The job as it is by now: expired, or ended with the process that it ran in."""
        if job.status == "Created" and self._clock.time() >= job.created + START_SECONDS:
            self._files.delete(*pool.key, job.id)
            return replace(job, status="Expired", completed=job.created + START_SECONDS, message=EXPIRED)
        if job.status in RUNNING and (*pool.key, job.id) not in self._at_work:
            return replace(job, status="Failed", completed=job.started, message=INTERRUPTED)
        return job

    def _log_of(self, caller: Caller, pool: UserPool, job: ImportJob) -> Callable[[str], None]:
        group, stream = f"/aws/cognito/userpools/{pool.id}/{pool.name}", f"{job.id}/{job.name}"
        owner = Caller(pool.account_id, pool.region)

        def write(message: str) -> None:
            if self._write_log is not None:
                self._write_log(owner, group, stream, int(self._clock.time() * 1000), message)

        return write

    def _describe(self, pool: UserPool, job: ImportJob) -> Params:
        """AWS's UserImportJobType. Each time with an URL that is good for 15 minutes from now."""
        shape = {
            "JobName": job.name,
            "JobId": job.id,
            "UserPoolId": pool.id,
            "PreSignedUrl": sign(self._base_url, pool.id, job.id, job.secret, self._clock.time()),
            "CreationDate": job.created,
            "StartDate": job.started,
            "CompletionDate": job.completed,
            "Status": job.status,
            "CloudWatchLogsRoleArn": job.role_arn,
            "ImportedUsers": job.imported,
            "SkippedUsers": job.skipped,
            "FailedUsers": job.failed,
            "CompletionMessage": job.message,
        }
        return {name: value for name, value in shape.items() if value is not None}
