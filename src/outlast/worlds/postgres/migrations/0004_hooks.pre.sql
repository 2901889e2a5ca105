-- Hooks: where the outside hands payloads to runs.

-- One row for each that is live. The token is a secret.
CREATE TABLE {schema}.hooks (
    token text COLLATE "C" PRIMARY KEY,
    run_id text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,           -- the id of the command in the run; '': the token is only reserved
    kind text NOT NULL,                      -- 'hook' or 'webhook'
    created_at bigint NOT NULL,
    expires_at bigint,
    data text NOT NULL                       -- JSON
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- What a run has, also to free it when the run ends; and lists, newest first.
CREATE INDEX hooks_of_run ON {schema}.hooks (run_id, ref);
CREATE INDEX hooks_listed ON {schema}.hooks (created_at, token);

-- The keys of what was delivered to live hooks, so that it is not delivered again.
CREATE TABLE {schema}.hook_keys (
    token text COLLATE "C" NOT NULL REFERENCES {schema}.hooks ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (token, key)
);

-- Runs that have ended have no hooks, whichever version of the library has ended them.
CREATE FUNCTION {schema}.free_tokens_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM {schema}.hooks AS hook WHERE hook.run_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER free_tokens AFTER UPDATE OF ended_at ON {schema}.runs
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION {schema}.free_tokens_v1();

-- What a plan does to hooks, after its runs were written and in the same transaction. Raises
-- serialization_failure or unique_violation if another commit came in between.
CREATE FUNCTION {schema}.write_hooks_v1(changes json) RETURNS void
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    written bigint;
BEGIN
    -- What gets a payload must be there still, and stay until this is committed.
    SELECT count(*) INTO written FROM (
        SELECT FROM json_to_recordset(changes -> 'used') AS used (token text, run_id text, ref text)
        JOIN {schema}.hooks AS hook
            ON hook.token = used.token AND hook.run_id = used.run_id AND hook.ref = used.ref
        ORDER BY hook.token
        FOR UPDATE OF hook) AS locked;
    IF written <> json_array_length(changes -> 'used') THEN
        RAISE serialization_failure USING MESSAGE = 'a hook has gone';
    END IF;

    DELETE FROM {schema}.hooks AS hook
    USING json_to_recordset(changes -> 'disposed') AS gone (run_id text, ref text)
    WHERE hook.run_id = gone.run_id AND hook.ref = gone.ref;

    DELETE FROM {schema}.hooks AS hook
    USING json_to_recordset(changes -> 'freed') AS gone (token text, run_id text, ref text)
    WHERE hook.token = gone.token AND hook.run_id = gone.run_id AND hook.ref = gone.ref;

    -- Of those that are left with such a token, the rows are reservations of the same runs.
    INSERT INTO {schema}.hooks AS hook (token, run_id, ref, kind, created_at, expires_at, data)
    SELECT token, run_id, ref, kind, created_at, expires_at, data
    FROM json_to_recordset(changes -> 'put') AS fresh (
        token text, run_id text, ref text, kind text, created_at bigint, expires_at bigint,
        data text)
    ON CONFLICT (token) DO UPDATE SET
        ref = excluded.ref, kind = excluded.kind, created_at = excluded.created_at,
        expires_at = excluded.expires_at, data = excluded.data
    WHERE hook.run_id = excluded.run_id AND hook.ref = '';
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> json_array_length(changes -> 'put') THEN
        RAISE serialization_failure USING MESSAGE = 'a token has been taken';
    END IF;

    INSERT INTO {schema}.hook_keys (token, key)
    SELECT token, key
    FROM json_to_recordset(changes -> 'keys') AS delivered (token text, key text);
END
$$;

-- write_plan_v1, and what the plan does to hooks.
CREATE FUNCTION {schema}.write_plan_v2(
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
    OUT now bigint, OUT states text, OUT taken text, OUT steps text, OUT places text, OUT data bytea
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
        PERFORM {schema}.write_hooks_v1(hook_changes);
    END IF;
END
$$;
