-- Lists of one version of the code, newest first: which runs are still on an old one.

CREATE INDEX runs_by_version ON runs (version, created_at, id);

PRAGMA user_version = 6;
