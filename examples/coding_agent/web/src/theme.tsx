import { useState } from "react";
import { Icon } from "./icons";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "theme";

export function chosenTheme(): Theme {
  const found = localStorage.getItem(KEY);
  return THEMES.find((one) => one === found) ?? "system";
}

/** Without an attribute, the page follows the system. */
export function applyTheme(theme: Theme) {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
}

export function ThemeButton() {
  const [theme, setTheme] = useState(chosenTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const choose = () => {
    localStorage.setItem(KEY, next);
    applyTheme(next);
    setTheme(next);
  };
  const name = `Theme: ${theme}. Change to ${next}`;
  return (
    <button className="quiet square" onClick={choose} aria-label={name} title={name}>
      <Icon name={theme} />
    </button>
  );
}
