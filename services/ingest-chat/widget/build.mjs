// Builds dist/widget.js, one script without dependencies, and refuses to let it grow past its limit.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const LIMIT_BYTES = 30 * 1024;

/** CSS as a string, without comments and the space that only people need. */
const css = {
  name: "css-as-text",
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await builder.esbuild.transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

const result = await build({
  entryPoints: ["src/main.ts"],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2021", "chrome100", "firefox100", "safari15.4"],
  charset: "utf8",
  legalComments: "none",
  write: false,
  plugins: [css],
});
const script = result.outputFiles[0].contents;
const packed = gzipSync(script, { level: 9 }).length;
await mkdir("dist", { recursive: true });
await writeFile("dist/widget.js", script);
console.log(`dist/widget.js: ${script.length} bytes, ${packed} gzipped`);
if (packed > LIMIT_BYTES) {
  console.error(`The widget may have ${LIMIT_BYTES} bytes gzipped: take something out.`);
  process.exit(1);
}
