-- Claiming with a commit what it wakes; see docs/adr/0023.

-- Of some runs, whose rows this transaction has locked, make those a worker's that it could claim: the first few,
-- in their order. Answers with their rows as a JSON array, and with the first events of their logs.
CREATE FUNCTION {schema}.claim_woken_v1(
    run_ids text[], worker text, lease bigint, workflows text[], queues text[], most bigint,
    at bigint, until integer,
    OUT claimed text, OUT places text, OUT data bytea
)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH picked AS MATERIALIZED (
        SELECT run.number, wish.place
        FROM unnest(run_ids) WITH ORDINALITY AS wish (id, place)
        JOIN {schema}.runs AS run ON run.id = wish.id
        WHERE run.workflow = ANY (workflows) AND run.queue = ANY (queues)
        ORDER BY wish.place LIMIT most
    ), run AS (
        UPDATE {schema}.runs AS run SET
            status = 'running',
            epoch = run.epoch + 1,
            worker = claim_woken_v1.worker,
            due_at = claim_woken_v1.at + lease,
            started_at = coalesce(run.started_at, claim_woken_v1.at),
            waiting = '[]', problem = NULL, blocked_digest = NULL, nudged = false
        FROM picked WHERE run.number = picked.number
        RETURNING run.*, picked.place
    ), log AS MATERIALIZED (
        SELECT run.id AS run_id, event.*
        FROM run JOIN {schema}.events AS event
            ON event.run = run.number AND event.position < until
    )
    SELECT
        (SELECT coalesce(json_agg(json_build_object(
            'id', run.id, 'workflow', run.workflow, 'status', run.status, 'version', run.version,
            'queue', run.queue, 'priority', run.priority, 'attributes', run.attributes,
            'due_at', run.due_at, 'epoch', run.epoch, 'worker', run.worker,
            'position', run.position, 'recoveries', run.recoveries,
            'created_at', run.created_at, 'started_at', run.started_at, 'ended_at', run.ended_at,
            'parent', CASE WHEN run.parent_id IS NOT NULL THEN json_build_object(
                'run_id', run.parent_id, 'ref', run.parent_ref,
                'detached', run.parent_detached) END,
            'idempotency_key', run.idempotency_key, 'waiting', run.waiting,
            'problem', run.problem, 'blocked_digest', run.blocked_digest)
            ORDER BY run.place), '[]') FROM run),
        (SELECT coalesce(json_agg(json_build_array(
            log.run_id, log.position, log.at, log.kind, length(log.data))
            ORDER BY log.run_id, log.position), '[]') FROM log),
        (SELECT string_agg(log.data, '' ORDER BY log.run_id, log.position) FROM log)
    INTO claimed, places, data;
END
$$;

-- write_plan_v2, and claim_woken_v1 once it was written. `hook_changes` may be NULL.
CREATE FUNCTION {schema}.write_plan_v3(
    planned_at bigint, created json, searched json,
    ids text[], statuses text[], epochs integer[], bases integer[],
    positions integer[], lasts bigint[], progress boolean[], nudges boolean[],
    wakes boolean[], merges text[],
    turns text[], dues bigint[], waits text[], problems text[], digests text[], ends bigint[],
    event_runs integer[], event_positions integer[], event_times bigint[], kinds text[],
    datas bytea[],
    settled_runs integer[], settled_refs text[], settled_epochs integer[], queue_changes json,
    wish_ids text[], wish_seen integer[], wish_keys text[],
    wish_step_runs text[], wish_step_refs text[],
    hook_changes json,
    woken text[], worker text, lease bigint, workflows text[], queues text[], most bigint,
    until integer,
    OUT now bigint, OUT states text, OUT taken text, OUT steps text, OUT places text, OUT data bytea,
    OUT claimed text, OUT claimed_places text, OUT claimed_data bytea
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT written.* INTO now, states, taken, steps, places, data
    FROM {schema}.write_plan_v1(
        planned_at, created, searched, ids, statuses, epochs, bases, positions, lasts, progress,
        nudges, wakes, merges, turns, dues, waits, problems, digests, ends, event_runs,
        event_positions, event_times, kinds, datas, settled_runs, settled_refs, settled_epochs,
        queue_changes, wish_ids, wish_seen, wish_keys, wish_step_runs, wish_step_refs) AS written;
    IF states IS NULL THEN
        IF hook_changes IS NOT NULL THEN
            PERFORM {schema}.write_hooks_v1(hook_changes);
        END IF;
        SELECT woken_runs.* INTO claimed, claimed_places, claimed_data
        FROM {schema}.claim_woken_v1(
            woken, worker, lease, workflows, queues, most, planned_at, until) AS woken_runs;
    END IF;
END
$$;
