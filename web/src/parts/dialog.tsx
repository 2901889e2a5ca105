import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A modal dialog: the browser keeps the focus inside, Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current!;
    dialog.showModal();
    return () => dialog.close(); // one that is only taken away keeps the focus
  }, []);
  return (
    <dialog ref={ref} onClose={close} aria-label={title}>
      <header><h2>{title}</h2><button class="quiet" type="button" onClick={close} aria-label="Close">✕</button></header>
      {children}
    </dialog>
  );
}
