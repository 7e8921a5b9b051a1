/**
 * A gateway's address without a slash at its end, to which paths are added. It may have a path of its own, as behind a
 * proxy.
 *
 * @throws TypeError where this is no `http:` or `https:` URL
 */
export function gatewayUrl(endpoint: string): string {
  const { protocol, origin, pathname } = new URL(endpoint);
  if (!/^https?:$/.test(protocol)) throw new TypeError(`endpoint: ${endpoint} is no http or https URL`);
  return origin + pathname.replace(/\/+$/, "");
}
