-- All that the SQLite world asks for, by name. `{record}` and the like stand for the fragments at the
-- top. Sets go in and out as one JSON text: a row less to step over is a wait less for the
-- interpreter's lock (see commit.sql).

-- fragment: hook
json_array(hooks.token, hooks.run_id, hooks.ref, hooks.kind, hooks.created_at, hooks.expires_at, hooks.data)

-- fragment: record
-- A run's row as the JSON object that RunRecord is read from.
json_object(
    'id', run.id, 'workflow', run.workflow, 'status', run.status, 'version', run.version,
    'queue', run.queue, 'priority', run.priority, 'attributes', json(run.attributes),
    'due_at', run.due_at, 'epoch', run.epoch, 'worker', run.worker,
    'position', run.position, 'recoveries', run.recoveries,
    'created_at', run.created_at, 'started_at', run.started_at, 'ended_at', run.ended_at,
    'parent', iif(run.parent_id IS NULL, NULL, json_object(
        'run_id', run.parent_id, 'ref', run.parent_ref,
        'detached', json(iif(run.parent_detached, 'true', 'false')))),
    'idempotency_key', run.idempotency_key, 'waiting', json(run.waiting),
    'problem', run.problem, 'blocked_digest', run.blocked_digest)

-- fragment: events
-- Events as two columns: their places, and the bytes of all of them one after the other.
json_group_array(json_array(run_id, position, at, kind, length(CAST(data AS BLOB)))),
CAST(group_concat(data, '') AS BLOB)

-- fragment: levels
-- The priorities that scheduled runs of the queues have, highest first: one look into the index for
-- each, however many runs there are.
WITH RECURSIVE level (queue, priority) AS (
    SELECT wish.value, (
        SELECT max(priority) FROM runs WHERE queue = wish.value AND due_at IS NOT NULL)
    FROM json_each(:queues) AS wish
    UNION
    SELECT level.queue, (
        SELECT max(priority) FROM runs
        WHERE queue = level.queue AND priority < level.priority AND due_at IS NOT NULL)
    FROM level WHERE level.priority IS NOT NULL
)

-- fragment: step_levels
-- The same of the queue of steps.
WITH RECURSIVE level (queue, priority) AS (
    SELECT wish.value, (SELECT max(priority) FROM steps WHERE queue = wish.value)
    FROM json_each(:queues) AS wish
    UNION
    SELECT level.queue, (
        SELECT max(priority) FROM steps WHERE queue = level.queue AND priority < level.priority)
    FROM level WHERE level.priority IS NOT NULL
)

-- fragment: fits
-- Whether a run fits a filter; a filter that is NULL lets all pass.
    (:ids IS NULL OR run.id IN (SELECT value FROM json_each(:ids)))
    AND (:statuses IS NULL OR run.status IN (SELECT value FROM json_each(:statuses)))
    AND (:workflows IS NULL OR run.workflow IN (SELECT value FROM json_each(:workflows)))
    AND (:versions IS NULL OR run.version IN (SELECT value FROM json_each(:versions)))
    AND (:parent IS NULL OR run.parent_id = :parent)
    AND (:attributes IS NULL OR NOT EXISTS (
        SELECT 1 FROM json_each(:attributes) AS wish
        WHERE NOT EXISTS (
            SELECT 1 FROM run_attributes AS has
            WHERE has.run_id = run.id AND has.name = wish.value ->> 0
                AND has.value = wish.value ->> 1)))
    AND (:text IS NULL OR has_text(run.id, run.workflow, run.attributes, :text))

-- fragment: of_all
-- Where the runs of a list are taken from; `value` is the one value of what the index is for.
runs INDEXED BY runs_listed WHERE true

-- fragment: of_ids
runs WHERE runs.id IN (SELECT value FROM json_each(:ids))

-- fragment: of_parent
runs INDEXED BY runs_by_parent WHERE runs.parent_id = :value

-- fragment: of_status
runs INDEXED BY runs_by_status WHERE runs.status = :value

-- fragment: of_over
runs INDEXED BY runs_ended_by_status WHERE runs.status = :value

-- fragment: of_workflow
runs INDEXED BY runs_by_workflow WHERE runs.workflow = :value

-- fragment: of_version
runs INDEXED BY runs_by_version WHERE runs.version = :value

-- fragment: of_attribute
run_attributes AS found CROSS JOIN runs ON runs.id = found.run_id
    WHERE found.name = :value AND found.value = :attribute

-- fragment: window
created_at >= :created_from AND created_at < :created_to

-- fragment: anytime
true

-- fragment: at_newest
-- In the order of listing: when; from a place on; up to the runs of a time; and the order itself.
runs.created_at

-- fragment: after_newest
(runs.created_at, runs.id) < (:after_at, :after_id)

-- fragment: until_newest
runs.created_at >= :until

-- fragment: in_order_newest
runs.created_at DESC, runs.id DESC

-- fragment: at_oldest
runs.created_at

-- fragment: after_oldest
(runs.created_at, runs.id) > (:after_at, :after_id)

-- fragment: until_oldest
runs.created_at <= :until

-- fragment: in_order_oldest
runs.created_at, runs.id

-- fragment: at_ended_last
runs.ended_at

-- fragment: after_ended_last
runs.ended_at IS NOT NULL AND (runs.ended_at, runs.id) < (:after_at, :after_id)

-- fragment: until_ended_last
runs.ended_at >= :until

-- fragment: in_order_ended_last
runs.ended_at DESC, runs.id DESC

-- fragment: at_ended_first
runs.ended_at

-- fragment: after_ended_first
runs.ended_at IS NOT NULL AND (runs.ended_at, runs.id) > (:after_at, :after_id)

-- fragment: until_ended_first
runs.ended_at <= :until

-- fragment: in_order_ended_first
runs.ended_at, runs.id

-- name: begin
-- Take the write lock now, so that nothing read in the transaction can be out of date.
BEGIN IMMEDIATE;

-- name: commit
COMMIT;

-- name: write
-- Write a plan; see commit.sql. Its parameters go by place: binding by name gives up the
-- interpreter's lock for every one of them.
INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: write_growth
-- The same, of a plan by which logs grow and nothing else happens.
INSERT INTO growths VALUES (?, ?, ?);

-- name: write_deliveries
-- The same, of a plan that delivers to hooks as well.
INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: states
-- Where the runs of a batch stand.
SELECT json_group_array(json_array(
    runs.id, runs.status, runs.epoch, runs.position, runs.last_at, json(runs.attributes)))
FROM json_each(:run_ids) AS wish CROSS JOIN runs ON runs.id = wish.value;

-- name: taken_keys
-- Which runs have the idempotency keys of a batch.
SELECT json_group_object(runs.idempotency_key, runs.id)
FROM json_each(:keys) AS wish CROSS JOIN runs ON runs.idempotency_key = wish.value;

-- name: hook_states
-- The hooks that have the tokens of a batch.
SELECT json_group_array({hook}) FROM json_each(:tokens) AS wish
CROSS JOIN hooks ON hooks.token = wish.value;

-- name: hook
-- The hook that has a token, and where its run stands.
SELECT hooks.token, run_id, ref, kind, hooks.created_at, expires_at, data, status, epoch, position, last_at
FROM hooks CROSS JOIN runs ON runs.id = hooks.run_id WHERE hooks.token = :token;

-- name: delivered_keys
-- Which of the keys of a batch were delivered before.
SELECT json_group_array(json_array(hook_keys.token, hook_keys.key)) FROM json_each(:keys) AS wish
CROSS JOIN hook_keys ON hook_keys.token = wish.value ->> 0 AND hook_keys.key = wish.value ->> 1;

-- name: hooks_newest
-- A page of the hooks of all runs.
SELECT json_group_array({hook}) FROM (
    SELECT * FROM hooks WHERE (created_at, token) < (:at, :last)
    ORDER BY created_at DESC, token DESC LIMIT :limit) AS hooks;

-- name: hooks_oldest
-- The same from the other end.
SELECT json_group_array({hook}) FROM (
    SELECT * FROM hooks WHERE (created_at, token) > (:at, :last)
    ORDER BY created_at, token LIMIT :limit) AS hooks;

-- name: hooks_of_run_newest
-- A page of the hooks of a run. The unary plus keeps the index of all hooks out: a run has few.
SELECT json_group_array({hook}) FROM (
    SELECT * FROM hooks WHERE run_id = :run_id AND (+created_at, token) < (:at, :last)
    ORDER BY +created_at DESC, token DESC LIMIT :limit) AS hooks;

-- name: hooks_of_run_oldest
-- The same from the other end.
SELECT json_group_array({hook}) FROM (
    SELECT * FROM hooks WHERE run_id = :run_id AND (+created_at, token) > (:at, :last)
    ORDER BY +created_at, token LIMIT :limit) AS hooks;

-- name: tails
-- The events that owners have not seen: of each run, from a position on.
SELECT {events} FROM (
    SELECT runs.id AS run_id, events.* FROM json_each(:wanted) AS wish
    CROSS JOIN runs ON runs.id = wish.value ->> 0
    CROSS JOIN events ON events.run = runs.number AND events.position >= wish.value ->> 1
    ORDER BY wish.key, events.position);

-- name: step_states
-- Where the steps stand that a batch settles.
SELECT json_group_array(json_array(
    steps.run_id, steps.ref, steps.epoch, steps.worker IS NOT NULL))
FROM json_each(:keys) AS wish
CROSS JOIN steps ON steps.run_id = wish.value ->> 0 AND steps.ref = wish.value ->> 1;

-- name: read
-- A part of a log.
SELECT {events} FROM (
    SELECT :run_id AS run_id, * FROM events
    WHERE run = (SELECT number FROM runs WHERE id = :run_id) AND position >= :after
    ORDER BY position LIMIT :limit);

-- name: pick
-- The runs to claim next: of every queue and priority the first few that are due, and of these the
-- first few. Those of unknown workflows are passed over inside the index.
{levels}
SELECT json_group_array(number) FROM (
    SELECT runs.number FROM level CROSS JOIN runs ON runs.number IN (
        SELECT number FROM runs AS due
        WHERE due.queue = level.queue AND due.priority = level.priority AND due.due_at <= :now
            AND due.workflow IN (SELECT value FROM json_each(:workflows))
        ORDER BY due.due_at, due.number LIMIT :limit)
    ORDER BY runs.priority DESC, runs.due_at, runs.number LIMIT :limit);

-- name: pick_woken
-- Of some runs those that a worker could claim, in their order.
SELECT json_group_array(number) FROM (
    SELECT runs.number FROM json_each(:run_ids) AS wish CROSS JOIN runs ON runs.id = wish.value
    WHERE runs.workflow IN (SELECT value FROM json_each(:workflows))
        AND runs.queue IN (SELECT value FROM json_each(:queues))
    ORDER BY wish.key LIMIT :limit);

-- name: take
-- Make the picked runs the worker's. One that is still running was its last owner's: a recovery.
UPDATE runs SET
    recoveries = recoveries + (status = 'running'),
    status = 'running',
    epoch = epoch + 1,
    worker = :worker,
    due_at = :now + :lease,
    started_at = ifnull(started_at, :now),
    waiting = '[]', problem = NULL, blocked_digest = NULL, nudged = 0
WHERE number IN (SELECT value FROM json_each(:picked));

-- name: taken
-- The rows of the picked runs, in their order, and the first events of their logs.
SELECT
    (SELECT json_group_array({record}) FROM (
        SELECT runs.* FROM json_each(:picked) AS pick CROSS JOIN runs ON runs.number = pick.value
        ORDER BY pick.key) AS run),
    {events}
FROM (
    SELECT runs.id AS run_id, events.* FROM json_each(:picked) AS pick
    CROSS JOIN runs ON runs.number = pick.value
    CROSS JOIN events ON events.run = runs.number AND events.position < :until
    ORDER BY pick.key, events.position);

-- name: next_due
-- When the next run is due that a worker could claim.
{levels}
SELECT min((
    SELECT due.due_at FROM runs AS due
    WHERE due.queue = level.queue AND due.priority = level.priority AND due.due_at IS NOT NULL
        AND due.workflow IN (SELECT value FROM json_each(:workflows))
    ORDER BY due.due_at LIMIT 1))
FROM level;

-- name: nudged
-- The worker's runs that have events which it does not know of.
SELECT json_group_array(id) FROM (
    SELECT id FROM runs WHERE worker = :worker AND nudged = 1 ORDER BY id);

-- name: renew_runs
-- Extend the leases of what the worker still holds of some runs.
UPDATE runs SET due_at = :now + :lease
WHERE id IN (SELECT value FROM json_each(:run_ids)) AND worker = :worker;

-- name: renew_steps
-- The same of dispatched steps.
UPDATE steps SET due_at = :now + :lease
WHERE (run_id, ref) IN (SELECT value ->> 0, value ->> 1 FROM json_each(:keys))
    AND worker = :worker;

-- name: renew_worker
-- Note the worker's heartbeat, and its load.
UPDATE workers SET heartbeat_at = :now, live_runs = :live_runs, attempts = :attempts
WHERE id = :worker;

-- name: pick_steps
-- The steps to claim next, in the same way as runs.
{step_levels}
SELECT json_group_array(number) FROM (
    SELECT steps.number FROM level CROSS JOIN steps ON steps.number IN (
        SELECT number FROM steps AS due
        WHERE due.queue = level.queue AND due.priority = level.priority AND due.due_at <= :now
            AND due.name IN (SELECT value FROM json_each(:names))
        ORDER BY due.due_at, due.number LIMIT :limit)
    ORDER BY steps.priority DESC, steps.due_at, steps.number LIMIT :limit);

-- name: take_steps
-- Make the picked steps the worker's. One that still has a worker has lost it: a recovery.
UPDATE steps SET
    recoveries = recoveries + (worker IS NOT NULL),
    epoch = epoch + 1,
    worker = :worker,
    due_at = :now + :lease
WHERE number IN (SELECT value FROM json_each(:picked));

-- name: taken_steps
-- The rows of the picked steps, in their order, with what their workers want to know of the runs.
SELECT json_group_array(json_array(
    step.run_id, step.ref, step.name, step.epoch, step.attempt, step.recoveries,
    runs.workflow, json(runs.attributes), step.data))
FROM (SELECT steps.* FROM json_each(:picked) AS pick
    CROSS JOIN steps ON steps.number = pick.value ORDER BY pick.key) AS step
CROSS JOIN runs ON runs.id = step.run_id;

-- name: next_step_due
-- When the next step is due that a worker could claim.
{step_levels}
SELECT min((
    SELECT due.due_at FROM steps AS due
    WHERE due.queue = level.queue AND due.priority = level.priority
        AND due.name IN (SELECT value FROM json_each(:names))
    ORDER BY due.due_at LIMIT 1))
FROM level;

-- name: held_steps
-- The steps that a worker holds.
SELECT json_group_array(json_array(run_id, ref)) FROM steps WHERE worker = :worker;

-- name: unblock
-- Make due what is blocked on another digest and not woken yet: blocked runs are few.
UPDATE runs INDEXED BY runs_by_status SET due_at = :now
WHERE status = 'blocked' AND due_at IS NULL
    AND EXISTS (
        SELECT 1 FROM json_each(:digests) AS known
        WHERE known.key = runs.workflow AND known.value IS NOT runs.blocked_digest);

-- name: register
-- Make a worker known.
INSERT OR REPLACE INTO workers (
    id, host, pid, version, queues, started_at, heartbeat_at, live_runs, attempts)
VALUES (
    :id, :host, :pid, :version, :queues, :started_at, :heartbeat_at, :live_runs, :attempts);

-- name: unregister
-- Forget a worker.
DELETE FROM workers WHERE id = :worker;

-- name: hand_back
-- What a worker that stops still holds becomes due, with no recovery counted.
UPDATE runs SET status = 'pending', worker = NULL, due_at = :now, nudged = 0
WHERE worker = :worker;

-- name: hand_back_steps
-- The same of the dispatched steps that it works on.
UPDATE steps SET worker = NULL, due_at = :now WHERE worker = :worker;

-- name: orphan
-- What a dead worker held becomes due. It stays `running`, so that its claim counts a recovery.
UPDATE runs SET due_at = :now WHERE worker = :worker;

-- name: orphan_steps
-- The same of dispatched steps: they keep their worker, so that their claims count recoveries.
UPDATE steps SET due_at = :now WHERE worker = :worker;

-- name: worker_ids
-- All registered workers.
SELECT json_group_array(id) FROM workers;

-- name: workers
-- All registered workers, oldest first.
SELECT json_group_array(json_object(
    'id', id, 'host', host, 'pid', pid, 'version', version, 'queues', json(queues),
    'started_at', started_at, 'heartbeat_at', heartbeat_at,
    'live_runs', live_runs, 'attempts', attempts))
FROM (SELECT * FROM workers ORDER BY started_at, id);

-- name: get
-- The row of a run.
SELECT {record} FROM runs AS run WHERE id = :run_id;

-- name: find
-- The first runs on a way through an index that fit. The inner limit is no bound: it keeps the two selects apart, so
-- that the index is gone through in its order and no further than needed. The place comes before the window: of two
-- bounds SQLite looks up the first.
SELECT json_group_array({record}) FROM (
    SELECT run.* FROM (
        SELECT runs.* FROM {source} AND {after} AND {until} AND {window} ORDER BY {in_order} LIMIT 1000000000000) AS run
    WHERE {fits} AND {besides} LIMIT :limit) AS run;

-- name: edge
-- Where the run stands that has so many before it on its way through an index: in the index alone.
SELECT {at}, runs.id FROM {source} AND {after} AND {window} ORDER BY {in_order} LIMIT 1 OFFSET :before;

-- name: many_have
-- Whether an attribute has more runs than so many.
SELECT 1 FROM run_attributes AS found
WHERE found.name = :value AND found.value = :attribute LIMIT 1 OFFSET :before;

-- name: counts
-- How many runs there are of each status, counted so far and no further: in the index alone.
SELECT json_group_object(wish.value, (
    SELECT count(*) FROM (
        SELECT 1 FROM runs INDEXED BY runs_by_status WHERE status = wish.value LIMIT :most)))
FROM json_each(:statuses) AS wish;

-- name: early_created
-- How many runs were created in a stretch of time, in the index alone: up to half of so many from its beginning, and
-- when the last of these was; ...
SELECT count(*), max(created_at) FROM (
    SELECT created_at FROM runs INDEXED BY runs_listed
    WHERE created_at >= :start AND created_at < :stop ORDER BY created_at LIMIT (:most + 1) / 2);

-- name: before_created
-- ... how many there are before that ...
SELECT count(*) FROM runs INDEXED BY runs_listed
WHERE created_at >= :start AND created_at < :edge;

-- name: late_created
-- ... and from then on, the rest of so many from the end.
SELECT count(*), min(created_at) FROM (
    SELECT created_at FROM runs INDEXED BY runs_listed
    WHERE created_at >= :edge AND created_at < :stop ORDER BY created_at DESC LIMIT :most - :before);

-- name: early_ended
-- The same of those that ended in it with a status; ...
SELECT count(*), max(ended_at) FROM (
    SELECT ended_at FROM runs INDEXED BY runs_ended_by_status
    WHERE status = :status AND ended_at >= :start AND ended_at < :stop ORDER BY ended_at LIMIT (:most + 1) / 2);

-- name: before_ended
-- ... how many there are before that ...
SELECT count(*) FROM runs INDEXED BY runs_ended_by_status
WHERE status = :status AND ended_at >= :start AND ended_at < :edge;

-- name: late_ended
-- ... and from then on, the rest of so many from the end.
SELECT count(*), min(ended_at) FROM (
    SELECT ended_at FROM runs INDEXED BY runs_ended_by_status
    WHERE status = :status AND ended_at >= :edge AND ended_at < :stop ORDER BY ended_at DESC LIMIT :most - :before);

-- name: over
-- The runs to delete next: those that ended first.
SELECT json_group_array(number) FROM (
    SELECT number FROM runs INDEXED BY runs_ended
    WHERE ended_at < :ended_before AND status IN ('completed', 'failed', 'cancelled')
        AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
        AND (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
    ORDER BY ended_at, number LIMIT :limit);

-- name: prune_events
-- Delete the logs of the picked runs.
DELETE FROM events WHERE run IN (SELECT value FROM json_each(:picked));

-- name: prune_attributes
-- Delete what the picked runs are searched by.
DELETE FROM run_attributes WHERE run_id IN (
    SELECT id FROM runs WHERE number IN (SELECT value FROM json_each(:picked)));

-- name: prune_steps
-- Delete what an older version of this library may have left of the picked runs in the queue.
DELETE FROM steps WHERE run_id IN (
    SELECT id FROM runs WHERE number IN (SELECT value FROM json_each(:picked)));

-- name: prune_streams
-- Delete the streams of the picked runs.
DELETE FROM streams WHERE run IN (SELECT value FROM json_each(:picked));

-- name: prune_stream_writers
-- Delete what is known of those who have written to them.
DELETE FROM stream_writers WHERE run IN (SELECT value FROM json_each(:picked));

-- name: prune_stream_segments
-- Delete what was written to them.
DELETE FROM stream_segments WHERE run IN (SELECT value FROM json_each(:picked));

-- name: prune_runs
-- Delete the rows of the picked runs.
DELETE FROM runs WHERE number IN (SELECT value FROM json_each(:picked));

-- name: ended
-- Those of the runs that are over, or blocked with nobody about to try them again.
SELECT json_group_array(runs.id) FROM json_each(:run_ids) AS wish
CROSS JOIN runs ON runs.id = wish.value
WHERE runs.status IN ('completed', 'failed', 'cancelled')
    OR (runs.status = 'blocked' AND runs.due_at IS NULL);

-- name: save_manifest
-- Keep a manifest, unless its version has another one than that which it was made from.
INSERT INTO manifests (version, created_at, data) VALUES (:version, :at, :data)
ON CONFLICT (version) DO UPDATE SET data = excluded.data WHERE manifests.data = :over;

-- name: manifest
-- The manifest of a version.
SELECT data FROM manifests WHERE version = :version;

-- name: data_version
-- A number that changes when another connection has written.
PRAGMA data_version;

-- name: application
-- Whose database this is.
PRAGMA application_id;

-- name: schema_version
-- The number of the last migration.
PRAGMA user_version;

-- name: table_count
-- Whether there is anything in the database.
SELECT count(*) FROM sqlite_master;

-- name: write_ahead
-- Readers and the writer do not wait for each other. Answers `wal` if it could be done.
PRAGMA journal_mode = wal;

-- name: durable
-- What was committed survives the loss of power.
PRAGMA synchronous = full;

-- name: checkpoint_rarely
-- Move the write-ahead log into the file every 8 MiB; each time costs two more syncs.
PRAGMA wal_autocheckpoint = 2000;

-- name: room_table
-- A table that is never there: the transaction that makes it is rolled back.
CREATE TABLE room (bytes);

-- name: room
-- As many bytes as the write-ahead log gets long.
INSERT INTO room (bytes) VALUES (zeroblob(:size));

-- name: tiny_cache
-- So few pages that what is written goes to the write-ahead log before its commit.
PRAGMA cache_size = 16;

-- name: temporary_in_memory
-- The view and trigger of commit.sql need no file.
PRAGMA temp_store = memory;

-- name: writer_cache
-- 2 MiB of pages, as readers have. With more, nothing was faster, not beside 60,000 runs either: what is
-- not in it comes from the pages of the system.
PRAGMA cache_size = -2048;

-- name: impatient
-- Say at once that the file is locked: whoever uses the connection has a patience of its own.
PRAGMA busy_timeout = 0;

-- name: read_only
-- A reading connection never writes.
PRAGMA query_only = on;
