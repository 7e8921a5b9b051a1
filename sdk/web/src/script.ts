import type { WebSdk } from "./api.ts";
import { createSdk } from "./sdk.ts";

declare global {
  interface Window {
    Carillon?: WebSdk;
    AppizerWeb?: WebSdk;
  }
}

const { currentScript } = document;
const servedBy =
  currentScript instanceof HTMLScriptElement && currentScript.src !== ""
    ? new URL(currentScript.src).origin
    : undefined;

// A page that has the script twice, as tag managers do it, keeps the first one and what it was told.
window.Carillon ??= createSdk(servedBy);
window.AppizerWeb ??= window.Carillon;
