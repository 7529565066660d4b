"""The programs that run inside an execution environment: each speaks the Runtime API and calls the handler."""
