/** `tenant/app`: neither part contains a slash, so keys that begin with it and a slash belong to that app alone. */
export type AppKey = string & { readonly __brand: "AppKey" };

/** The key that documents of an app are filed under. */
export function appKey(app: { readonly tenantId: string; readonly appId: string }): AppKey {
  return `${app.tenantId}/${app.appId}` as AppKey;
}

/** The tenant and app of an {@link AppKey}. */
export function parseAppKey(key: AppKey): { readonly tenantId: string; readonly appId: string } {
  const slash = key.indexOf("/");
  return { tenantId: key.slice(0, slash), appId: key.slice(slash + 1) };
}
