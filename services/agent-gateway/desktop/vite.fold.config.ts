import { defineConfig } from "vite";

// The fold alone, for plain node: what the desktop folds can be compared with what case-service projects.
export default defineConfig({
  publicDir: false,
  build: {
    ssr: "src/fold/cli.ts",
    outDir: "dist-fold",
    target: "node22",
    rollupOptions: { output: { entryFileNames: "fold.js" } },
  },
});
