// Before the first paint: the theme that was chosen last. Without a choice the system's holds.
(() => {
  try {
    const chosen = localStorage.getItem("dewstack.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is blocked: the system's theme it is.
  }
})();
