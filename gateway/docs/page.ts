import { escaped, prose } from "./html.ts";
import type { OpenApi } from "./open-api.ts";
import { type OperationPlace, operationSection } from "./operation-view.ts";

/** The API page: one document of HTML, which needs the two style sheets and `script.js` beside it and nothing from elsewhere. */
export function apiPage(document: OpenApi): string {
  const { info, tags } = document;
  const sections = tags.map(({ name, description }) => ({ name, description, places: placesOf(name, document) }));
  const links = sections.map(
    ({ name, places }) => `<li><a href="#${idOf(name)}">${escaped(name)}</a><ul>${places.map(link).join("")}</ul></li>`,
  );
  const parts = sections.map(
    ({ name, description, places }) =>
      `<section id="${idOf(name)}"><h2>${escaped(name)}</h2><p class="lead">${prose(description)}</p>
${places.map((place) => operationSection(place, document)).join("\n")}</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(info.title)} API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/style.css">
<link rel="stylesheet" href="/docs/operations.css">
<script src="/docs/script.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the endpoints</a>
<header>
<h1>${escaped(info.title)} <span>API ${escaped(info.version)}</span></h1>
<p class="lead">${prose(info.summary)}. ${prose(info.description)}</p>
<p><a href="/openapi.json">openapi.json</a> is this page for programs.</p>
</header>
<nav aria-label="Endpoints"><ul>${links.join("")}</ul></nav>
<main id="content">
${parts.join("\n")}
</main>
</body>
</html>
`;
}

function placesOf(tag: string, { paths }: OpenApi): OperationPlace[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => ({ path, method, operation })),
  );
}

function link({ path, method, operation }: OperationPlace): string {
  return `<li><a href="#${operation.operationId}"><span class="method ${method}">${method.toUpperCase()}</span> <code>${escaped(path).replaceAll("/", "/<wbr>")}</code></a></li>`;
}

function idOf(name: string): string {
  return `api-${name.toLowerCase()}`;
}
