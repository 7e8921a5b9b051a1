import type { Properties } from "./api.ts";

/**
 * Calls `report` for the page as it is now and each time that its address changes: links with a fragment, back and
 * forward, `pushState` and `replaceState` of single-page applications, and a page that comes back out of the browser's
 * back-forward cache. An address is reported once, however many of these tell of it.
 */
export function watchPageViews(report: (properties: Properties) => void): void {
  let last = "";

  function view(): void {
    const { href } = location;
    if (href === last) return;
    const referrer = shown(last || document.referrer);
    last = href;
    report({ url: shown(href), path: location.pathname, ...(referrer === "" ? {} : { referrer }) });
  }

  view();
  for (const method of ["pushState", "replaceState"] as const) {
    const original = history[method];
    history[method] = function (...args) {
      original.apply(this, args);
      view();
    };
  }
  addEventListener("popstate", view);
  addEventListener("hashchange", view);
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    last = "";
    view();
  });
}

/** An address without what may be private: the query, and what comes after `?`, `&` or `=` in the fragment. */
function shown(address: string): string {
  if (address === "") return "";
  const url = new URL(address);
  url.username = url.password = url.search = "";
  url.hash = url.hash.replace(/#?[?&=].*$/s, "");
  return url.href;
}
