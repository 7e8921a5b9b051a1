import { Type } from "typebox";

/** Longest texts, in characters (Unicode code points); http.md, SmartAppPush, field table. */
export const MAX_ID_CHARACTERS = 256;
export const MAX_EVENT_NAME_CHARACTERS = 128;
export const MAX_TOKEN_CHARACTERS = 4096;
/** `params` and `context` together, in bytes of UTF-8 when serialized; http.md, common rules. */
export const MAX_PROPERTIES_BYTES = 32 * 1024;
/** `params` and `context` each, in keys, nested ones counted; http.md, common rules. */
export const MAX_PROPERTIES_KEYS = 256;

export const PLATFORMS = ["android", "ios", "web"] as const;
export type Platform = (typeof PLATFORMS)[number];

const id = (description: string) => Type.String({ minLength: 1, maxLength: MAX_ID_CHARACTERS, description });
const token = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_TOKEN_CHARACTERS, pattern: "^[^\\p{Cc}\\p{White_Space}]+$", description });
const nullable = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const platform = Type.Union(
  PLATFORMS.map((name) => Type.Literal(name)),
  { description: "What the device is, in lower case" },
);

const credentials = {
  tenant_id: id("The account that the app belongs to"),
  api_key: id("The client key of the app; a server key is not one"),
};

// The table has no upper limit for the one reserved id that is accepted, because it contains the token.
const appUserId = (description: string) =>
  nullable(
    Type.Union([Type.String({ maxLength: MAX_ID_CHARACTERS }), Type.String({ pattern: "^anon:" })], { description }),
  );

const userSignature = nullable(
  Type.String({
    description:
      "Proves `app_user_id` where the app requires it: its HMAC-SHA256 in hex, made by the app's backend with an identity secret",
  }),
);

const properties = (description: string) =>
  nullable(
    Type.Record(Type.String(), Type.Unknown(), { description: `${description}. 32 KB together with the other` }),
  );

/**
 * Body of `POST /events`: shape, limits and order of fields, for parsing and for the OpenAPI page.
 *
 * What a schema cannot say (calendar, time zones, sizes of two fields together, one code and one suggestion for each
 * fault) the field rules check, so Ajv does not run on requests: it would report several faults for one field and
 * be a second pass over what they check anyway. A property test holds rules and schema together, with Ajv as judge.
 */
export const EVENT_SCHEMA = Type.Object({
  ...credentials,
  app_user_id: appUserId('Who did it; absent, null or empty before anybody signed in. "anon:" is reserved'),
  user_signature: userSignature,
  event_name: Type.String({
    minLength: 1,
    maxLength: MAX_EVENT_NAME_CHARACTERS,
    pattern: "^\\P{Cc}+$",
    description: "What happened; any name, no control characters",
  }),
  event_time: Type.String({ minLength: 1, description: "When it happened: RFC 3339 with Z or an offset" }),
  device_token: token("FCM registration token or OneSignal subscription id"),
  platform,
  push_permission_granted: nullable(
    Type.Boolean({ description: "Whether the device shows pushes; absent means false" }),
  ),
  timezone: Type.String({ minLength: 1, description: "IANA time zone name, in any case" }),
  language: Type.String({ minLength: 1, description: "ISO 639-1 code, in any case, without a region" }),
  country: Type.String({ minLength: 1, description: "ISO 3166-1 alpha-2 code or XK, in any case" }),
  session_id: Type.String({
    minLength: 1,
    maxLength: MAX_ID_CHARACTERS,
    pattern: "^\\P{Cc}+$",
    description: "Groups the events of one visit",
  }),
  params: properties("What belongs to the event; campaigns select by it"),
  context: properties("What surrounds the event: versions, screen"),
});

/** Body of `POST /pushes/opened`. */
export const PUSH_OPENED_SCHEMA = Type.Object({
  ...credentials,
  tracking_token: Type.String({ format: "uuid", description: "The tracking_token that came with the push" }),
});

/** Body of `POST /devices/refresh-token`. */
export const REFRESH_TOKEN_SCHEMA = Type.Object({
  ...credentials,
  old_token: token("The token that the device had"),
  new_token: token("The token that replaces it"),
  app_user_id: appUserId("Whose device it is, where the new token has a device already"),
  user_signature: userSignature,
  platform: nullable(platform),
});
