-- Streams. They go with their runs: deleting a run deletes them.

CREATE TABLE {schema}.streams (
    run bigint NOT NULL REFERENCES {schema}.runs ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    chunks bigint NOT NULL,                  -- how many it has
    bytes bigint NOT NULL,                   -- of all chunks
    closed_by text,                          -- the step that has closed it
    epoch integer NOT NULL,                  -- how often it was rewound
    rewinds json NOT NULL,                   -- epochs, and to which index it was rewound then
    PRIMARY KEY (run, name)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The last attempt of each step that has written to a stream.
CREATE TABLE {schema}.stream_writers (
    run bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,           -- the step
    epoch integer NOT NULL,                  -- of the claim of the run, or of the dispatched step
    dispatched boolean NOT NULL,
    attempt integer NOT NULL,
    chunks bigint NOT NULL,                  -- how many of it the stream has
    failed boolean NOT NULL,                 -- nothing is taken from it any more
    PRIMARY KEY (run, ref, name),
    FOREIGN KEY (run, name) REFERENCES {schema}.streams ON DELETE CASCADE
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX stream_writers_stream ON {schema}.stream_writers (run, name);

-- Chunks, as many to a row as were written at once. The number is the order of writing.
CREATE TABLE {schema}.stream_segments (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,           -- the step that has written it
    first bigint NOT NULL,                   -- the index of its first chunk
    before bigint NOT NULL,                  -- how many bytes of chunks are before it
    count integer NOT NULL,
    lengths bytea NOT NULL,                  -- of its chunks, four bytes each; the highest bit: raw
    data bytea NOT NULL,                     -- the chunks, one after the other
    FOREIGN KEY (run, name) REFERENCES {schema}.streams ON DELETE CASCADE
);
CREATE INDEX stream_segments_place ON {schema}.stream_segments (run, name, first);
