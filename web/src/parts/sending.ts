// Sending a form once, however often its button is pressed meanwhile.
import { useState } from "preact/hooks";
import { told, type Problem } from "../api.ts";

export interface Sending {
  problem: Problem | undefined;
  busy: boolean;
  onSubmit: (event: SubmitEvent) => void;
}

/** What a form does when it is sent, and why that was refused. */
export function useSending(send: () => Promise<void>): Sending {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await send();
      setProblem(undefined);
    } catch (error) {
      setProblem(told(error));
    }
    setBusy(false);
  };
  return { problem, busy, onSubmit: (event) => void onSubmit(event) };
}
