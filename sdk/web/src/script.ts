import type { WebSdk } from "./api.ts";
import { createSdk } from "./sdk.ts";

declare global {
  interface Window {
    Carillon?: WebSdk;
    AppizerWeb?: WebSdk;
  }
}

// Where the script lies in the gateway: /sdk/web.js.
const { currentScript } = document;
const { src = "" } = currentScript instanceof HTMLScriptElement ? currentScript : {};
const servedBy = /^https?:/.test(src) ? new URL("..", src).href : undefined;

// A page that has the script twice, as tag managers do it, keeps the first one and what it was told. An element with
// the id "Carillon" is known by that name as well, until something else is.
if (!isSdk(window.Carillon)) window.Carillon = createSdk(servedBy);
if (!isSdk(window.AppizerWeb)) window.AppizerWeb = window.Carillon;

function isSdk(value: WebSdk | undefined): value is WebSdk {
  return typeof value?.init === "function";
}
