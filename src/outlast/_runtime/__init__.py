"""Drives live executions: runs attempts, arms waits, commits. The one place where engine and world meet."""
