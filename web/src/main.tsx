import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { session } from "./api/session";
import { parseSearch, type Search, stringifySearch } from "./filters/codec";
import { Texts } from "./i18n";
import { routeTree } from "./routeTree.gen";
import { FailedPage } from "./ui/FailedPage";
import "./ui/mantine.css";
import "./ui/tokens.css";
import { theme, variables } from "./ui/theme";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        error instanceof ApiError && (error.status === 503 || error.status === 429) && failures < 4,
      retryDelay: (attempt, error) =>
        Math.max(1000 * 2 ** attempt, (error instanceof ApiError ? error.retryAfter : 0) * 1000),
    },
  },
});

// What one user has seen is not shown to the next one.
session.subscribe(() => session.state === "out" && queryClient.clear());

const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  context: { queryClient },
  defaultPreload: "intent",
  defaultErrorComponent: FailedPage,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface HistoryState {
    /** The filters of the list from which a detail was opened. */
    list?: Search;
  }
}

// The form to sign in is fetched while it is found out whether somebody is signed in.
const enter = router.routesByPath["/entrar"];
if (location.pathname === enter.fullPath) void router.loadRouteChunk(enter);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <Texts>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </Texts>
      </MantineProvider>
    </StrictMode>,
  );
}
