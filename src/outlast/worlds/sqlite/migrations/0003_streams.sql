-- Streams. A stream is found by the number of its run and its name.

CREATE TABLE streams (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    chunks INTEGER NOT NULL,            -- how many it has
    bytes INTEGER NOT NULL,             -- of all chunks
    closed_by TEXT,                     -- the step that has closed it
    epoch INTEGER NOT NULL,             -- how often it was rewound
    rewinds TEXT NOT NULL,              -- a JSON array: epochs, and to which index it was rewound then
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- The last attempt of each step that has written to a stream.
CREATE TABLE stream_writers (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    ref TEXT NOT NULL,                  -- the step
    epoch INTEGER NOT NULL,             -- of the claim of the run, or of the dispatched step
    dispatched INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    chunks INTEGER NOT NULL,            -- how many of it the stream has
    failed INTEGER NOT NULL,            -- nothing is taken from it any more
    PRIMARY KEY (run, ref, name)
) WITHOUT ROWID;

-- Chunks, as many to a row as were written at once. The number is the order of writing.
CREATE TABLE stream_segments (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    ref TEXT NOT NULL,                  -- the step that has written it
    first INTEGER NOT NULL,             -- the index of its first chunk
    before INTEGER NOT NULL,            -- how many bytes of chunks are before it
    count INTEGER NOT NULL,
    lengths BLOB NOT NULL,              -- of its chunks, four bytes each; the highest bit: raw
    data BLOB NOT NULL                  -- the chunks, one after the other
);
CREATE INDEX stream_segments_place ON stream_segments (run, name, first);

PRAGMA user_version = 3;
