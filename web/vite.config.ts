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

/** What only one page needs, and is large. */
const ONE_PAGE = /src\/phone\/|node_modules\/(jssip|sdp-transform|debug|ms|events|echarts|zrender)\//;

/** What the page to sign in needs. `bench console_pages` says when it is more. */
const TO_ENTER = new RegExp(
  [
    "src/(routes/entrar|ui/(SignIn|Brand|Preferences|Choice))\\b",
    "@mantine/core/esm/components/(TextInput|Input|InputBase|PasswordInput|ActionIcon)/",
    "use-uncontrolled/|use-(mantine-)?color-scheme/|utils/noop/",
    "lucide-react/dist/esm/(shared/|Icon|context|createLucideIcon|icons/(moon|sun|monitor)\\.)",
  ].join("|"),
);

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
        // So is what several pages share: a page is some files, not sixty. Whoever signs in loads nothing of that.
        codeSplitting: {
          groups: [
            { name: "start", tags: ["$initial"], priority: 2 },
            { name: "enter", test: TO_ENTER, priority: 1, includeDependenciesRecursively: false },
            {
              name: "shared",
              test: (id) => !ONE_PAGE.test(id),
              minShareCount: 2,
              entriesAware: true,
              entriesAwareMergeThreshold: 10_000,
            },
          ],
        },
      },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/v1": process.env.ATENDE_URL ?? "http://127.0.0.1:8080" } },
});
