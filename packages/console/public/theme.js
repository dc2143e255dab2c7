// Before the first paint: the theme that the reader chose, if any. Beside the bundle, because the page allows no inline script.
try {
  const chosen = localStorage.getItem("parley.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be closed to us; the system's theme is right then.
}
