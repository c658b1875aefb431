import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "dist-fold", "node_modules", "src/contracts"] },
  ...tseslint.configs.recommended,
  { files: ["src/**/*.{ts,tsx}"], ...a11y.flatConfigs.recommended },
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
    },
  },
  {
    // The fold is shared with tests that run without a browser: nothing of React or the DOM may enter it.
    files: ["src/fold/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["react*", "@tanstack/*", "../live/*", "../api/*"] }] },
  },
);
