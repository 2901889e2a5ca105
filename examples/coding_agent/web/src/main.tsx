import "./strict";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { applyTheme, chosenTheme } from "./theme";

applyTheme(chosenTheme());
const page = document.getElementById("page");
if (page) createRoot(page).render(<App />);
