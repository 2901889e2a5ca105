import "../style/app.css";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { connection, forgetToken, giveToken, hasToken, learnRole, needsToken, outage, role, tokenRefused } from "./api.ts";
import { change, href, place } from "./router.ts";
import { Hooks } from "./pages/hooks.tsx";
import { RunPage } from "./pages/run.tsx";
import { Runs } from "./pages/runs.tsx";
import { Workers } from "./pages/workers.tsx";
import { Workflows } from "./pages/workflows.tsx";
import { Empty } from "./parts/small.tsx";

const TABS = [["runs", "Runs"], ["workflows", "Workflows"], ["hooks", "Hooks"], ["workers", "Workers"]] as const;

function Shell() {
  const [section = "runs", id] = (place.value.path || "runs").split("/");
  useEffect(() => {
    const name = TABS.find(([path]) => path === section)?.[1];
    if (!id) document.title = name ? `${name} · Outlast` : "Outlast";
  }, [section, id]);
  return (
    <>
      <button class="skip" type="button" onClick={() => document.getElementById("main")?.focus()}>Skip to the content</button>
      <header class="top">
        <a class="brand" href={href("runs")}><Logo /> Outlast</a>
        <nav aria-label="Pages">
          {TABS.map(([path, name]) => (
            <a key={path} href={href(path)} aria-current={path === section ? "page" : undefined}>{name}</a>
          ))}
        </nav>
        <span class="spring" />
        {role.value === "read" && <span class="tag" title="Nothing can be started, cancelled, woken or resumed from here">read only</span>}
        {role.value !== "unknown" && hasToken() && <button class="quiet" type="button" onClick={forgetToken}>Forget token</button>}
        <button class="quiet" type="button" onClick={turnTheme} aria-label="Light or dark" title="Light or dark">◐</button>
      </header>
      {connection.value === "offline" && (
        <div class="offline" role="status"><b>Disconnected</b>: {outage.value || "the server does not answer"}. What is shown is as it was; it is asked again by itself.</div>
      )}
      <main id="main" tabIndex={-1}>
        {needsToken.value ? <Token /> : <Page section={section} id={id} />}
      </main>
    </>
  );
}

function Page({ section, id }: { section: string; id: string | undefined }) {
  if (section === "runs") return id ? <RunPage key={id} id={decoded(id)} /> : <Runs />;
  if (section === "workflows") return <Workflows />;
  if (section === "hooks") return <Hooks />;
  if (section === "workers") return <Workers />;
  return <Empty title="There is no such page"><p><a href={href("runs")}>To the runs</a></p></Empty>;
}

/** An address may have been cut, or typed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function Token() {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    giveToken(String(new FormData(event.target as HTMLFormElement).get("token") ?? "").trim());
    change({}, true);
  };
  return (
    <form class="empty" onSubmit={send}>
      <h2>A token is needed</h2>
      <p>One of those in OUTLAST_HTTP_TOKENS. It is kept until this tab is closed.</p>
      {tokenRefused.value && <p class="bad" role="alert">The token that was given is not among them.</p>}
      <p><label>Token <input name="token" type="password" autoComplete="off" required /></label> <button type="submit">Enter</button></p>
    </form>
  );
}

const Logo = () => (
  <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true">
    <rect x="1" y="3" width="9" height="3" rx="1.5" />
    <rect x="4" y="7" width="8" height="3" rx="1.5" opacity=".7" />
    <rect x="8" y="11" width="7" height="3" rx="1.5" opacity=".45" />
  </svg>
);

function turnTheme(): void {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("outlast-theme", dark ? "light" : "dark");
}

const kept = localStorage.getItem("outlast-theme");
if (kept) document.documentElement.dataset.theme = kept;
void learnRole();
render(<Shell />, document.getElementById("app")!);
