-- All that the PostgreSQL world asks for, by name. `{schema}` stands for the schema, `{record}` and the like
-- for the fragments at the top.

-- fragment: hook
hook.token, hook.run_id, hook.ref, hook.kind, hook.created_at, hook.expires_at, hook.data

-- fragment: record
-- A run's row as the JSON object that RunRecord is read from.
json_build_object(
    'id', run.id, 'workflow', run.workflow, 'status', run.status, 'version', run.version,
    'queue', run.queue, 'priority', run.priority, 'attributes', run.attributes,
    'due_at', run.due_at, 'epoch', run.epoch, 'worker', run.worker,
    'position', run.position, 'recoveries', run.recoveries,
    'created_at', run.created_at, 'started_at', run.started_at, 'ended_at', run.ended_at,
    'parent', CASE WHEN run.parent_id IS NOT NULL THEN json_build_object(
        'run_id', run.parent_id, 'ref', run.parent_ref, 'detached', run.parent_detached) END,
    'idempotency_key', run.idempotency_key, 'waiting', run.waiting,
    'problem', run.problem, 'blocked_digest', run.blocked_digest)

-- fragment: now
-- The database's time.
(date_part('epoch', clock_timestamp()) * '1e6'::float8)::bigint

-- fragment: dead
-- The registered workers whose locks nobody holds, as an array.
ARRAY(
    SELECT worker.id FROM {schema}.workers AS worker
    WHERE worker.lock IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_locks AS lock
        WHERE lock.locktype = 'advisory' AND lock.objsubid = 1 AND lock.granted
            AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND (lock.classid::bigint << 32) | lock.objid::bigint = worker.lock))

-- fragment: of_all
-- Where the runs of a list are taken from; $1 is the one value of what the index is for.
{schema}.runs AS run WHERE $1::text IS NULL

-- fragment: of_ids
{schema}.runs AS run WHERE $1::text IS NULL AND run.id = ANY ($7::text[])

-- fragment: of_parent
{schema}.runs AS run WHERE run.parent_id = $1::text

-- fragment: of_status
{schema}.runs AS run WHERE run.status = $1::text

-- fragment: of_over
{schema}.runs AS run WHERE run.status = $1::text

-- fragment: of_workflow
{schema}.runs AS run WHERE run.workflow = $1::text

-- fragment: of_version
{schema}.runs AS run WHERE run.version = $1::text

-- fragment: of_attribute
-- Name and value are one text here. OFFSET 0 keeps the planner from beginning with the runs.
(
        SELECT found.run FROM {schema}.run_attributes AS found
        WHERE md5(found.name || '=' || found.value) = md5($1::text) AND found.name || '=' || found.value = $1
        OFFSET 0) AS found
    CROSS JOIN LATERAL (SELECT * FROM {schema}.runs AS run WHERE run.number = found.run OFFSET 0) AS run
    WHERE true

-- fragment: window
run.created_at >= $2::bigint AND run.created_at < $3::bigint

-- fragment: anytime
-- True, and says of what type the parameters are.
($2::bigint IS NULL) = ($3::bigint IS NULL)

-- fragment: after_newest
-- From a place in the order of listing on; up to the runs of a time; and that order.
(run.created_at, run.id) < ($4::bigint, $5::text)

-- fragment: at_newest
run.created_at

-- fragment: until_newest
run.created_at >= $8::bigint

-- fragment: in_order_newest
run.created_at DESC, run.id DESC

-- fragment: after_oldest
(run.created_at, run.id) > ($4::bigint, $5::text)

-- fragment: at_oldest
run.created_at

-- fragment: until_oldest
run.created_at <= $8::bigint

-- fragment: in_order_oldest
run.created_at, run.id

-- fragment: after_ended_last
run.ended_at IS NOT NULL AND (run.ended_at, run.id) < ($4::bigint, $5::text)

-- fragment: at_ended_last
run.ended_at

-- fragment: until_ended_last
run.ended_at >= $8::bigint

-- fragment: in_order_ended_last
run.ended_at DESC, run.id DESC

-- fragment: after_ended_first
run.ended_at IS NOT NULL AND (run.ended_at, run.id) > ($4::bigint, $5::text)

-- fragment: at_ended_first
run.ended_at

-- fragment: until_ended_first
run.ended_at <= $8::bigint

-- fragment: in_order_ended_first
run.ended_at, run.id

-- fragment: fits
-- Whether a run fits a filter; a filter that is NULL lets all pass.
    ($7::text[] IS NULL OR run.id = ANY ($7))
    AND ($9::text[] IS NULL OR run.status = ANY ($9))
    AND ($10::text[] IS NULL OR run.workflow = ANY ($10))
    AND ($11::text[] IS NULL OR run.version = ANY ($11))
    AND ($12::text IS NULL OR run.parent_id = $12)
    AND ($13::text[] IS NULL OR NOT EXISTS (
        SELECT FROM unnest($13, $14::text[]) AS wish (name, value)
        WHERE NOT EXISTS (
            SELECT FROM {schema}.run_attributes AS has
            WHERE has.run = run.number AND has.name = wish.name AND has.value = wish.value)))

-- name: settle
-- What the statements of a session rely on, whatever its user and its database are set to: that each sees what was
-- committed before it. And, unless the URL says otherwise, no compiling, which takes longer than they do. Not at the
-- start of the connection: a pooler in session mode would refuse it.
SELECT set_config(wish.name, wish.value, false)
FROM (VALUES ('default_transaction_isolation', 'read committed', true), ('jit', 'off', false))
    AS wish (name, value, always)
WHERE wish.always OR EXISTS (
    SELECT FROM pg_settings AS setting WHERE setting.name = wish.name AND setting.source <> 'client');

-- name: advance_one
-- Put an event into the log of a run whose owner goes on, if its row is as expected: the plan that is
-- written most, without the preparations of write_plan_v1. Answers with the time, or with nothing.
WITH grown AS (
    UPDATE {schema}.runs AS run SET
        position = $3::integer + 1,
        last_at = $4::bigint,
        recoveries = CASE WHEN $5::boolean THEN 0 ELSE run.recoveries END,
        nudged = false
    WHERE run.id = $1::text AND run.epoch = $2::integer AND run.position = $3
        AND run.status = 'running' AND run.last_at <= $4
    RETURNING run.number)
INSERT INTO {schema}.events (run, position, at, kind, data)
SELECT grown.number, $3, $4, $6::text, $7::bytea FROM grown
RETURNING {now};

-- name: write_plan
-- Write a plan, or learn why it does not fit; see migrations/0002_commit.pre.sql.
SELECT * FROM {schema}.write_plan_v1(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33);

-- name: write_plan_and_hooks
-- The same, of a plan that changes hooks; see migrations/0004_hooks.pre.sql.
SELECT * FROM {schema}.write_plan_v2(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34);

-- name: write_plan_and_claim
-- The same, of a plan that wakes runs which are claimed with it; see migrations/0005_woken.pre.sql.
SELECT * FROM {schema}.write_plan_v3(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34,
    $35, $36, $37, $38, $39, $40, $41);

-- name: hook_states
-- The hooks that have some tokens, and where their runs stand.
SELECT {hook}, run.status, run.epoch, run.position, run.last_at
FROM {schema}.hooks AS hook LEFT JOIN {schema}.runs AS run ON run.id = hook.run_id
WHERE hook.token = ANY ($1::text[]);

-- name: hooks_newest
-- A page of the hooks of all runs.
SELECT {hook} FROM {schema}.hooks AS hook
WHERE (hook.created_at, hook.token) < ($1::bigint, $2::text COLLATE "C")
ORDER BY hook.created_at DESC, hook.token DESC LIMIT $3::bigint;

-- name: hooks_oldest
-- The same from the other end.
SELECT {hook} FROM {schema}.hooks AS hook
WHERE (hook.created_at, hook.token) > ($1::bigint, $2::text COLLATE "C")
ORDER BY hook.created_at, hook.token LIMIT $3::bigint;

-- name: hooks_of_run_newest
-- A page of the hooks of a run. They are fetched first, for a run has few: in the order of all hooks it would take
-- as long as there are hooks.
WITH found AS MATERIALIZED (SELECT * FROM {schema}.hooks WHERE run_id = $4::text)
SELECT {hook} FROM found AS hook
WHERE (hook.created_at, hook.token) < ($1::bigint, $2::text COLLATE "C")
ORDER BY hook.created_at DESC, hook.token DESC LIMIT $3::bigint;

-- name: hooks_of_run_oldest
-- The same from the other end.
WITH found AS MATERIALIZED (SELECT * FROM {schema}.hooks WHERE run_id = $4::text)
SELECT {hook} FROM found AS hook
WHERE (hook.created_at, hook.token) > ($1::bigint, $2::text COLLATE "C")
ORDER BY hook.created_at, hook.token LIMIT $3::bigint;

-- name: known
-- Where the runs, keys and steps of a batch stand.
SELECT * FROM {schema}.known_v1($1, $2, $3, $4, $5);

-- name: known_with_hooks
-- The same, with the hooks that have the tokens of a batch, and which of its keys were delivered before: all of
-- one moment.
SELECT
    known.*,
    (SELECT coalesce(json_agg(json_build_array({hook})), '[]') FROM {schema}.hooks AS hook
        WHERE hook.token = ANY ($6::text[]))::text AS hooks,
    (SELECT coalesce(json_agg(json_build_array(delivered.token, delivered.key)), '[]')
        FROM unnest($7::text[], $8::text[]) AS wish (token, key)
        JOIN {schema}.hook_keys AS delivered
            ON delivered.token = wish.token AND delivered.key = wish.key)::text AS hook_keys
FROM {schema}.known_v1($1, $2, $3, $4, $5) AS known;

-- name: lock_runs
-- Keep others from writing to the runs of a batch until the transaction is over.
SELECT FROM {schema}.runs WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE;

-- name: read
-- A part of a log: the places of its events, and the bytes of all of them one after the other; and whether there
-- is more, as no value can be larger than a gigabyte: a part ends with the event that makes it as large as $4.
SELECT
    coalesce(json_agg(json_build_array($1::text, position, at, kind, length(data)) ORDER BY position)
        FILTER (WHERE before < $4::bigint), '[]')::text,
    string_agg(data, ''::bytea ORDER BY position) FILTER (WHERE before < $4),
    coalesce(max(before) >= $4, false)
FROM (
    SELECT event.*, sum(length(data)) OVER (ORDER BY position) - length(data) AS before FROM (
        SELECT event.* FROM {schema}.events AS event
        WHERE event.run = (SELECT number FROM {schema}.runs WHERE id = $1)
            AND event.position >= $2::integer
        ORDER BY event.position LIMIT $3::bigint) AS event) AS event;

-- name: claim
-- Take the due runs of the highest priorities, and of each those that have been due longest, with the
-- first events of their logs. Others that claim at the same time pass over what is being taken here.
--
-- The priorities that there are come from one look into the index each, in falling order, and only as many
-- are looked at as it takes to fill the limit. A run that is still running was its last owner's: a recovery.
-- Of large logs less comes along, so that the answer to a claim is never large: the rest is read.
WITH RECURSIVE level AS (
    SELECT max(run.priority) AS priority
    FROM unnest($3::text[]) AS queue (name) CROSS JOIN LATERAL (
        SELECT run.priority FROM {schema}.runs AS run
        WHERE run.queue = queue.name AND run.due_at IS NOT NULL
        ORDER BY run.priority DESC LIMIT 1) AS run
    UNION ALL
    SELECT (
        SELECT max(run.priority)
        FROM unnest($3) AS queue (name) CROSS JOIN LATERAL (
            SELECT run.priority FROM {schema}.runs AS run
            WHERE run.queue = queue.name AND run.due_at IS NOT NULL
                AND run.priority < level.priority
            ORDER BY run.priority DESC LIMIT 1) AS run)
    FROM level WHERE level.priority IS NOT NULL
), picked AS MATERIALIZED (
    SELECT due.number, due.rank
    FROM level CROSS JOIN LATERAL (
        SELECT due.number, row_number() OVER () AS rank FROM (
            SELECT run.number
            FROM unnest($3) AS queue (name) CROSS JOIN LATERAL (
                SELECT run.number, run.due_at FROM {schema}.runs AS run
                WHERE run.queue = queue.name AND run.priority = level.priority
                    AND run.due_at <= $4::bigint AND run.workflow = ANY ($2::text[])
                ORDER BY run.due_at, run.number LIMIT $5::bigint
                FOR UPDATE SKIP LOCKED) AS run
            ORDER BY run.due_at, run.number LIMIT $5) AS due) AS due
    WHERE level.priority IS NOT NULL
    LIMIT $5
), taken AS (
    UPDATE {schema}.runs AS run SET
        recoveries = run.recoveries + (run.status = 'running')::integer,
        status = 'running',
        epoch = run.epoch + 1,
        worker = $1::text,
        due_at = $4 + $6::bigint,
        started_at = coalesce(run.started_at, $4),
        waiting = '[]', problem = NULL, blocked_digest = NULL, nudged = false
    FROM picked WHERE run.number = picked.number
    RETURNING run.*, picked.rank
)
SELECT {record}::text, log.places, log.data
FROM taken AS run CROSS JOIN LATERAL (
    SELECT
        coalesce(json_agg(json_build_array(run.id, position, at, kind, length(data)) ORDER BY position), '[]')::text
            AS places,
        string_agg(data, ''::bytea ORDER BY position) AS data
    FROM (
        SELECT event.*, sum(length(data)) OVER (ORDER BY position) AS size
        FROM {schema}.events AS event
        WHERE event.run = run.number AND event.position < $7::integer) AS event
    WHERE event.size <= 262144) AS log
ORDER BY run.priority DESC, run.rank;

-- name: next_due
-- When the next run is due that a worker could claim.
WITH RECURSIVE level AS (
    SELECT queue.name AS queue, (
        SELECT max(run.priority) FROM {schema}.runs AS run
        WHERE run.queue = queue.name AND run.due_at IS NOT NULL) AS priority
    FROM unnest($2::text[]) AS queue (name)
    UNION ALL
    SELECT level.queue, (
        SELECT max(run.priority) FROM {schema}.runs AS run
        WHERE run.queue = level.queue AND run.due_at IS NOT NULL
            AND run.priority < level.priority)
    FROM level WHERE level.priority IS NOT NULL
)
SELECT min(due.due_at) FROM level CROSS JOIN LATERAL (
    SELECT run.due_at FROM {schema}.runs AS run
    WHERE run.queue = level.queue AND run.priority = level.priority
        AND run.due_at IS NOT NULL AND run.workflow = ANY ($1::text[])
    ORDER BY run.due_at LIMIT 1) AS due;

-- name: nudged
-- The worker's runs that have events which it does not know of.
SELECT run.id FROM {schema}.runs AS run WHERE run.worker = $1 AND run.nudged ORDER BY run.id;

-- name: renew
-- Extend the leases of what a worker holds of the named runs and steps, and note its heartbeat. Answers
-- with how many rows of workers it has: none, if it was taken for dead.
WITH run AS (
    SELECT number FROM {schema}.runs
    WHERE id = ANY ($3::text[]) AND worker = $1::text ORDER BY id FOR UPDATE
), renewed AS (
    UPDATE {schema}.runs AS held SET due_at = $2::bigint + $6::bigint
    FROM run WHERE held.number = run.number
), step AS (
    UPDATE {schema}.steps AS step SET due_at = $2 + $6
    FROM unnest($4::text[], $5::text[]) AS wish (run_id, ref)
    JOIN {schema}.runs AS run ON run.id = wish.run_id
    WHERE step.run = run.number AND step.ref = wish.ref AND step.worker = $1
), beat AS (
    UPDATE {schema}.workers SET heartbeat_at = $2, live_runs = $7::integer, attempts = $8::integer
    WHERE id = $1
    RETURNING id
)
SELECT count(*) FROM beat;

-- name: unblock
-- Make due what is blocked on another digest and not woken yet.
WITH blocked AS (
    SELECT number FROM {schema}.runs AS run
    JOIN unnest($1::text[], $2::text[]) AS known (workflow, digest) USING (workflow)
    WHERE status = 'blocked' AND due_at IS NULL AND blocked_digest IS DISTINCT FROM digest
    ORDER BY id FOR UPDATE OF run
), unblocked AS (
    UPDATE {schema}.runs AS run SET due_at = $3::bigint
    FROM blocked WHERE run.number = blocked.number
    RETURNING run.number
)
SELECT count(*) FROM unblocked;

-- name: register
-- Make a worker known.
INSERT INTO {schema}.workers (
    id, host, pid, version, queues, started_at, heartbeat_at, live_runs, attempts, lock, knows)
VALUES ($1, $2, $3, $4, $5::json, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET
    host = excluded.host, pid = excluded.pid, version = excluded.version,
    queues = excluded.queues, started_at = excluded.started_at,
    heartbeat_at = excluded.heartbeat_at, live_runs = excluded.live_runs,
    attempts = excluded.attempts, lock = excluded.lock, knows = excluded.knows;

-- name: unregister
-- Forget a worker that stops. What it still holds becomes due, with no recovery counted.
WITH gone AS (
    DELETE FROM {schema}.workers WHERE id = $1::text
), held AS (
    SELECT number FROM {schema}.runs WHERE worker = $1 ORDER BY id FOR UPDATE
), step AS (
    UPDATE {schema}.steps SET worker = NULL, due_at = $2::bigint WHERE worker = $1
)
UPDATE {schema}.runs AS run SET status = 'pending', worker = NULL, due_at = $2, nudged = false
FROM held WHERE run.number = held.number;

-- name: dead
-- The registered workers whose locks nobody holds. It only looks; `reap` makes sure.
SELECT {dead};

-- name: reap
-- Forget workers whose locks can be had. What they held becomes due; it stays held, so that its claim counts
-- a recovery. With the locks in hand until the end of the transaction, nobody else reaps them.
WITH dead AS MATERIALIZED (
    SELECT worker.id FROM {schema}.workers AS worker
    WHERE worker.id = ANY ($1::text[]) FOR UPDATE SKIP LOCKED
), locked AS MATERIALIZED (
    SELECT worker.id FROM dead JOIN {schema}.workers AS worker ON worker.id = dead.id
    WHERE pg_try_advisory_xact_lock(worker.lock)
), run AS (
    SELECT held.number FROM locked JOIN {schema}.runs AS held ON held.worker = locked.id
    ORDER BY held.id FOR UPDATE OF held
), due AS (
    UPDATE {schema}.runs AS held SET due_at = $2::bigint
    FROM run WHERE held.number = run.number
), step AS (
    UPDATE {schema}.steps AS step SET due_at = $2
    FROM locked WHERE step.worker = locked.id
), gone AS (
    DELETE FROM {schema}.workers AS worker USING locked WHERE worker.id = locked.id
    RETURNING worker.id
)
SELECT count(*) FROM gone;

-- name: lock
-- Show that a worker lives, for as long as this session does. Answers whether that could be done.
SELECT pg_try_advisory_lock($1::bigint);

-- name: unlock
-- Show it no more.
SELECT pg_advisory_unlock($1::bigint);

-- name: time
-- What time it is.
SELECT {now};

-- name: look
-- The time; a text that changes when any transaction has written to any of the server's databases; and the
-- workers whose locks nobody holds.
SELECT {now}, pg_current_snapshot()::text, {dead};

-- name: notify
-- Tell those who listen that something was written, and who says so.
SELECT pg_notify($1, $2);

-- name: workers
-- All registered workers, oldest first.
SELECT coalesce(json_agg(json_build_object(
    'id', id, 'host', host, 'pid', pid, 'version', version, 'queues', queues,
    'started_at', started_at, 'heartbeat_at', heartbeat_at,
    'live_runs', live_runs, 'attempts', attempts) ORDER BY started_at, id), '[]')::text
FROM {schema}.workers;

-- name: get
-- The row of a run.
SELECT {record}::text FROM {schema}.runs AS run WHERE run.id = $1;

-- name: plan_anew
-- Plan what follows in this transaction for the values at hand. A plan for all values takes each filter to leave
-- next to nothing, and then sorts all runs of a workflow for one page.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: find
-- The first runs on a way through an index that fit. The inner limit is no bound: it keeps the two selects apart, so
-- that the index is gone through in its order whatever the filter seems to leave.
SELECT {record}::text FROM (
    SELECT run.* FROM {source} AND {after} AND {until} AND {window} ORDER BY {in_order} LIMIT 1000000000000) AS run
WHERE {fits} AND {besides} LIMIT $6::bigint;

-- name: glance
-- The same, with what a text is looked for in.
SELECT run.id, run.workflow, run.attributes::text FROM (
    SELECT run.* FROM {source} AND {after} AND {until} AND {window} ORDER BY {in_order} LIMIT 1000000000000) AS run
WHERE {fits} AND {besides} LIMIT $6::bigint;

-- name: edge
-- Where the run stands that has so many before it on its way through an index: in the index alone.
SELECT {at}, run.id FROM {source} AND {after} AND {window}
ORDER BY {in_order} OFFSET $6::bigint LIMIT 1;

-- name: many_have
-- Whether an attribute has more runs than so many. The order is that of the index: without it the table is gone over
-- where many rows seem to have it.
SELECT 0, '' FROM {schema}.run_attributes AS found
WHERE md5(found.name || '=' || found.value) = md5($1::text) ORDER BY found.run OFFSET $2::bigint LIMIT 1;

-- name: counts
-- How many runs there are of each status, counted so far and no further: in the index alone, which the order is for.
SELECT wish.status, (
    SELECT count(*) FROM (
        SELECT FROM {schema}.runs AS run WHERE run.status = wish.status
        ORDER BY run.created_at LIMIT $2::bigint) AS counted)
FROM unnest($1::text[]) AS wish (status);

-- name: series_created
-- Of each stretch of time, in the index alone: how many runs were created in it, up to half of so many from its
-- beginning; how many of these before the last of them, and when that was; and from then on, the rest of so many from
-- the end.
SELECT early.rows, early.before, early.edge, late.rows, late.edge
FROM unnest($1::bigint[], $2::bigint[]) AS stretch (start, stop)
CROSS JOIN LATERAL (
    SELECT count(*) AS rows, count(*) FILTER (WHERE at < last) AS before, max(at) AS edge FROM (
        SELECT at, max(at) OVER () AS last FROM (
            SELECT run.created_at AS at FROM {schema}.runs AS run
            WHERE run.created_at >= stretch.start AND run.created_at < stretch.stop
            ORDER BY run.created_at LIMIT ($3::bigint + 1) / 2) AS counted) AS told) AS early
CROSS JOIN LATERAL (
    SELECT count(*) AS rows, min(at) AS edge FROM (
        SELECT run.created_at AS at FROM {schema}.runs AS run
        WHERE run.created_at >= early.edge AND run.created_at < stretch.stop
        ORDER BY run.created_at DESC LIMIT $3 - early.before) AS counted) AS late
ORDER BY stretch.start;

-- name: series_ended
-- The same of those that ended in it with a status.
SELECT early.rows, early.before, early.edge, late.rows, late.edge
FROM unnest($1::bigint[], $2::bigint[]) AS stretch (start, stop)
CROSS JOIN LATERAL (
    SELECT count(*) AS rows, count(*) FILTER (WHERE at < last) AS before, max(at) AS edge FROM (
        SELECT at, max(at) OVER () AS last FROM (
            SELECT run.ended_at AS at FROM {schema}.runs AS run
            WHERE run.status = $4::text AND run.ended_at >= stretch.start AND run.ended_at < stretch.stop
            ORDER BY run.ended_at LIMIT ($3::bigint + 1) / 2) AS counted) AS told) AS early
CROSS JOIN LATERAL (
    SELECT count(*) AS rows, min(at) AS edge FROM (
        SELECT run.ended_at AS at FROM {schema}.runs AS run
        WHERE run.status = $4 AND run.ended_at >= early.edge AND run.ended_at < stretch.stop
        ORDER BY run.ended_at DESC LIMIT $3 - early.before) AS counted) AS late
ORDER BY stretch.start;

-- name: ended
-- Those of the runs that are over, or blocked with nobody about to try them again.
SELECT run.id FROM {schema}.runs AS run
WHERE run.id = ANY ($1::text[]) AND (
    run.status IN ('completed', 'failed', 'cancelled')
    OR (run.status = 'blocked' AND run.due_at IS NULL));

-- name: save_manifest
-- Keep a manifest, unless its version has another one than that which it was made from.
INSERT INTO {schema}.manifests AS kept (version, created_at, data) VALUES ($1, $2, $3)
ON CONFLICT (version) DO UPDATE SET data = excluded.data WHERE kept.data = $4::bytea
RETURNING true;

-- name: manifest
-- The manifest of a version.
SELECT data FROM {schema}.manifests WHERE version = $1;

-- name: claim_steps
-- Take due steps, as `claim` takes runs. A step that is still held was its last worker's: a recovery.
WITH RECURSIVE level AS (
    SELECT max(step.priority) AS priority
    FROM unnest($3::text[]) AS queue (name) CROSS JOIN LATERAL (
        SELECT step.priority FROM {schema}.steps AS step WHERE step.queue = queue.name
        ORDER BY step.priority DESC LIMIT 1) AS step
    UNION ALL
    SELECT (
        SELECT max(step.priority)
        FROM unnest($3) AS queue (name) CROSS JOIN LATERAL (
            SELECT step.priority FROM {schema}.steps AS step
            WHERE step.queue = queue.name AND step.priority < level.priority
            ORDER BY step.priority DESC LIMIT 1) AS step)
    FROM level WHERE level.priority IS NOT NULL
), picked AS MATERIALIZED (
    SELECT due.run, due.ref, due.rank
    FROM level CROSS JOIN LATERAL (
        SELECT due.run, due.ref, row_number() OVER () AS rank FROM (
            SELECT step.run, step.ref
            FROM unnest($3) AS queue (name) CROSS JOIN LATERAL (
                SELECT step.run, step.ref, step.due_at, step.number FROM {schema}.steps AS step
                WHERE step.queue = queue.name AND step.priority = level.priority
                    AND step.due_at <= $4::bigint AND step.name = ANY ($2::text[])
                ORDER BY step.due_at, step.number LIMIT $5::bigint
                FOR UPDATE SKIP LOCKED) AS step
            ORDER BY step.due_at, step.number LIMIT $5) AS due) AS due
    WHERE level.priority IS NOT NULL
    LIMIT $5
), taken AS (
    UPDATE {schema}.steps AS step SET
        recoveries = step.recoveries + (step.worker IS NOT NULL)::integer,
        epoch = step.epoch + 1,
        worker = $1::text,
        due_at = $4 + $6::bigint
    FROM picked WHERE step.run = picked.run AND step.ref = picked.ref
    RETURNING step.*, picked.rank
)
SELECT
    run.id, step.ref, step.name, step.epoch, step.attempt, step.recoveries, run.workflow,
    run.attributes::text AS attributes, step.data
FROM taken AS step JOIN {schema}.runs AS run ON run.number = step.run
ORDER BY step.priority DESC, step.rank;

-- name: next_step_due
-- When the next step is due that a worker could claim.
WITH RECURSIVE level AS (
    SELECT queue.name AS queue, (
        SELECT max(step.priority) FROM {schema}.steps AS step
        WHERE step.queue = queue.name) AS priority
    FROM unnest($2::text[]) AS queue (name)
    UNION ALL
    SELECT level.queue, (
        SELECT max(step.priority) FROM {schema}.steps AS step
        WHERE step.queue = level.queue AND step.priority < level.priority)
    FROM level WHERE level.priority IS NOT NULL
)
SELECT min(due.due_at) FROM level CROSS JOIN LATERAL (
    SELECT step.due_at FROM {schema}.steps AS step
    WHERE step.queue = level.queue AND step.priority = level.priority
        AND step.name = ANY ($1::text[])
    ORDER BY step.due_at LIMIT 1) AS due;

-- name: held_steps
-- The steps that a worker holds.
SELECT run.id, step.ref FROM {schema}.steps AS step
JOIN {schema}.runs AS run ON run.number = step.run
WHERE step.worker = $1;

-- name: prune
-- Delete runs that are over, those that ended first first, with all that belongs to them.
WITH picked AS MATERIALIZED (
    SELECT run.number FROM {schema}.runs AS run
    WHERE run.ended_at < $1::bigint AND run.status IN ('completed', 'failed', 'cancelled')
        AND ($2::text[] IS NULL OR run.status = ANY ($2))
        AND ($3::text[] IS NULL OR run.workflow = ANY ($3))
    ORDER BY run.ended_at, run.number LIMIT $4::bigint
    FOR UPDATE SKIP LOCKED
), event AS (
    DELETE FROM {schema}.events AS event USING picked WHERE event.run = picked.number
), attribute AS (
    DELETE FROM {schema}.run_attributes AS attribute USING picked
    WHERE attribute.run = picked.number
), step AS (
    DELETE FROM {schema}.steps AS step USING picked WHERE step.run = picked.number
), gone AS (
    DELETE FROM {schema}.runs AS run USING picked WHERE run.number = picked.number
    RETURNING run.number
)
SELECT count(*) FROM gone;

-- name: migrations_table
-- Whether the schema has a record of its migrations. From the tables of the catalogue: to_regclass may
-- answer, within a transaction, from what the session knew before it waited for the lock.
SELECT EXISTS (
    SELECT FROM pg_class AS found JOIN pg_namespace AS place ON place.oid = found.relnamespace
    WHERE place.nspname = $1::text AND found.relname = 'migrations');

-- name: migrations
-- The migrations that were applied.
SELECT number, stage FROM {schema}.migrations ORDER BY number;

-- name: lock_migrations
-- Of several processes that migrate, one does it at a time.
SELECT pg_advisory_xact_lock($1::bigint);

-- name: schema_exists
-- Whether there is such a schema.
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1::text);

-- name: create_schema
-- Make the schema.
CREATE SCHEMA {schema};

-- name: create_migrations
-- Make the record of migrations.
CREATE TABLE {schema}.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    stage text NOT NULL,
    library text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: record_migration
-- Note that a migration was applied.
INSERT INTO {schema}.migrations (number, name, stage, library) VALUES ($1, $2, $3, $4);

-- name: older_workers
-- The registered workers whose library does not have a migration.
SELECT id FROM {schema}.workers WHERE knows < $1 ORDER BY id;
