/** The example event of the published API, with `changes`; undefined takes a field out. */
export function eventBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return without({
    tenant_id: "tenant_1",
    api_key: "key_1",
    app_user_id: "user_123",
    event_name: "purchase_completed",
    event_time: "2026-03-29T14:30:00+03:00",
    device_token: "tok_1",
    platform: "android",
    push_permission_granted: true,
    timezone: "Europe/Istanbul",
    language: "tr",
    country: "TR",
    session_id: "sess_abc123",
    params: { product_id: "SKU-9001", amount: 49.99, currency: "USD" },
    context: { app_version: "2.1.0" },
    ...changes,
  });
}

/** A report of an open, with `changes`. */
export function pushOpenedBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return without({
    tenant_id: "tenant_1",
    api_key: "key_1",
    tracking_token: "0f8fad5b-d9cb-469f-a165-70867728950e",
    ...changes,
  });
}

/** A token refresh, with `changes`. */
export function refreshTokenBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return without({ tenant_id: "tenant_1", api_key: "key_1", old_token: "tok_1", new_token: "tok_2", ...changes });
}

function without(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
