// Runs before the first paint, so that a chosen theme does not flash: the only script that is not a module.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden (private window, policy): the system's theme stays.
}
