import { useEffect } from "react";
import { connection } from "./connection";
import { useConnection, useNow } from "./hooks";

/** Tells that the server is gone, when it is tried again, and that it is back. */
export function Notice({ killed, onRestored }: { killed: boolean; onRestored: () => void }) {
  const state = useConnection();
  const now = useNow(250, state.is === "lost");
  useEffect(() => {
    if (state.is === "restored") onRestored();
  }, [state.is]);
  if (state.is === "fine") return <div className="notice" role="status" />;
  if (state.is === "restored") {
    return (
      <div className="notice" role="status" data-is="restored">
        Connected again. What was under way goes on.
      </div>
    );
  }
  const { attempts, next } = state.trouble;
  const left = next === null ? 0 : Math.max(0, Math.ceil((next - now) / 1_000));
  return (
    <div className="notice" data-is="lost">
      <span className="pulse" aria-hidden="true" />
      <p>
        <span role="status">{killed ? "The server was killed." : "The server cannot be reached."} Reconnecting. Nothing is lost: the run is in the database.</span>{" "}
        <span className="faint">Attempt {attempts}{left > 0 ? `, the next in ${left} s` : ", now"}.</span>
      </p>
      <button className="small" onClick={connection.hurry}>Try now</button>
    </div>
  );
}
