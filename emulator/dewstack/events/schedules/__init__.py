"""Schedules: what `rate(...)`, `cron(...)` and `at(...)` mean, and who waits for their moments."""
