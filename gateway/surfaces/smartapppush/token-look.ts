/** What texts that are no push token look like; the texts complete "device_token "…" …". */
const LOOKS: readonly { readonly like: RegExp; readonly look: string }[] = [
  {
    like: /^(?:null|undefined|nil|none|\(null\)|nan|false|true|0|\[object object\])$/i,
    look: "looks like a missing value turned into text; send the token once the push SDK has given one",
  },
  {
    like: /^<.*>$|^\{.*\}$|^\$|(?:^|_)your_|(?:^|_)device_token$|(?:^|_)token_here$|^(?:test|token|string|xxx+)$|subscription_id(?:_here)?$/i,
    look: "looks like a placeholder; send the token that the push SDK gives",
  },
  {
    // 32 bytes in hex: what didRegisterForRemoteNotificationsWithDeviceToken hands out.
    like: /^[0-9a-f]{64}$/i,
    look: "looks like an APNs token; send the FCM registration token or the OneSignal subscription id",
  },
  {
    like: /^Expo(?:nent)?PushToken\[/,
    look: "looks like an Expo token; send the FCM registration token or the OneSignal subscription id",
  },
  {
    like: /^https?:\/\//i,
    look: "looks like the endpoint of a browser's subscription; send the FCM registration token",
  },
  { like: /^ey[\w-]+\.[\w-]+\.[\w-]+$/, look: "looks like a JSON Web Token; send the token of the push SDK" },
];

/** What the device token of a body looks like where that is no push token; null where nothing is suspicious. */
export function tokenLook(body: Readonly<Record<string, unknown>>): string | null {
  const token = body.device_token;
  if (typeof token !== "string" || token === "") return null;
  for (const field of ["app_user_id", "session_id", "api_key", "tenant_id"]) {
    if (token === body[field]) return `is the same as ${field}; send the token that the push SDK gives`;
  }
  return LOOKS.find(({ like }) => like.test(token))?.look ?? null;
}
