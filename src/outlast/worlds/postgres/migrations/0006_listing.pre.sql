-- Lists of one workflow, newest first; and of what is over, in the order of its end, also to count it over time.
-- While these are made, runs are not written to: about a second for a million of them.

CREATE INDEX runs_by_workflow ON {schema}.runs (workflow, created_at, id);
CREATE INDEX runs_ended_by_status ON {schema}.runs (status, ended_at, id) WHERE ended_at IS NOT NULL;
