// Sets the theme and the language before anything is drawn: a page that changes colour after a moment hurts in the dark.
(() => {
  const root = document.documentElement;
  const chosen = localStorage.getItem("mantine-color-scheme-value");
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
  root.lang = localStorage.getItem("atende-language") || "pt-BR";
})();
