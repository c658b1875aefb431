// Writes src/contracts/generated.ts and src/contracts/shapes.ts from the committed JSON Schemas of libs/contracts.
//   npm run generate              writes them
//   npm run generate -- --check   fails if they are not up to date
//   --schemas DIR                 reads other schemas
import { readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { compile } from "json-schema-to-typescript";

const HERE = dirname(fileURLToPath(import.meta.url));
const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const SCHEMAS = process.argv.includes("--schemas")
  ? resolve(argument("--schemas"))
  : resolve(HERE, "../../../../libs/contracts/schemas");
const OUT = resolve(HERE, "../src/contracts");

/** The records the desktop reads and writes; what they refer to comes with them. */
const ROOTS = [
  "CommandRequest",
  "CommandResult",
  "CustomerCard",
  "CustomerChanged",
  "DossierEvent",
  "DossierSnapshot",
  "DossierView",
  "Erasure",
  "Inbox",
  "Journey",
  "MergePreview",
  "MovePreview",
  "PresenceChanged",
  "StreamMessage",
  "Timeline",
];

const LINE_CHARS = 119;
const HEADER = "// Generated from libs/contracts/schemas by `npm run generate`. Do not edit.\n\n";

/** All models of all schema files by title; two files that disagree on one are an error. */
async function definitions() {
  const found = {};
  const add = (name, schema, file) => {
    if (found[name] && !isDeepStrictEqual(found[name], schema)) {
      throw new Error(`${file}: ${name} differs from what another schema says`);
    }
    found[name] = schema;
  };
  for (const file of (await readdir(SCHEMAS, { recursive: true })).filter((name) => name.endsWith(".json")).sort()) {
    const { $defs = {}, ...root } = JSON.parse(await readFile(join(SCHEMAS, file), "utf8"));
    for (const [name, schema] of Object.entries($defs)) add(name, schema, file);
    if (root.title) add(root.title, plain(root), file);
  }
  return found;
}

/** A root differs from the same model inside `$defs` only by what describes the document. */
function plain(root) {
  return Object.fromEntries(Object.entries(root).filter(([key]) => !key.startsWith("x-") && !key.startsWith("$")));
}

const refName = (ref) => ref.split("/").at(-1);

/** Where models sit in a value: `{ model }`, `{ list }`, `{ map }` or `{ union }` by the `type` of the value. */
function placeOf(schema) {
  if (schema.$ref) return { model: refName(schema.$ref) };
  if (schema.discriminator) {
    const names = Object.entries(schema.discriminator.mapping).map(([tag, ref]) => [tag, refName(ref)]);
    return { union: Object.fromEntries(names) };
  }
  if (schema.items) return wrap("list", placeOf(schema.items));
  if (typeof schema.additionalProperties === "object") return wrap("map", placeOf(schema.additionalProperties));
  for (const option of schema.anyOf ?? []) {
    const place = placeOf(option);
    if (place) return place;
  }
  return undefined;
}
const wrap = (kind, inner) => (inner ? { [kind]: inner } : undefined);

function defaultOf(schema) {
  if ("default" in schema) return schema.default;
  if (schema.type === "object" && schema.additionalProperties !== undefined) return {};
  return undefined;
}

/** A reader of a record fills what the writer left out: a field with a default is always there. */
function asRead(schema) {
  if (!schema.properties) return strip(schema);
  const required = new Set(schema.required ?? []);
  for (const [name, field] of Object.entries(schema.properties)) if (defaultOf(field) !== undefined) required.add(name);
  return strip({ ...schema, required: [...required], additionalProperties: false });
}

/** Without the titles of fields (each would become a type of its own), and with references into one document. */
function strip(node, inProperties = false) {
  if (Array.isArray(node)) return node.map((item) => strip(item));
  if (node === null || typeof node !== "object") return node;
  const kept = Object.entries(node).filter(
    ([key]) =>
      inProperties ||
      !["title", "default", "discriminator", "maxLength", "minLength", "pattern", "minItems"].includes(key),
  );
  return Object.fromEntries(
    kept.map(([key, value]) => {
      if (!inProperties && key === "$ref") return [key, `#/definitions/${refName(value)}`];
      return [key, strip(value, !inProperties && key === "properties")];
    }),
  );
}

function reachable(all, roots) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    if (!all[name]) throw new Error(`no committed schema describes ${name}`);
    seen.add(name);
    JSON.stringify(all[name], (key, value) => {
      if (key === "$ref") visit(refName(value));
      return value;
    });
  };
  roots.forEach(visit);
  return [...seen].sort();
}

/** JSON on one line where it fits, else broken into its parts: short to read, and a change shows as a few lines. */
function inLines(value, indent = "", before = 0) {
  const compact = JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "');
  if (value === null || typeof value !== "object" || indent.length + before + compact.length < LINE_CHARS) return compact;
  const deeper = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => deeper + inLines(item, deeper))
    : Object.entries(value).map(([key, item]) => {
        const name = `${JSON.stringify(key)}: `;
        return deeper + name + inLines(item, deeper, name.length);
      });
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

async function generate() {
  const all = await definitions();
  const names = reachable(all, ROOTS);
  const document = {
    title: "Everything",
    type: "object",
    additionalProperties: false,
    definitions: Object.fromEntries(names.map((name) => [name, { ...asRead(all[name]), title: name }])),
  };
  const compiled = await compile(document, "Everything", {
    bannerComment: "",
    additionalProperties: false,
    unreachableDefinitions: true,
    format: true,
    style: { printWidth: 120 },
    ignoreMinAndMaxItems: true,
  });
  const types = compiled
    .replace(/export interface Everything \{\}\n/, "")
    .replace(/\/\*\*\n \* This interface was referenced by [^]*?\*\/\n/g, "")
    .replace(/ \*\n \* This interface was referenced by [^]*?\*\/\n/g, " */\n");

  const shapes = {};
  for (const name of names) {
    const fields = {};
    for (const [field, schema] of Object.entries(all[name].properties ?? {})) {
      const shape = {};
      const fallback = defaultOf(schema);
      if (fallback !== undefined) shape.fallback = fallback;
      const place = placeOf(schema);
      if (place) shape.place = place;
      if (Object.keys(shape).length) fields[field] = shape;
    }
    const itself = all[name].discriminator && placeOf(all[name]);
    if (itself) fields["*"] = { place: itself };
    shapes[name] = fields;
  }
  const shapesText = `import type { Shapes } from "../fold/complete";\n\n/** What readers fill in, by model and field, and where further models sit. */\nexport const SHAPES: Shapes = ${inLines(shapes)};\n`;
  return { "generated.ts": HEADER + types, "shapes.ts": HEADER + shapesText };
}

const files = await generate();
let stale = false;
for (const [name, text] of Object.entries(files)) {
  const path = join(OUT, name);
  if (process.argv.includes("--check")) {
    const current = await readFile(path, "utf8").catch(() => "");
    if (current !== text) {
      stale = true;
      console.error(`${path} is not what the schemas say: run \`npm run generate\` and commit it.`);
    }
  } else {
    await writeFile(path, text);
  }
}
process.exitCode = stale ? 1 : 0;
