// Leaving the details of what is chosen.

interface Closing {
  /** For the button that goes away with them: the focus goes back to what they were chosen from. */
  leave: () => void;
  /** For the box around both: Escape does the same, but not where it clears what was typed. */
  onKeyDown: (event: KeyboardEvent) => void;
}

export function closing(close: (() => void) | undefined): Closing {
  const leave = () => {
    close?.();
    document.querySelector<HTMLElement>('.split [tabindex="0"]')?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (close && event.key === "Escape" && !(event.target as Element).closest("input, textarea, select")) leave();
  };
  return { leave, onKeyDown };
}
