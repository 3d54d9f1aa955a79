// Dark as the docs' pages are: what the reader chose there, else what the system prefers.
const chosen = () => {
  for (const key of Object.keys(localStorage)) {
    if (!key.endsWith("__palette")) continue;
    const scheme = JSON.parse(localStorage.getItem(key))?.color?.scheme;
    const media = JSON.parse(localStorage.getItem(key))?.color?.media;
    if (media !== "(prefers-color-scheme)" && scheme) return scheme === "slate";
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
};
document.documentElement.classList.toggle("dark-mode", chosen());

// The page is a reference: requests are tried with curl against `make up`, so no "Try it out".
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#operations",
  deepLinking: true,
  supportedSubmitMethods: [],
  validatorUrl: null,
});
