import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Compressed copies beside every text file: the server sends them as they are, so that no request costs it any compression. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    // After everything else: other plugins still change the files while the bundle is generated.
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((file) => /\.(js|css|svg|json)$/.test(file))) {
        const file = join(dir, name);
        const text = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
        // Browsers take it over TLS and on the own machine: a seventh less.
        writeFileSync(`${file}.br`, brotliCompressSync(text));
      }
    },
  };
}

export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true }),
    react(),
    compressed(),
  ],
  build: {
    outDir: "../api/console_files",
    emptyOutDir: true,
    // The content security policy allows no data: scripts, and files are cached for ever anyway.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What every visit needs is one file: on a slow line each of twenty small ones costs as much time as its bytes.
        codeSplitting: { groups: [{ name: "start", tags: ["$initial"] }] },
      },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/v1": process.env.ATENDE_URL ?? "http://127.0.0.1:8080" } },
});
