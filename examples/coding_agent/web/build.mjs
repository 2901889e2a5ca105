// Builds the page: node build.mjs OUTPUT_DIRECTORY
//
// The same sources and the same lock give the same bytes, on each machine: a test compares them.
import { build } from "esbuild";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");
const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  legalComments: "none", // the licenses have a file of their own
  logLevel: "warning",
  metafile: true,
  minify: true,
  target: "es2022",
};

mkdirSync(out, { recursive: true });
const { metafile } = await build({
  ...common,
  entryPoints: ["src/main.tsx"],
  define: { "process.env.NODE_ENV": '"production"' },
  format: "esm",
  jsx: "automatic",
  outfile: join(out, "app.js"),
});
await build({ ...common, entryPoints: ["style/app.css"], outfile: join(out, "app.css") });
copyFileSync(join(here, "index.html"), join(out, "index.html"));
writeFileSync(join(out, "licenses.txt"), licenses(metafile));

/** The licenses of all packages of which there is code in the bundle. */
function licenses({ inputs }) {
  const names = new Set();
  for (const path of Object.keys(inputs)) {
    const found = path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found) names.add(found[1]);
  }
  return [...names].sort().map(license).join("\n");
}

function license(name) {
  const folder = join(here, "node_modules", name);
  const { version, license: kind } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[sc]e/i.test(one));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${"-".repeat(78)}\n${name} ${version} (${kind})\n\n${text}\n`;
}
