-- Lists of what is over, in the order of its end, also to count it over time.

CREATE INDEX runs_ended_by_status ON runs (status, ended_at, id) WHERE ended_at IS NOT NULL;

PRAGMA user_version = 5;
