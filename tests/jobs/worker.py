"""The application with the trial jobs, for a worker process of a test: `flask --app tests.jobs.worker worker`."""

import tests.jobs.trial  # noqa: F401 - its jobs are registered by it
from webapp import create_app

app = create_app()
